"""`recurra classify`: from a file of labelled sequences to an evaluated classifier, a page and a model file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import typer

from recurra.cli.flags import options
from recurra.cli.flags.reading import Reading, reading_flags
from recurra.cli.labelled_reading import Columns
from recurra.cli.labelled_run import Learning, learn

EXAMPLES = """
**Examples**

- `recurra classify demo:reviews` — built-in texts; demo:digits, numeric series

- `recurra classify reviews.csv --text sentence --label sentiment` — the rest is detected and reported

- `recurra classify gestures.parquet --series id --time t --label gesture` — a row for each step

- `recurra classify train.csv --test test.csv`, or one file with `--split fold`, `--group patient`, `--time date`

- `recurra classify recordings.csv --audio file --label word` — sound files; or a folder with one folder per class

- `recurra classify films.csv --text plot --label genres --label-separator ';'` — several labels at once
"""


@reading_flags
def classify(
    context: typer.Context,
    file: options.ExamplesFile,
    reading: Reading,
    text: options.Texts = None,
    sequence: options.Sequences = None,
    audio: options.AudioFiles = None,
    label: options.Label = None,
    label_separator: options.LabelSeparator = None,
    merge_case: options.MergeCase = False,
    series: options.SeriesOf = None,
    time: options.TimeOf = None,
    features: options.Features = None,
    static: options.Constants = None,
    ignore: options.Ignore = None,
    optional: options.Optional = None,
    empty: options.Empty = "refuse",
    test: options.TestFile = None,
    share: options.Share = 0.2,
    split: options.SplitColumn = None,
    group: options.Group = None,
    cell: options.Cell = "gru",
    hidden: options.Hidden = None,
    convolution: options.Convolution = None,
    level: options.Level = "auto",
    vectors: options.Vectors = None,
    members: options.Members = 3,
    class_weight: options.ClassWeight = "none",
    label_smoothing: options.LabelSmoothing = 0.0,
    metric: options.Metric = "auto",
    epochs: options.Epochs = None,
    seed: options.Seed = 0,
    schedule: options.Schedule = "one-cycle",
    precision: options.Precision = "auto",
    device: options.Device = "auto",
    devices: options.Devices = 1,
    log: options.Log = None,
    resume: options.Resume = False,
    out: options.Folder = Path("."),
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Train a classifier of the sequences in FILE and evaluate it against baselines.

    Writes predictions.csv (of the test part), report.html, report.png and NAME.safetensors (the model).
    """
    from recurra.tasks import SequenceClassifier
    from recurra.tasks.labelled.opened import Judging

    weight = None if class_weight == "none" else class_weight
    learn(
        "classify",
        partial(SequenceClassifier, class_weight=weight, label_smoothing=label_smoothing, metric=metric),
        file,
        columns=Columns(
            text=text,
            sequence=sequence,
            audio=audio,
            label=label,
            series=series,
            time=time,
            features=features,
            static=static,
            ignore=ignore,
            group=group,
            split=split,
            label_separator=label_separator,
            merge_case=merge_case,
        ),
        reading=reading,
        judging=Judging(test, share),
        learning=Learning(
            cell=cell,
            members=members,
            hidden=hidden,
            convolution=convolution,
            level=level,
            vectors=vectors,
            optional=optional,
            empty=empty,
            epochs=epochs,
            seed=seed,
            schedule=schedule,
            precision=precision,
            device=device,
            devices=devices,
            log=log,
            resume=resume,
        ),
        out=out,
        quiet=quiet,
        arguments=context.obj,
    )
