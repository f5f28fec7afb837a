"""What is printed of labelled sequences: the first predictions, the count of each label."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recurra.data.files.cells_out import cell_text
from recurra.data.labels.cell_labels import quoted
from recurra.data.schema.names import counted
from recurra.language import _, listing
from recurra.tasks.estimator import Preview

_ROWS, _MOST = 8, 12  # that are shown of the predictions, and of the labels that were said


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
            counts = listing(f"{quoted(name)} {int(count):,}" for name, count in ordered.items())
            told.append(_("Predicted: {counts}", counts=counts))
        if self._without:
            told.append(_("Without a prediction, since they have no step: {rows}", rows=counted(self._without, "row")))
        return told
