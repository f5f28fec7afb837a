"""What is shown of rows that were made."""

from __future__ import annotations

import pandas as pd

from recurra.language import mark, several
from recurra.tasks.estimator import Preview

_SHOWN = 5


class RowsPreview(Preview):
    """The first rows, and how many more there are."""

    title = mark("Generated rows")

    def __init__(self) -> None:
        self._first: pd.DataFrame | None = None
        self._count = 0

    def add(self, frame: pd.DataFrame) -> None:
        """Keep the first of them."""
        self._count += len(frame)
        if self._first is None:
            self._first = frame.head(_SHOWN)

    def table(self) -> pd.DataFrame:
        """What is shown."""
        return pd.DataFrame() if self._first is None else self._first.map(_short).astype(str)

    def lines(self) -> list[str]:
        """How many rows are not shown."""
        more = self._count - len(self.table())
        return [several("  … and {n} more row", "  … and {n} more rows", more)] if more > 0 else []


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
