"""What is printed of an evaluation: the table of methods with the interval of the leading score."""

from __future__ import annotations

import pandas as pd

from recurra.evaluation.shared.evaluation import Evaluation
from recurra.formatting import MISSING
from recurra.language import mark
from recurra.scores import shown_as
from recurra.tasks.estimator import Scores

_LEFT_OUT = ("Brier", "Pearson", "RMSE", "balanced accuracy")  # the page has them
_SHORT = {"calibration error": mark("calib. error")}
_BETWEEN = mark("95 % interval")


def scores_of(evaluation: Evaluation, title: str) -> Scores:
    """The table of methods as texts, with the interval of the leading score."""
    leading = evaluation.leading
    table = evaluation.table.drop(columns=[name for name in _LEFT_OUT if name != leading], errors="ignore")
    found = evaluation.intervals[evaluation.intervals["score"] == leading].set_index("method").reindex(table.index)
    between = shown_as(leading).range_texts(*(found[side].to_numpy(dtype=float) for side in ("low", "high")))
    texts = {name: shown_as(name).texts(table[name].to_numpy(dtype=float), unit=True) for name in table.columns}
    frame = pd.DataFrame(texts, index=table.index)
    frame.insert(list(frame.columns).index(leading) + 1, _BETWEEN, [text or MISSING for text in between])
    return Scores(
        title,
        evaluation.verdict.sentence,
        evaluation.verdict.better,
        frame.rename(columns=_SHORT).reset_index(),
        mark=str(evaluation.table.index[0]),
        importance=("method", _SHORT.get(leading, leading), _BETWEEN),
        notes=evaluation.notes,
        numbers=evaluation.table,
    )
