"""Numbers to predict: one or several per example."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.names import counted
from recurra.data.sequences.label_values import Origin, Y, flat_values
from recurra.errors import InputError


@dataclass(frozen=True)
class Numbers:
    """M targets by name; `flat` where they were given, and are given back, as [N] rather than [N, M].

    >>> numbers = Numbers.of([1.5, None, 2])
    >>> numbers.encode([3, 4]), numbers.decode(np.array([[0.5]]))
    (array([[3.], [4.]]), array([0.5]))
    """

    names: tuple[str, ...] = ("y",)
    flat: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))

    @staticmethod
    def of(labels: Any, *, what: Origin = Y) -> Numbers:
        """The targets in labels [N] or [N, M]; M names are those of a DataFrame's columns."""
        values = _floats(labels, what)
        if np.isnan(values).all():
            raise InputError(f"{what} contains NaN only: expected a number for some of the examples")
        if isinstance(labels, pd.DataFrame):
            return Numbers(tuple(map(str, labels.columns)), flat=False)
        flat = values.ndim == 1
        name = str(labels.name) if isinstance(labels, pd.Series) and labels.name is not None else what.name
        count = 1 if flat else values.shape[1]
        return Numbers((name,) if flat else tuple(f"{name}{k + 1}" for k in range(count)), flat)

    def __len__(self) -> int:
        return len(self.names)

    def encode(self, labels: Any, *, what: Origin = Y) -> npt.NDArray[np.float64]:
        """Numbers [N, M] of labels [N] or [N, M], NaN where missing.

        Errors: InputError for text, infinite numbers and another M, with the row.
        """
        values = _floats(labels, what)
        values = values.reshape(len(values), -1) if values.ndim == 1 else values
        if values.shape[1] != len(self.names):
            raise InputError(f"{what} has {counted(values.shape[1], 'column')}: expected {len(self.names)} as trained")
        return values

    def decode(self, values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """The form in which labels were given, [N] or [N, M], of numbers [N, M]."""
        values = np.asarray(values, dtype=np.float64)
        return values[:, 0] if self.flat else values


def _floats(labels: Any, what: Origin) -> npt.NDArray[np.float64]:
    if labels is None:
        raise InputError(f"a regressor requires y to be passed, but the target {what} is None: give numbers")
    values = labels.to_numpy() if isinstance(labels, pd.DataFrame) else _array(labels, what)
    if values.ndim > 2 or not values.shape[-1]:
        raise InputError(f"{what} has shape {values.shape}: expected a number per example, [N], or several, [N, M]")
    if values.dtype.kind not in "biuf":
        values = _converted(values, what)
    values = values.astype(np.float64)
    if np.isinf(values).any():
        infinite = np.isinf(values) if values.ndim == 1 else np.isinf(values).any(axis=1)
        rows = counted(int(infinite.sum()), "such row")
        raise InputError(
            f"{what} contains infinity in row {what.row(infinite.argmax())} ({rows}): correct it, or leave it empty "
            "if it is missing"
        )
    return values


def _array(labels: Any, what: Origin) -> npt.NDArray:
    if isinstance(labels, list | tuple) and len(labels) and isinstance(labels[0], list | tuple | np.ndarray):
        if len({np.size(row) for row in labels}) > 1:
            raise InputError(f"{what} holds rows of different lengths: expected as many numbers for every example")
        return np.array(labels)
    return flat_values(labels, what)


def _converted(values: npt.NDArray, what: Origin) -> npt.NDArray:
    """Objects as numbers; refuses texts, also those that look like numbers."""
    cells = values.reshape(len(values), -1)
    for column in cells.T:
        found = pd.api.types.infer_dtype(column, skipna=True)
        if found not in ("integer", "floating", "mixed-integer-float", "boolean", "decimal", "empty"):
            row = next((k for k, v in enumerate(column) if not pd.isna(v) and not isinstance(v, int | float)), 0)
            raise InputError(
                f"{what} holds {column[row]!r} ({type(column[row]).__name__}) in row {what.row(row)}: expected "
                "numbers; convert them, or predict classes with a classifier (recurra classify --label)"
            )
    return pd.DataFrame(cells).apply(pd.to_numeric).to_numpy(dtype=np.float64, na_value=np.nan).reshape(values.shape)
