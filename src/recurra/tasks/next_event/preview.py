"""What is printed of proposals that pass by."""

from __future__ import annotations

from typing import ClassVar

import pandas as pd

from recurra.data.schema.names import counted
from recurra.language import _, listing, mark
from recurra.tasks.estimator import Preview


class RankedPreview(Preview):
    """The first items of the first histories, side by side."""

    title = mark("Proposals")
    OURS: ClassVar[tuple[str, ...]] = (mark("history"), mark("first proposals"))

    def __init__(self) -> None:
        self._first = pd.DataFrame()
        self._histories = 0

    def add(self, frame: pd.DataFrame) -> None:
        """Take notice of the next frame."""
        user = frame.columns[0]
        self._histories += int((frame["rank"] == 1).sum()) if "rank" in frame else 0
        if self._first.empty and "rank" in frame and "share" in frame:
            shown = frame[frame["rank"] <= 5].groupby(user, sort=False)["item"].agg(listing)
            self._first = shown.head(8).rename("first proposals").reset_index()

    def table(self) -> pd.DataFrame:
        """user and its first items."""
        return self._first

    def lines(self) -> list[str]:
        """How many histories there are."""
        return [_("Proposals for {histories}", histories=counted(self._histories, "history", "histories"))]
