"""`recurra update`: a model goes on learning from newer rows, and is replaced only by a better one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recurra.cli.console import print_facts, print_files, print_frame, print_verdict, stdout
from recurra.cli.flags import options
from recurra.cli.flags.reading import Reading, reading_flags
from recurra.cli.later import open_later
from recurra.cli.opening import open_model
from recurra.cli.outputs import check_outputs
from recurra.language import _

EXAMPLES = """
**Examples**

- `recurra update load.safetensors newer.csv` — the model file is replaced where the new model is better

- `recurra update load.safetensors newer.csv --out updated.safetensors` — written elsewhere
"""


@reading_flags
def update(
    model: options.ModelFile,
    file: options.LaterFile,
    reading: Reading,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where to write the new model; MODEL is replaced unless given.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Continue training the model in MODEL on the newer rows in FILE.

    Both models are evaluated on the newest rows, and on rows that the old one was trained on. The old model is kept if
    the new one is worse on the newest rows, or has forgotten what it knew.
    """
    from recurra.training import Run
    from recurra.training.progress import ProgressBar
    from recurra.training.progress import quiet as silent

    estimator = open_model(model)
    place = model if out is None else out
    later = open_later("update", estimator, model, file, reading, outputs=[] if out is None else [out], quiet=quiet)
    assert later is not None  # FILE was given
    check_outputs([place], inputs=[file])
    console = stdout(quiet)
    print_facts(console, "What was understood", later.facts)
    reading.told()
    found = estimator.updated(later, run=Run(progress=silent() if quiet else ProgressBar()))
    print_frame(console, _("Error before and after"), found.table)
    print_verdict(console, found.sentence, found.better)
    if found.better:
        estimator.save(place)
        print_files(console, [place])
