"""The server: routes over HTTP and WebSocket, what they refuse, and what happens when it starts and ends."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from fastapi import Body, Depends, FastAPI, Query, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from recurra import __version__
from recurra.errors import InputError, RecurraError
from recurra.language import _
from recurra.options import spelling, spelt
from recurra.serve.batching import Batcher
from recurra.serve.bodies import Create, Created, Model, Predict, Predicted, Refusal, Said, Session, Steps
from recurra.serve.limiting import LimitBody
from recurra.serve.metrics import Metrics
from recurra.serve.page import page
from recurra.serve.refusals import STATUSES, Refused
from recurra.serve.sessions import Job, Sessions
from recurra.serve.settings import Limits, Settings
from recurra.tasks import load
from recurra.tasks.estimator import Estimator
from recurra.tasks.opened import Opened
from recurra.tasks.plain import records

ENVIRONMENT = "RECURRA_SERVE"  # settings of a worker, as JSON
TOKEN = "RECURRA_TOKEN"
_UNREADABLE = (RecurraError, ValueError, TypeError, KeyError, IndexError, OverflowError, AttributeError)
_bearer = HTTPBearer(auto_error=False, description="The token, where the server has one.")


def from_environment() -> FastAPI:
    """The application of a worker."""
    given = json.loads(os.environ[ENVIRONMENT])
    limits = Limits(**given.pop("limits"))
    paths = {name: None if given[name] is None else Path(given[name]) for name in ("model", "state")}
    return create_app(Settings(**{**given, **paths}, limits=limits, token=os.environ.get(TOKEN) or None))


def as_environment(settings: Settings) -> dict[str, str]:
    """What `from_environment` reads; the token stays where it is."""
    given = {**asdict(settings), "model": str(settings.model), "state": settings.state and str(settings.state)}
    del given["token"]
    return {ENVIRONMENT: json.dumps(given)}


def create_app(settings: Settings) -> FastAPI:
    """The application that serves a model file.

    Raises InputError for a model that cannot be loaded or is not served, ModelFileError for another one's sessions.
    """
    estimator, path = load(settings.model), Path(settings.model)
    if estimator.generates:
        raise InputError(
            _("{path} holds a {kind}, which is not served: use `recurra predict`", path=path, kind=estimator.KIND)
        )
    server = _Server(estimator, settings, hashlib.sha256(path.read_bytes()).hexdigest())
    server.sessions.load()  # those of last time
    app = FastAPI(
        title=f"Recurra: {path.name}", version=__version__, lifespan=server.lifespan,
        description="Predictions of whole sequences, and sessions that go on one step at a time.",
    )  # fmt: skip
    app.state.server = server
    app.add_middleware(LimitBody, most=settings.limits.body)
    app.middleware("http")(server.measured)
    app.exception_handler(Refused)(_refused)
    app.exception_handler(RequestValidationError)(_unreadable)
    app.exception_handler(HTTPException)(_no_route)
    _add_routes(app, server)
    return app


class _Server:
    def __init__(self, estimator: Estimator, settings: Settings, digest: str) -> None:
        self.estimator, self.settings = estimator, settings
        self.metrics = Metrics()
        self.sessions = Sessions(estimator, settings, digest)
        self.batcher = Batcher(self.sessions, settings.limits, self.metrics.together.observe)

    @contextlib.asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        """Keep the sessions that there are at the end."""
        forgetting = asyncio.create_task(self._forget())
        yield
        forgetting.cancel()
        await self.batcher.close()
        self.batcher.at_last(self.sessions.save)
        self.batcher.stop()
        if self.sessions.shared is not None:
            self.sessions.shared.close()

    async def _forget(self) -> None:
        while True:
            await asyncio.sleep(min(60.0, self.settings.limits.idle / 2))
            with contextlib.suppress(Refused):
                await self.batcher.call(self.sessions.expire)

    def allowed(self, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
        """Refuse a call without the token."""
        self.check_token(given.credentials if given is not None else None)

    def check_token(self, given: str | None) -> None:
        """Raise Refused where there is a token and this is another one."""
        token = self.settings.token
        if token is not None and not hmac.compare_digest((given or "").encode(), token.encode()):
            raise Refused(401, "token", "the token is missing or another one: send Authorization: Bearer TOKEN")

    async def measured(self, request: Request, call_next: Callable[..., Any]) -> Response:
        """How long a call took, and how it ended."""
        begun = time.perf_counter()
        response = await call_next(request)
        route = getattr(request.scope.get("route"), "path", "other")
        self.metrics.calls.labels(route, str(response.status_code)).inc()
        self.metrics.seconds.labels(route).observe(time.perf_counter() - begun)
        return response

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """A function in the thread that computes; what cannot be reached is told."""
        return await _reached(self.batcher.call(function, *arguments))

    async def steps(self, name: str, given: Steps) -> Said:
        """Rows of a session."""
        most = self.settings.limits.steps
        if len(given.rows) > most:
            raise Refused(413, "rows", f"{len(given.rows)} rows: expected at most {most} in a call")
        job = await _reached(self.batcher.step(Job(name, given.rows, given.expected)))
        if job.refusal is not None:
            raise job.refusal
        self.metrics.steps.inc(len(given.rows))
        return Said(steps=job.steps, said=job.said)

    def predicted(self, rows: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
        """What the model predicts of a table."""
        try:
            later = None
            if rows is not None:
                with spelt(spelling(), _no_option):  # the model has settled what columns are
                    later = self.estimator.later(Opened(pd.DataFrame(rows), [], "rows", _("the request")))
            elif not self.estimator.keeps_data:
                raise Refused(400, "rows", "the model keeps no data: give rows")
            frames = self.estimator.predictions(later, levels=self.settings.levels)
            return [record for frame in frames for record in records(frame)]
        except _UNREADABLE as error:
            raise Refused(400, "rows", str(error)) from error

    def described(self) -> Model:
        """What is served."""
        estimator = self.estimator
        facts = {fact.label: fact.value for fact in estimator.facts()}
        limits = {name: float(value) for name, value in vars(self.settings.limits).items()}
        return Model(
            kind=estimator.KIND,
            task=estimator.task.name,
            facts=facts,
            limits=limits,
            forecast=estimator.served(self.settings.levels) or None,
        )


def _no_option(name: str) -> bool:
    """A call has no options."""
    return False


async def _reached(waited: Any) -> Any:
    try:
        return await waited
    except ConnectionError as error:
        raise Refused(503, "unreachable", f"the store of sessions does not answer: {error}", after=5) from error
    except Exception as error:
        if type(error).__module__.startswith("redis."):
            raise Refused(503, "unreachable", f"Redis does not answer: {error}", after=5) from error
        raise


def _refused(request: Request, refusal: Exception) -> JSONResponse:
    assert isinstance(refusal, Refused)
    headers = {} if refusal.after is None else {"Retry-After": str(refusal.after)}
    return JSONResponse({"error": refusal.code, "message": refusal.message}, refusal.status, headers)


def _unreadable(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return JSONResponse({"error": "call", "message": f"{where}: {first['msg']}"}, 400)


def _no_route(request: Request, error: Exception) -> JSONResponse:
    """A path that there is not, or another method than it has, in the form of every refusal."""
    assert isinstance(error, HTTPException)
    method, path = request.method, request.url.path
    code, message = "call", str(error.detail)
    if error.status_code == 404:
        code, message = "path", _("there is no {path}: /docs shows the paths that there are", path=path)
    elif error.status_code == 405:
        code = "method"
        message = _("{path} does not take {method}: /docs shows what it takes", path=path, method=method)
    return JSONResponse({"error": code, "message": message}, error.status_code, error.headers)


def _says(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route, for the OpenAPI page."""
    every = (400, 401, 413, 429, 503, *statuses)
    return {status: {"model": Refusal, "description": STATUSES[status]} for status in sorted(set(every))}


