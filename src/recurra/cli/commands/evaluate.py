"""`recurra evaluate`: how good a model file is on later data, without training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recurra.cli.console import print_facts, print_files, print_scores, stdout
from recurra.cli.flags import options
from recurra.cli.flags.reading import Reading, reading_flags
from recurra.cli.flags.values import parse_levels
from recurra.cli.folders import evaluate_folder
from recurra.cli.later import open_later
from recurra.cli.opening import open_model
from recurra.cli.outputs import csv_text, written_together
from recurra.errors import InputError
from recurra.language import _

EXAMPLES = """
**Examples**

- `recurra evaluate sales.safetensors later.csv` — the table and the verdict

- `recurra evaluate sales.safetensors later.csv --out evaluation` — and write a report

- `recurra evaluate reviews.safetensors test.csv` — a classifier, tagger or regressor on labelled examples

- `recurra evaluate CartPoleNoVel.safetensors` — an agent plays fresh episodes
"""


@reading_flags
def evaluate(
    context: typer.Context,
    model: options.ModelFile,
    reading: Reading,
    file: options.FreshFile = None,
    levels: options.Levels = "80,95",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder for evaluation.csv and evaluation.html.", rich_help_panel=options.OUTPUT
        ),
    ] = None,
    workers: options.Workers = 0,
    cluster: options.Cluster = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Evaluate the model in MODEL on the data in FILE against the baselines, without training.

    Forecasts start after the last time that the model was trained on; labels are compared with those in FILE. In a
    folder of Parquet partitions each one is evaluated separately, and the mean is shown. An agent plays: FILE is
    an environment, or omitted.
    """
    percents = parse_levels(levels)
    if file is not None and Path(file).is_dir():
        evaluate_folder(model, file, out, percents, workers, cluster, quiet)
        return

    estimator = open_model(model)
    files = [out / name for name in ("evaluation.csv", "evaluation.html")] if out is not None else []
    later = open_later("evaluate", estimator, model, file, reading, outputs=files, quiet=quiet)
    if later is None and not estimator.evaluates_alone:
        raise InputError(
            _("{model} is evaluated on data: give the FILE that holds them, recurra evaluate {model} FILE", model=model)
        )
    evaluated = estimator.evaluated(later, levels=percents)
    name = model.stem if later is None else later.name
    console = stdout(quiet)
    print_facts(console, "What was understood", evaluated.facts)
    reading.told()
    print_scores(console, evaluated.scores)
    if out is None:
        return

    from recurra.report import write_html

    content = evaluated.content(title=_("{model} on {data}", model=model.stem, data=name), arguments=context.obj)
    with written_together(out) as stage:
        (stage / "evaluation.csv").write_text(csv_text(evaluated.frame), encoding="utf-8", newline="")
        write_html(content, stage / "evaluation.html")
    print_files(console, files)
