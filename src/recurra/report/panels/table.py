"""What panels read from a table of methods: index method, a column per score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recurra.language import mark

# Names of methods that pages show in the reader's language; others are shown as they are.
METHODS = (
    mark("naive"),
    mark("seasonal naive"),
    mark("drift"),
    mark("seasonal naive with drift"),
    mark("mean"),
    mark("the mean"),
    mark("climatology"),
    mark("seasonal profile"),
    mark("most frequent class"),
    mark("the most frequent class"),
    mark("most frequent tag"),
    mark("the most frequent tag"),
    mark("usual tag of each symbol"),
    mark("n-grams with logistic regression"),
    mark("n-grams with ridge regression"),
    mark("k-mers with logistic regression"),
    mark("k-mers with ridge regression"),
)


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
