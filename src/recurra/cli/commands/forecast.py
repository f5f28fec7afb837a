"""`recurra forecast`: from a file to forecasts, a verdict, a page and a model file."""

from __future__ import annotations

from pathlib import Path

import typer

from recurra.cli.console import print_backtest, print_facts, print_files, print_forecast, stdout
from recurra.cli.flags import options
from recurra.cli.flags.horizon import default_horizon
from recurra.cli.flags.reading import Reading, reading_flags
from recurra.cli.flags.values import parse_levels, parse_seasons, split_names
from recurra.cli.outputs import check_outputs, csv_text, written_together
from recurra.cli.reading import file_facts, open_table
from recurra.errors import InputError

EXAMPLES = """
**Examples**

- `recurra forecast demo:co2` — a built-in example

- `recurra forecast sales.csv --target units --horizon 28` — the rest is detected and reported

- `recurra forecast load.csv --time date,hour --series meter --known holiday`

- `recurra forecast m4.csv --layout wide-rows --horizon 13 --out results`

- `recurra forecast load.csv --fast` — the pretrained network, without training: an answer in seconds

- `recurra forecast sales.csv --method AutoETS` — what the verdict said to use

- `recurra forecast load.parquet --resume` — continue an interrupted run, with bit-identical results
"""


INTERRUPTED = "Training was interrupted: the best network so far is kept and evaluated."


@reading_flags
def forecast(
    context: typer.Context,
    file: options.File,
    reading: Reading,
    horizon: options.Horizon = None,
    target: options.Target = None,
    time: options.Time = None,
    series: options.Series = None,
    layout: options.Layout = None,
    freq: options.Freq = None,
    tz: options.Zone = None,
    day_first: options.DayFirst = None,
    time_format: options.TimeFormat = None,
    pivot_year: options.PivotYear = None,
    all_hours: options.AllHours = False,
    past: options.Past = None,
    known: options.Known = None,
    static: options.Static = None,
    ignore: options.Ignore = None,
    cell: options.Cell = "lstm",
    members: options.Members = 2,
    season: options.Season = None,
    block: options.Block = None,
    method: options.Method = "auto",
    fast: options.Fast = False,
    windows: options.Windows = None,
    epochs: options.Epochs = None,
    seed: options.Seed = 0,
    schedule: options.Schedule = "one-cycle",
    precision: options.Precision = "auto",
    device: options.Device = "auto",
    devices: options.Devices = 1,
    log: options.Log = None,
    resume: options.Resume = False,
    levels: options.Levels = "80,95",
    out: options.Folder = Path("."),
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Train a forecaster on FILE, combine it with what does as well, evaluate it against baselines, and forecast.

    Writes forecast.csv, report.html, forecast.png and NAME.safetensors (the model, for `recurra predict`).
    """
    percents = parse_levels(levels)
    if fast and method not in ("auto", "fast"):
        raise InputError(f"--fast is the pretrained network alone, and --method says {method!r}: give one of the two")
    seasons = parse_seasons(season)

    from recurra.data import detect_seasons, understand
    from recurra.data.schema.facts import Fact
    from recurra.formatting import count
    from recurra.report.units import step_noun

    console = stdout(quiet)
    table = open_table(file, reading)
    files = [out / name for name in ("forecast.csv", "report.html", "forecast.png", f"{table.name}.safetensors")]
    check_outputs(files, inputs=[file])
    columns = [str(column) for column in table.frame.columns]
    panel, understood = understand(
        table.frame,
        source=Path(table.source).name,
        time=split_names(time, columns),
        target=target,
        series=series,
        layout=layout,
        freq=freq,
        tz=tz,
        day_first=day_first,
        time_format=time_format,
        pivot_year=pivot_year,
        all_hours=all_hours,
        past=split_names(past, columns),
        known=split_names(known, columns),
        static=split_names(static, columns),
        ignore=split_names(ignore, columns),
    )
    facts, name = [*file_facts(table), *understood], table.name
    del table  # the panel holds all that is learnt from; a large table would be in memory twice
    if horizon is None:
        horizon, reason = default_horizon(detect_seasons(panel), int(sorted(panel.lengths)[len(panel) // 2]))
    else:
        reason = "as asked"
    facts.append(Fact("horizon", f"{count(horizon, step_noun(panel.grid.freq))} ({reason})", "--horizon"))
    print_facts(console, "What was understood", facts)
    reading.told()

    from recurra.cli.resuming import (
        checkpoint_path,
        data_digest,
        open_checkpoints,
        refusing_without_trace,
        tell_of_unfinished,
    )
    from recurra.tasks import Forecaster
    from recurra.training import Run, TrainingOptions
    from recurra.training.progress import ProgressBar
    from recurra.training.progress import quiet as silent

    forecaster = Forecaster(
        horizon,
        cell=cell,
        members=members,
        season=seasons,
        block=block,
        training=TrainingOptions(epochs=epochs, schedule=schedule, precision=precision),
        seed=seed,
        device=device,
        method="fast" if fast else method,
    )
    path = checkpoint_path(out, name)
    tell_of_unfinished(console, path, resume=resume)
    given = {**forecaster.get_params(deep=False), "windows": windows, "devices": devices}
    with refusing_without_trace(path):
        checkpoints = open_checkpoints(path, data_digest(panel), given, resume=resume)
        run = Run(checkpoints=checkpoints, log=log, devices=devices, progress=silent() if quiet else ProgressBar())
        backtest = forecaster.study(panel, windows, run=run)
    if console.is_terminal:
        console.print()  # below the bars
    notes = [INTERRUPTED] if forecaster.model_.interrupted else []
    ahead = forecaster.predict(levels=percents)
    decided = forecaster.facts()
    print_facts(console, "What was decided", decided)
    for note in notes:
        console.print(note)
    print_backtest(console, backtest)
    print_forecast(console, ahead)

    from recurra.cli.content import report_content
    from recurra.report import write_html, write_png

    report = report_content(
        title=f"{panel.schema.target}: the next {count(horizon, step_noun(panel.grid.freq))}",
        arguments=context.obj,
        panel=panel,
        facts=[*facts, *decided],
        forecaster=forecaster,
        backtest=backtest,
        forecast=ahead,
        levels=percents,
        notes=notes,
    )
    with written_together(out) as stage:
        (stage / "forecast.csv").write_text(csv_text(ahead), encoding="utf-8", newline="")
        write_html(report, stage / "report.html")
        write_png(report, stage / "forecast.png")
        forecaster.save(stage / f"{name}.safetensors")
    checkpoints.clear()
    print_files(console, files)
