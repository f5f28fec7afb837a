"""`recurra predict`: a model file and newer data, without training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recurra.cli.console import counting, print_facts, print_files, print_frame, stderr, stdout
from recurra.cli.flags import options
from recurra.cli.flags.reading import Reading, reading_flags
from recurra.cli.flags.values import parse_levels
from recurra.cli.later import open_later
from recurra.cli.outputs import as_text, written_together
from recurra.errors import InputError
from recurra.language import _

if TYPE_CHECKING:
    from recurra.tasks.estimator import Estimator

EXAMPLES = """
**Examples**

- `recurra predict sales.safetensors newest.csv` — from the end of newer data

- `recurra predict sales.safetensors` — from the end of the data it was trained on

- `recurra predict sales.safetensors newest.csv --out - | head` — to a pipe

- `recurra predict sales.safetensors coming.csv --what-if price=+10%` — what would be, if prices rose

- `recurra predict reviews.safetensors new.csv` — a label and probabilities for every row

- `recurra predict proteins.safetensors new.jsonl --out tags.jsonl` — the tags of every sequence as JSON lines
"""


@reading_flags
def predict(
    model: options.ModelFile,
    reading: Reading,
    file: options.NewerFile = None,
    levels: options.Levels = "80,95",
    what_if: options.WhatIf = None,
    samples: options.Samples = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="forecast.csv or predictions.csv unless given; .jsonl for JSON Lines; - for standard output.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Forecast, or predict labels, from newer data with the model in MODEL, without training.

    FILE holds the columns that the model was trained with; they are read the same way.
    """
    percents = parse_levels(levels)

    from recurra.tasks import load

    estimator = load(model)
    changes = changes_of(estimator, what_if, samples)
    out = out or Path(estimator.task.files[0])
    piped = str(out) == "-"
    console = stdout(quiet or piped)
    later = open_later("predict", estimator, model, file, reading, outputs=[] if piped else [out], quiet=quiet)
    if later is not None:
        print_facts(console, "What was understood", later.facts)
        reading.told()
    preview = estimator.preview()
    with counting(stderr(quiet), _("predicting"), 0 if later is None else len(later)) as done:
        frames = estimator.predictions(later, levels=percents, done=done, **changes)
        if piped:
            for text in as_text(frames, out):
                typer.echo(text, nl=False)
            return
        with (
            written_together(out.parent) as stage,
            (stage / out.name).open("w", encoding="utf-8", newline="") as stream,
        ):
            for text in as_text(frames, out, see=preview.add):
                stream.write(text)
    print_frame(console, preview.title, preview.table())
    for line in preview.lines():
        console.print(line)
    print_files(console, [out])


def changes_of(estimator: Estimator, what_if: list[str] | None, samples: int | None) -> dict[str, Any]:
    """What `predictions` is told of changes and samples that were asked for; refuses them where nothing is forecast."""
    given = "--what-if" if what_if else "--samples" if samples is not None else None
    if given is None:
        return {}
    if estimator.task.reader != "series":
        raise InputError(
            _("{given} is about the time ahead: a {kind} forecasts nothing", given=given, kind=estimator.KIND)
        )

    from recurra.tasks.forecast.what_if import parse_changes

    return {"what_if": parse_changes(what_if or []), "num_samples": samples}
