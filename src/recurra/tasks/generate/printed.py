"""What is printed of samples: the beginning of the first."""

from __future__ import annotations

import pandas as pd

from recurra.language import _, mark
from recurra.tasks.estimator import Preview

_LETTERS = 600  # of the first sample that are printed


class SamplePreview(Preview):
    """The first sample, as it stands."""

    title = mark("Samples")

    def __init__(self) -> None:
        self._frame = pd.DataFrame()

    def add(self, frame: pd.DataFrame) -> None:
        """Take notice of samples."""
        if self._frame.empty:
            self._frame = frame

    def table(self) -> pd.DataFrame:
        """No table: texts have line ends."""
        return pd.DataFrame()

    def lines(self) -> list[str]:
        """The first sample, and how many more there are."""
        if self._frame.empty:
            return []
        prompt, text = str(self._frame["prompt"].iloc[0]), str(self._frame["text"].iloc[0])
        told = [prompt + text[:_LETTERS] + (" ..." if len(text) > _LETTERS else "")]
        if len(self._frame) > 1:
            told.append(_("({n} more)", n=len(self._frame) - 1))
        return told
