"""The raw column of an input, whatever its kind: some of its rows, several joined, one in which all is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.inputs import Array, Audio, Events, Kind, Series, Static, Symbols, Text
from recurra.data.examples.ragged import Ragged, offsets_of
from recurra.data.examples.steps import Steps

RawColumn = npt.NDArray[np.object_] | Ragged | Steps | pd.DataFrame | list[npt.NDArray[np.float32] | None]


def missing_column(kind: Kind, rows: int) -> RawColumn:
    """The raw column of an input that is missing in every row."""
    match kind:
        case Events():
            return Ragged(np.zeros(0, dtype=object), np.zeros(rows + 1, dtype=np.int64))
        case Series() | Audio():
            return Steps(Ragged(np.zeros((0, 0)), np.zeros(rows + 1, dtype=np.int64)), ())
        case Static():
            return pd.DataFrame({column: np.full(rows, np.nan) for column in kind.columns})
        case Array():
            return [None for _ in range(rows)]
        case Text() | Symbols():
            return np.full(rows, None, dtype=object)


def take_rows(column: RawColumn, numbers: npt.NDArray[np.int64]) -> RawColumn:
    """The rows of these numbers, in this order."""
    if isinstance(column, list):
        return [column[k] for k in numbers]
    if isinstance(column, pd.DataFrame):
        return column.iloc[numbers].reset_index(drop=True)
    return column.take(numbers)


def join_columns(columns: Sequence[Any]) -> RawColumn:
    """Columns of one kind, one after the other."""
    first = columns[0]
    if isinstance(first, Steps):
        times = None if first.times is None else _join_ragged([part.times for part in columns])
        return replace(first, values=_join_ragged([part.values for part in columns]), times=times)
    if isinstance(first, Ragged):
        return _join_ragged(columns)
    if isinstance(first, pd.DataFrame):
        return pd.concat(columns, ignore_index=True)
    if isinstance(first, list):
        return [array for part in columns for array in part]
    return np.concatenate(columns)


def _join_ragged(parts: Iterable[Ragged]) -> Ragged:
    parts = list(parts)
    lengths = np.concatenate([part.lengths for part in parts])
    return Ragged(np.concatenate([part.values for part in parts]), offsets_of(lengths))
