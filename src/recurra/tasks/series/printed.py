"""What is shown of rows that were made."""

from __future__ import annotations

import pandas as pd

from recurra.tasks.estimator import Preview

_SHOWN = 5


class RowsPreview(Preview):
    """The first rows."""

    def __init__(self) -> None:
        self._first: pd.DataFrame | None = None

    def add(self, frame: pd.DataFrame) -> None:
        """Keep the first of them."""
        if self._first is None:
            self._first = frame.head(_SHOWN)

    def table(self) -> pd.DataFrame:
        """What is shown."""
        return pd.DataFrame() if self._first is None else self._first.map(_short).astype(str)


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
