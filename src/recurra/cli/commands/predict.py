"""`recurra predict`: a model file and newer data, without training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recurra.cli.console import print_facts, print_files, print_forecast, stdout
from recurra.cli.flags import options
from recurra.cli.flags.reading import Reading, reading_flags
from recurra.cli.flags.values import parse_levels
from recurra.cli.outputs import check_outputs, csv_text, written_together
from recurra.cli.reading import file_facts, open_table

EXAMPLES = """
**Examples**

- `recurra predict sales.safetensors newest.csv` — from the end of newer data

- `recurra predict sales.safetensors` — from the end of the data it was trained on

- `recurra predict sales.safetensors newest.csv --out - | head` — to a pipe

- `recurra predict reviews.safetensors new.csv` — a label and probabilities for every row

- `recurra predict proteins.safetensors new.jsonl --out tags.jsonl` — the tags of every sequence as JSON lines
"""


@reading_flags
def predict(
    model: options.ModelFile,
    reading: Reading,
    file: options.NewerFile = None,
    levels: options.Levels = "80,95",
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

    from recurra.tasks import Forecaster, load

    forecaster = load(model)
    if not isinstance(forecaster, Forecaster):
        from recurra.cli.labelled_use import predict_labelled

        predict_labelled(forecaster, model, file, reading=reading, out=out, quiet=quiet)
        return
    out = out or Path("forecast.csv")
    piped = str(out) == "-"
    if not piped:
        check_outputs([out], inputs=[str(model), *([file] if file is not None else [])])

    from recurra.data import build_panel

    console = stdout(quiet or piped)
    if file is None:
        ahead = forecaster.predict(levels=percents)
    else:
        table = open_table(file, reading)
        panel, facts = build_panel(table.frame, forecaster.model_.panel.schema, source=Path(table.source).name)
        print_facts(console, "What was understood", [*file_facts(table), *facts])
        reading.told()
        del table  # the panel holds all that is read; a large table would be in memory twice
        ahead = forecaster.predict(panel, levels=percents)
    if piped:
        typer.echo(csv_text(ahead), nl=False)
        return
    with written_together(out.parent) as stage:
        (stage / out.name).write_text(csv_text(ahead), encoding="utf-8", newline="")
    print_forecast(console, ahead)
    print_files(console, [out])
