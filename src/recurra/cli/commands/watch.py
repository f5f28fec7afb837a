"""`recurra watch`: does a model still hold on later data? Its exit status says so too."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recurra.cli.console import print_facts, print_files, print_frame, print_verdict, stdout
from recurra.cli.flags import options
from recurra.cli.flags.reading import Reading, reading_flags
from recurra.cli.later import open_later
from recurra.cli.opening import open_model
from recurra.cli.outputs import csv_text, written_together
from recurra.language import _

BROKEN = 3  # the exit status where the model no longer holds

EXAMPLES = """
**Examples**

- `recurra watch sales.safetensors later.csv` — still holds, no longer holds since when, or too few rows to tell

- `recurra watch sales.safetensors later.csv -q || mail -s retrain me` — in a cron job: status 3, it no longer holds

- `recurra watch load.safetensors later.csv --anomalies --out watch` — values that are far from their forecast

- `recurra watch reviews.safetensors labelled.csv` — a classifier, tagger or regressor, on examples in their order
"""


@reading_flags
def watch(
    context: typer.Context,
    model: options.ModelFile,
    file: options.LaterFile,
    reading: Reading,
    alpha: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            help="Highest probability of ever calling a model broken that still holds.",
            rich_help_panel=options.EVALUATION,
        ),
    ] = 0.05,
    anomalies: Annotated[
        bool,
        typer.Option(
            "--anomalies",
            help="Flag values that are far from their forecast.",
            rich_help_panel=options.EVALUATION,
        ),
    ] = False,
    rate: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            help="The share of normal values that --anomalies may flag.",
            rich_help_panel=options.EVALUATION,
        ),
    ] = 0.01,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder for watch.csv (a row per value) and watch.html.", rich_help_panel=options.OUTPUT
        ),
    ] = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Watch the model in MODEL on the later data in FILE: error and coverage over time against what was promised.

    The test may be repeated whenever rows arrive. Exit status 0: it still holds, or there are too few rows to tell; 3:
    it no longer holds.
    """
    estimator = open_model(model)
    files = [out / name for name in ("watch.csv", "watch.html")] if out is not None else []
    later = open_later("watch", estimator, model, file, reading, outputs=files, quiet=quiet)
    assert later is not None  # FILE was given
    watched = estimator.watched(later, alpha=alpha, rate=rate if anomalies else None)
    console = stdout(quiet)
    print_facts(console, "What was understood", watched.facts)
    reading.told()
    print_frame(console, _("Over time"), watched.table)
    if watched.anomalies is not None:
        title = _("Anomalies ({n} of {rows} values)", n=f"{len(watched.anomalies):,}", rows=f"{len(watched.rows):,}")
        print_frame(console, title, watched.anomalies[["series", "time", "y", "forecast", "score"]].head(10), data=True)
    for note in watched.notes:
        console.print(note, markup=False)
    print_verdict(console, watched.sentence, watched.status == "holds")
    if out is not None:
        from recurra.report import write_html

        content = watched.content(
            title=_("{model} on {data}", model=model.stem, data=later.name), arguments=context.obj
        )
        with written_together(out) as stage:
            (stage / "watch.csv").write_text(csv_text(watched.rows), encoding="utf-8", newline="")
            write_html(content, stage / "watch.html")
        print_files(console, files)
    if not watched.holds:
        raise typer.Exit(BROKEN)
