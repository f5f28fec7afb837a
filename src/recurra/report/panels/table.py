"""What panels read from a table of methods: index method, a column per score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


def ours_of(table: pd.DataFrame, baselines: Sequence[str]) -> str:
    """The first method of the table that is no baseline; "" without."""
    return next((str(method) for method in table.index if method not in baselines), "")


def value_of(table: pd.DataFrame, method: str, name: str) -> float:
    """A score of a method in the table; NaN where it is not there."""
    if method not in table.index or name not in table.columns:
        return np.nan
    value = table.loc[table.index == method, name].iloc[0]
    return float(value) if pd.notna(value) else np.nan


def bounds(table: pd.DataFrame, intervals: pd.DataFrame, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The lower and the upper bounds of a score, a value per method of the table, NaN where there is none."""
    frame = intervals[intervals["score"] == name].drop_duplicates("method").set_index("method").reindex(table.index)
    low, high = (frame[side].to_numpy(dtype=np.float64, na_value=np.nan) for side in ("low", "high"))
    return low, high
