"""`recurra classify`: from a file of labelled sequences to a judged classifier, a page and a model file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import typer

from recurra.cli.flags import options
from recurra.cli.flags.reading import Reading, reading_flags
from recurra.cli.labelled_reading import Columns
from recurra.cli.labelled_run import Judging, Learning, learn

EXAMPLES = """
**Examples**

- `recurra classify demo:reviews` — texts to try; demo:digits, series of numbers

- `recurra classify reviews.csv --text sentence --label sentiment` — the rest is inferred, and said

- `recurra classify gestures.parquet --series id --time t --label gesture` — a row for each step

- `recurra classify train.csv --test test.csv`, or one file with `--split fold`, `--group patient`, `--time date`

- `recurra classify films.csv --text plot --label genres --label-separator ';'` — several labels at once
"""


@reading_flags
def classify(
    context: typer.Context,
    file: options.ExamplesFile,
    reading: Reading,
    text: options.Texts = None,
    sequence: options.Sequences = None,
    label: options.Label = None,
    label_separator: options.LabelSeparator = None,
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
    epochs: options.Epochs = None,
    seed: options.Seed = 0,
    schedule: options.Schedule = "one-cycle",
    precision: options.Precision = "auto",
    devices: options.Devices = 1,
    log: options.Log = None,
    resume: options.Resume = False,
    out: options.Folder = Path("."),
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Learn the classes of the sequences in FILE, judge the model against baselines, and write it down.

    Writes predictions.csv (of the test part), report.html, report.png and NAME.safetensors (the model).
    """
    from recurra.tasks import SequenceClassifier

    weight = None if class_weight == "none" else class_weight
    learn(
        "classify",
        partial(SequenceClassifier, class_weight=weight, label_smoothing=label_smoothing),
        file,
        columns=Columns(
            text=text,
            sequence=sequence,
            label=label,
            series=series,
            time=time,
            features=features,
            static=static,
            ignore=ignore,
            group=group,
            split=split,
            label_separator=label_separator,
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
            devices=devices,
            log=log,
            resume=resume,
        ),
        out=out,
        quiet=quiet,
        arguments=context.obj,
    )
