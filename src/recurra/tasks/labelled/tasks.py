"""The tasks of labelled sequences, as everybody else sees them."""

from __future__ import annotations

from typing import Literal

from recurra.data.examples.target import Target
from recurra.tasks.task import Option, Task

CLASS_WEIGHT = Option(
    "class_weight",
    Literal["none", "balanced"],
    "Weight of each class in the loss; balanced: rare classes count as much.",
    default="none",
    nothing="none",
)
LABEL_SMOOTHING = Option(
    "label_smoothing", float, "Share of each label spread over all classes.", default=0.0, least=0.0, most=0.99
)
METRIC = Option(
    "metric",
    Literal["auto", "accuracy", "balanced_accuracy", "macro_f1", "log_loss"],
    "Metric that decides the verdict and how a class is chosen; auto: by the shares of the classes.",
    default="auto",
    panel="evaluation",
)
NUMBER = Target(
    word="target",
    names=tuple("target expression activity rating score response yield label value 目标 分数 数值 y".split()),
    meaning="The numeric column or columns to predict.",
    numeric=True,
    classes=False,
)

CLASSIFY = Task(
    name="classify",
    kind="sequence classifier",
    summary="Train a classifier of the sequences in FILE and evaluate it against baselines.",
    examples=(
        ("classify demo:reviews", "built-in texts; demo:digits, numeric series"),
        ("classify reviews.csv --text sentence --label sentiment", "the rest is detected and reported"),
        ("classify gestures.parquet --series id --time t --label gesture", "a row for each step"),
        ("classify train.csv --test test.csv", "or one file with `--split fold`, `--group patient`, `--time date`"),
        ("classify recordings.csv --audio file --label word", "sound files; or a folder with one folder per class"),
        ("classify films.csv --text plot --label genres --label-separator ';'", "several labels at once"),
    ),
    estimator="recurra.tasks.labelled.classifier:SequenceClassifier",
    cells=("transformer",),
    columns=("text", "sequence", "audio", "label_separator", "merge_case"),
    options=(CLASS_WEIGHT, LABEL_SMOOTHING, METRIC),
)
TAG = Task(
    name="tag",
    kind="sequence tagger",
    summary="Train a tagger of every step of the sequences in FILE and evaluate it against baselines.",
    examples=(
        ("tag demo:membrane", "built-in proteins: inside, membrane, outside"),
        ("tag proteins.jsonl --sequence residues --label dssp", "two strings of equal length"),
        ("tag sentences.jsonl --sequence words --label pos", "two lists, or texts with a space between words"),
        (
            "tag recordings.parquet --series id --time t --label activity",
            "a row and a label for each step",
        ),
    ),
    estimator="recurra.tasks.labelled.tagger:SequenceTagger",
    cells=("transformer",),
    target=Target(
        names=tuple(
            "tags tag labels label dssp ss8 ss3 ss q8 q3 structure secondary pos upos ner bio gesture activity state "
            "target y".split()
        ),
        meaning="The column of tags, one for each step.",
        several=False,
        per_step=True,
        classes=False,
    ),
    columns=("text", "sequence"),
    options=(CLASS_WEIGHT, LABEL_SMOOTHING),
)
REGRESS = Task(
    name="regress",
    kind="sequence regressor",
    summary="Train a regressor on the sequences in FILE and evaluate it against baselines.",
    examples=(
        ("regress demo:promoters", "built-in DNA whose expression follows from known motifs"),
        ("regress promoters.csv --sequence dna --target expression", "the rest is detected and reported"),
        ("regress reviews.csv --text review --target stars --static year,genre", "columns beside the text"),
        ("regress engines.parquet --series engine --time cycle --target life", "a row for each step"),
    ),
    estimator="recurra.tasks.labelled.regressor:SequenceRegressor",
    cells=("transformer",),
    target=NUMBER,
)
