"""`recurra serve`: a model file over HTTP and WebSocket."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from recurra.cli.console import stdout
from recurra.cli.flags import options
from recurra.cli.flags.values import parse_levels
from recurra.cli.outputs import check_outputs
from recurra.errors import InputError
from recurra.extras import require_package
from recurra.language import _

EXAMPLES = """
**Examples**

- `recurra serve load.safetensors` — http://127.0.0.1:8000 is the live page, /docs the calls

- `RECURRA_TOKEN=... recurra serve load.safetensors --host 0.0.0.0 --port 80` — for those who know the token

- `recurra serve load.safetensors --workers 4 --redis redis://localhost:6379/0` — sessions that all workers share
"""
_LIMITS = "Limits"


def serve(
    model: options.ModelFile,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="PORT", help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes; more than one needs --redis.")] = 1,
    redis: Annotated[
        str | None, typer.Option(metavar="URL", help="Redis that keeps the sessions of all workers.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File that keeps sessions between runs; MODEL.sessions unless given."),
    ] = None,
    levels: options.Levels = "80,95",
    body: Annotated[int, typer.Option(min=1, help="Maximum bytes of a request.", rich_help_panel=_LIMITS)] = 1_000_000,
    steps: Annotated[int, typer.Option(min=1, help="Maximum rows of a request.", rich_help_panel=_LIMITS)] = 1_000,
    sessions: Annotated[int, typer.Option(min=1, help="Maximum number of sessions.", rich_help_panel=_LIMITS)] = 1_000,
    seconds: Annotated[
        float, typer.Option(min=0.01, help="Maximum seconds of a request.", rich_help_panel=_LIMITS)
    ] = 10.0,
    idle: Annotated[
        float, typer.Option(min=1, help="Seconds until an idle session is forgotten.", rich_help_panel=_LIMITS)
    ] = 3600.0,
    debug: options.Debug = False,
) -> None:
    """Serve the model in MODEL: predictions, sessions that continue one step at a time, a live page.

    If RECURRA_TOKEN is set, every request must carry that token. Ctrl-C stops the server; sessions continue when it is
    started again.
    """
    percents = parse_levels(levels)
    require_package("fastapi")
    if workers > 1 and redis is None:
        raise InputError(
            _("several workers share sessions through Redis: give its address with --redis, or leave --workers out")
        )
    import uvicorn

    from recurra.serve.app import TOKEN, as_environment, create_app
    from recurra.serve.settings import Limits, Settings

    limits = Limits(body=body, steps=steps, sessions=sessions, seconds=seconds, idle=idle)
    kept = state or model.with_suffix(".sessions")
    if redis is None:
        check_outputs([kept], inputs=[str(model)])
    settings = Settings(model, limits, os.environ.get(TOKEN) or None, kept, redis, tuple(percents))
    told = {
        "host": host,
        "port": port,
        "log_level": "error",
        "timeout_graceful_shutdown": 10,
        "timeout_keep_alive": 75,
        "ws_max_size": body,
    }
    console = stdout()
    app = create_app(settings) if workers == 1 else None
    console.print(
        _("Serving {model} at http://{host}:{port} (press Ctrl-C to stop)", model=model.name, host=host, port=port)
    )
    if app is not None:
        uvicorn.run(app, **told)
        return
    os.environ |= as_environment(settings)
    uvicorn.run("recurra.serve.app:from_environment", factory=True, workers=workers, **told)
