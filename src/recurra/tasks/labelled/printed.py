"""What is printed of labelled sequences: the table of scores, the first predictions, the count of each label."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recurra.data.files.cells_out import cell_text
from recurra.data.labels.cell_labels import quoted
from recurra.data.schema.names import counted
from recurra.evaluation.labelled.evaluation import Evaluation
from recurra.formatting import MISSING
from recurra.language import _
from recurra.report.scores import shown_as
from recurra.tasks.estimator import Preview, Scores

_LEFT_OUT = ("Brier", "Pearson", "RMSE", "balanced accuracy")  # the page has them
_SHORT = {"calibration error": "calib. error"}
_ROWS, _MOST = 8, 12  # that are shown of the predictions, and of the labels that were said


def scores_of(evaluation: Evaluation, title: str) -> Scores:
    """The table of methods as texts, with the interval of the leading score."""
    leading = evaluation.leading
    table = evaluation.table.drop(columns=[name for name in _LEFT_OUT if name != leading], errors="ignore")
    found = evaluation.intervals[evaluation.intervals["score"] == leading].set_index("method").reindex(table.index)
    between = shown_as(leading).range_texts(*(found[side].to_numpy(dtype=float) for side in ("low", "high")))
    texts = {name: shown_as(name).texts(table[name].to_numpy(dtype=float), unit=True) for name in table.columns}
    frame = pd.DataFrame(texts, index=table.index)
    frame.insert(list(frame.columns).index(leading) + 1, "95 % interval", [text or MISSING for text in between])
    return Scores(
        title,
        evaluation.verdict.sentence,
        evaluation.verdict.better,
        frame.rename(columns=_SHORT).reset_index(),
        mark=str(evaluation.table.index[0]),
        importance=("method", _SHORT.get(leading, leading), "95 % interval"),
        notes=evaluation.notes,
        numbers=evaluation.table,
    )


class LabelledPreview(Preview):
    """The first predictions; where labels are `tallied`, how often each was said; how many rows have none."""

    def __init__(self, *, tallied: bool) -> None:
        self._tallied = tallied
        self._beginning, self._counts, self._without = pd.DataFrame(), pd.Series(dtype=np.int64), 0

    def add(self, frame: pd.DataFrame) -> None:
        """Take notice of the next frame."""
        if self._beginning.empty:
            self._beginning = cell_text(frame.head(_ROWS))
        if "predicted" in frame:
            self._without += int(frame["predicted"].isna().sum())
            if self._tallied:
                self._counts = self._counts.add(frame["predicted"].value_counts(), fill_value=0)

    def table(self) -> pd.DataFrame:
        """Without the probabilities of the classes."""
        return self._beginning[[name for name in self._beginning if not str(name).startswith("p_")]]

    def lines(self) -> list[str]:
        """How often each label was said, and how many rows are without a prediction."""
        told = []
        if len(self._counts):
            ordered = self._counts.sort_values(ascending=False, kind="stable").head(_MOST)
            counts = ", ".join(f"{quoted(name)} {int(count):,}" for name, count in ordered.items())
            told.append(_("Predicted: {counts}", counts=counts))
        if self._without:
            told.append(_("Without a prediction, since they have no step: {rows}", rows=counted(self._without, "row")))
        return told