def _add_routes(app: FastAPI, server: _Server) -> None:
    guard = [Depends(server.allowed)]

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def live_page() -> str:
        return page(server.described().model_dump())

    @app.get("/healthz", tags=["state"])
    async def healthy() -> dict[str, str]:
        """Whether the process lives."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["state"], responses={503: _says()[503]})
    async def ready() -> dict[str, str]:
        """Whether calls are taken: not while the server goes down, or where Redis does not answer."""
        if server.sessions.shared is not None:
            await server.call(server.sessions.shared.alive)
        if server.batcher.closing:
            raise Refused(503, "closing", "the server is going down", after=5)
        return {"status": "ready"}

    @app.get("/metrics", tags=["state"], dependencies=guard, responses=_says())
    async def metrics() -> Response:
        """Calls, steps, sessions and how far intervals hold, as Prometheus reads them."""
        count, coverage = await server.call(lambda: (server.sessions.count(), server.sessions.coverage()))
        return Response(server.metrics.text(count, coverage), media_type="text/plain; version=0.0.4")

    @app.get("/v1/model", tags=["model"], dependencies=guard, responses=_says())
    async def model() -> Model:
        """What is served: task, columns, what was decided, limits."""
        return server.described()

    @app.post("/v1/predict", tags=["model"], dependencies=guard, responses=_says())
    async def predict(given: Predict) -> Predicted:
        """Whole sequences, or the forecast after newer rows."""
        return Predicted(rows=await server.call(server.predicted, given.rows))

    @app.post("/v1/sessions", tags=["sessions"], dependencies=guard, status_code=201, responses=_says(409))
    async def create(given: Create) -> Created:
        """A session that goes on step by step."""
        name = await server.call(server.sessions.create, given.name, given.series)
        return Created(name=name, steps=0, idle_seconds=server.settings.limits.idle)

    @app.post("/v1/sessions/restore", tags=["sessions"], dependencies=guard, status_code=201, responses=_says(409))
    async def restore(
        content: Annotated[bytes, Body(media_type="application/octet-stream")],
        name: Annotated[str | None, Query(max_length=64)] = None,
    ) -> Created:
        """A session from a snapshot."""
        found = await server.call(server.sessions.create, name, None, content)
        about = await server.call(server.sessions.about, found)
        return Created(name=found, steps=about.steps, idle_seconds=server.settings.limits.idle)

    @app.get("/v1/sessions/{name}", tags=["sessions"], dependencies=guard, responses=_says(404))
    async def about(name: str) -> Session:
        """Where a session stands, and what was said last."""
        found = await server.call(server.sessions.about, name)
        return Session(name=name, steps=found.steps, series=found.series, last=found.last)

    @app.post("/v1/sessions/{name}/steps", tags=["sessions"], dependencies=guard, responses=_says(404, 409))
    async def steps(name: str, given: Steps) -> Said:
        """One row or several, in their order, and what is said after each."""
        return await server.steps(name, given)

    @app.get(
        "/v1/sessions/{name}/snapshot", tags=["sessions"], dependencies=guard, response_class=Response,
        responses=_says(404) | {200: {"content": {"application/octet-stream": {}}}},
    )  # fmt: skip
    async def snapshot(name: str) -> Response:
        """The state of a session, from which another one goes on."""
        content = await server.call(server.sessions.snapshot, name)
        return Response(content, media_type="application/octet-stream")

    @app.delete("/v1/sessions/{name}", tags=["sessions"], dependencies=guard, status_code=204, responses=_says(404))
    async def delete(name: str) -> None:
        """Forget a session."""
        await server.call(server.sessions.delete, name)

    @app.websocket("/v1/sessions/{name}/live")
    async def live(socket: WebSocket, name: str) -> None:
        await _live(socket, name, server)


async def _live(socket: WebSocket, name: str, server: _Server) -> None:
    """A live feed: each message holds rows as a call of steps does, and is answered as that is."""
    header = socket.headers.get("authorization", "").removeprefix("Bearer ")
    await socket.accept()
    try:
        server.check_token(header or socket.query_params.get("token"))
        while True:
            text = await socket.receive_text()
            try:
                if len(text) > server.settings.limits.body:
                    raise Refused(413, "body", f"a message has at most {server.settings.limits.body:,} bytes")
                said = await server.steps(name, Steps.model_validate_json(text))
                await socket.send_text(said.model_dump_json())
            except ValidationError as error:
                await socket.send_json({"error": "call", "status": 400, "message": error.errors()[0]["msg"]})
            except Refused as refusal:
                await _send(socket, refusal)
                if refusal.status in (404, 503):
                    await socket.close(1013 if refusal.status == 503 else 1008)
                    return
    except Refused as refusal:
        await _send(socket, refusal)
        await socket.close(1008)
    except (WebSocketDisconnect, KeyError):  # a KeyError: of a message that is no text
        return


async def _send(socket: WebSocket, refusal: Refused) -> None:
    await socket.send_json({"error": refusal.code, "status": refusal.status, "message": refusal.message})
