"""The task of translation, as everybody else sees it."""

from __future__ import annotations

from typing import Literal

from recurra.tasks.task import Column, Option, Task

TRANSLATE = Task(
    name="translate",
    kind="translator",
    summary="Train a translator on the pairs of texts in FILE and evaluate it against baselines.",
    examples=(
        ("translate demo:phrases", "built-in sentences of a made-up language"),
        ("translate pairs.tsv --from de --to en", "two columns of a table, a pair in each row"),
        ("translate train.tsv --from de --to en --test test.tsv", "evaluated on another file"),
        ("translate pairs.tsv --from de --to en --cell transformer", "a Transformer in the recurrence's place"),
    ),
    estimator="recurra.tasks.translate.translator:Translator",
    reader="own",
    inputs=(
        Column("source", "The column of texts to translate.", flag="--from"),
        Column("translation", "The column of their translations.", flag="--to"),
        Column(
            "swapped",
            "How to handle rows whose sides look swapped; fix exchanges them.",
            names=False,
            kind=Literal["keep", "drop", "fix"],
            default="keep",
        ),
    ),
    shared=("empty", "test", "share", "split", "cell", "hidden", "members"),
    defaults=(("cell", "gru"), ("members", 1), ("share", 0.1)),
    cells=("transformer",),
    options=(
        Option(
            "vocabulary",
            int,
            "Maximum number of sub-words; by the amount of text unless given.",
            panel="network",
            least=10,
        ),
        Option(
            "beam", int, "Hypotheses that the beam search keeps.", default=5, panel="evaluation", least=1, most=1_000
        ),
        Option(
            "penalty",
            float,
            "Length penalty; 0 prefers short translations.",
            default=1.0,
            panel="evaluation",
            least=0,
            most=10,
        ),
    ),
    files=("translations.csv", "report.html", "report.png"),
    writes="Writes translations.csv (of the test part), report.html, report.png and NAME.safetensors (the model).",
    shows_results=True,
)
