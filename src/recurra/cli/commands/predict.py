"""`recurra predict`: a model file and newer data, without training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recurra.cli.console import counting, print_facts, print_files, print_notes, print_preview, stderr, stdout
from recurra.cli.flags import options
from recurra.cli.flags.reading import Reading, reading_flags
from recurra.cli.flags.values import parse_levels
from recurra.cli.folders import predict_folder
from recurra.cli.later import open_later
from recurra.cli.opening import open_model
from recurra.cli.outputs import as_text, written_together
from recurra.errors import InputError
from recurra.language import _
from recurra.options import option

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

- `echo "hello" | recurra predict voice.safetensors - --out hello.wav` — what a voice says, as a sound file

- `recurra predict plays.safetensors --prompt "To be" --samples 5` — what a generator writes after a beginning

- `recurra predict sensors.safetensors --rows 5000` — new rows of a table of numbers

- `recurra predict sales.safetensors partitions --out forecasts --workers 2` — a folder of Parquet, on two processes
"""


@reading_flags
def predict(
    model: options.ModelFile,
    reading: Reading,
    file: options.NewerFile = None,
    levels: options.Levels = "80,95",
    what_if: options.WhatIf = None,
    top: options.Top = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="forecast.csv or predictions.csv unless given; .jsonl for JSON Lines; - for standard output; "
            "of a voice .wav, .flac, .ogg or .mp3.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    prompt: options.Prompt = None,
    samples: options.Samples = None,
    length: options.Length = None,
    rows: options.Rows = None,
    temperature: options.Temperature = None,
    top_k: options.TopK = None,
    top_p: options.TopP = None,
    weights: options.Weights = None,
    seed: options.SampleSeed = None,
    speaker: options.Speaker = None,
    pace: options.Pace = None,
    workers: options.Workers = 0,
    cluster: options.Cluster = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Forecast, predict labels or what comes next, or write, from newer data with the model in MODEL, without training.

    FILE holds the columns that the model was trained with; they are read the same way. It may be a folder of Parquet
    partitions, each with whole series or examples: one at a time is in memory, and --out is a folder, too.
    """
    percents = parse_levels(levels)
    estimator = open_model(model)
    asked = {
        "what_if": what_if or None, "top": top, "samples": samples, "prompt": prompt, "length": length,
        "rows": rows, "temperature": temperature, "top_k": top_k, "top_p": top_p, "weights": weights, "seed": seed,
        "speaker": speaker, "pace": pace,
    }  # fmt: skip
    shown = {name: value for name, value in asked.items() if value is not None}
    refuse_unasked(estimator, model, shown)
    if file is not None and Path(file).is_dir():
        predict_folder(model, file, out, percents, shown, workers, cluster, quiet)
        return
    out = out or Path(estimator.produces or estimator.task.files[0])
    piped = str(out) == "-"
    console = stdout(quiet or piped)
    later = open_later("predict", estimator, model, file, reading, outputs=[] if piped else [out], quiet=quiet)
    if later is not None:
        print_facts(console, "What was understood", later.facts)
        if piped:
            print_notes(stderr(quiet), later.facts)
        reading.told()
    preview = estimator.preview()
    with counting(stderr(quiet), _("predicting"), 0 if later is None else len(later)) as done:
        if out.suffix.lower() in estimator.sounds:
            with written_together(out.parent) as stage:
                estimator.write(later, stage / out.name, levels=percents, done=done, see=preview.add, **shown)
            print_preview(console, preview)
            print_files(console, [out])
            return
        frames = estimator.predictions(later, levels=percents, done=done, **shown)
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
    print_preview(console, preview)
    print_files(console, [out])


def refuse_unasked(estimator: Estimator, model: Path, shown: Mapping[str, Any]) -> None:
    """Raise InputError for an option that says nothing to a model of this kind."""
    wrong = next((name for name in shown if name not in estimator.asks), None)
    if wrong is None:
        return
    raise InputError(
        _(
            "{wrong} does not apply to {model}, which holds a {kind}: omit it",
            wrong=option(wrong),
            model=model,
            kind=estimator.KIND,
        )
    )
