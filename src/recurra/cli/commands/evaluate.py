"""`recurra evaluate`: how good a model file is on later data, without training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recurra.cli.console import print_backtest, print_facts, print_files, stdout
from recurra.cli.flags import options
from recurra.cli.flags.reading import Reading, reading_flags
from recurra.cli.flags.values import parse_levels
from recurra.cli.outputs import check_outputs, csv_text, written_together
from recurra.cli.reading import file_facts, open_table

EXAMPLES = """
**Examples**

- `recurra evaluate sales.safetensors later.csv` — the table and the verdict

- `recurra evaluate sales.safetensors later.csv --out evaluation` — and write a report

- `recurra evaluate reviews.safetensors test.csv` — a classifier, tagger or regressor on labelled examples
"""


@reading_flags
def evaluate(
    context: typer.Context,
    model: options.ModelFile,
    file: options.LaterFile,
    reading: Reading,
    levels: options.Levels = "80,95",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder for evaluation.csv and evaluation.html.", rich_help_panel=options.OUTPUT
        ),
    ] = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Measure the model in MODEL on the data in FILE, beside the baselines, without training.

    Forecasts start after the last time that the model was trained on; labels are compared with those in FILE.
    """
    percents = parse_levels(levels)

    from recurra.tasks import Forecaster, load

    forecaster = load(model)
    if not isinstance(forecaster, Forecaster):
        from recurra.cli.labelled_use import evaluate_labelled

        evaluate_labelled(forecaster, model, file, reading=reading, out=out, quiet=quiet, arguments=context.obj)
        return
    files = [out / name for name in ("evaluation.csv", "evaluation.html")] if out is not None else []
    check_outputs(files, inputs=[str(model), file])

    from recurra.data import build_panel

    table = open_table(file, reading)
    panel, facts = build_panel(table.frame, forecaster.model_.panel.schema, source=Path(table.source).name)
    backtest = forecaster.evaluate(panel)
    console = stdout(quiet)
    print_facts(console, "What was understood", [*file_facts(table), *facts])
    reading.told()
    print_backtest(console, backtest)
    if out is None:
        return

    from recurra.report import write_html
    from recurra.tasks.forecast.report import report_content

    report = report_content(
        title=f"{model.stem} on {table.name}",
        arguments=context.obj,
        panel=panel,
        facts=[*file_facts(table), *facts],
        forecaster=forecaster,
        backtest=backtest,
        forecast=forecaster.predict(panel, levels=percents),
        levels=percents,
    )
    with written_together(out) as stage:
        (stage / "evaluation.csv").write_text(csv_text(backtest.forecasts), encoding="utf-8", newline="")
        write_html(report, stage / "evaluation.html")
    print_files(console, files)
