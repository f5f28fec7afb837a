"""`recurra tag`: from a file of tagged sequences to an evaluated tagger, a page and a model file."""

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

- `recurra tag demo:membrane` — built-in proteins: inside, membrane, outside

- `recurra tag proteins.jsonl --sequence residues --label dssp` — two strings of equal length

- `recurra tag sentences.jsonl --sequence words --label pos` — two lists, or texts with a space between words

- `recurra tag recordings.parquet --series id --time t --label activity` — a row and a label for each step
"""


@reading_flags
def tag(
    context: typer.Context,
    file: options.ExamplesFile,
    reading: Reading,
    text: options.Texts = None,
    sequence: options.Sequences = None,
    label: options.TagColumn = None,
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
    device: options.Device = "auto",
    devices: options.Devices = 1,
    log: options.Log = None,
    resume: options.Resume = False,
    out: options.Folder = Path("."),
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Train a tagger of every step of the sequences in FILE and evaluate it against baselines.

    Writes predictions.csv (of the test part), report.html, report.png and NAME.safetensors (the model).
    """
    from recurra.tasks import SequenceTagger
    from recurra.tasks.labelled.opened import Judging

    weight = None if class_weight == "none" else class_weight
    learn(
        "tag",
        partial(SequenceTagger, class_weight=weight, label_smoothing=label_smoothing),
        file,
        columns=Columns(
            text=text,
            sequence=sequence,
            label=None if label is None else [label],
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
