"""`recurra regress`: from a file of sequences and numbers to an evaluated regressor, a page and a model file."""

from __future__ import annotations

from pathlib import Path

import typer

from recurra.cli.flags import options
from recurra.cli.flags.reading import Reading, reading_flags
from recurra.cli.labelled_reading import Columns
from recurra.cli.labelled_run import Learning, learn

EXAMPLES = """
**Examples**

- `recurra regress demo:promoters` — built-in DNA whose expression follows from known motifs

- `recurra regress promoters.csv --sequence dna --target expression` — the rest is detected and reported

- `recurra regress reviews.csv --text review --target stars --static year,genre` — columns beside the text

- `recurra regress engines.parquet --series engine --time cycle --target life` — a row for each step
"""


@reading_flags
def regress(
    context: typer.Context,
    file: options.ExamplesFile,
    reading: Reading,
    text: options.Texts = None,
    sequence: options.Sequences = None,
    audio: options.AudioFiles = None,
    target: options.TargetColumns = None,
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
    """Train a regressor on the sequences in FILE and evaluate it against baselines.

    Writes predictions.csv (of the test part), report.html, report.png and NAME.safetensors (the model).
    """
    from recurra.tasks import SequenceRegressor
    from recurra.tasks.labelled.opened import Judging

    learn(
        "regress",
        SequenceRegressor,
        file,
        columns=Columns(
            text=text,
            sequence=sequence,
            audio=audio,
            label=target,
            series=series,
            time=time,
            features=features,
            static=static,
            ignore=ignore,
            group=group,
            split=split,
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
