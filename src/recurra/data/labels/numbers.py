"""Numbers to predict: one or several per example."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.files.missing import MISSING_WORDS
from recurra.data.labels.label_values import Origin, Y, flat_values
from recurra.data.schema.names import counted
from recurra.errors import InputError
from recurra.language import _

_LEAST, _LARGEST = 1e-305, 1e300  # beyond them digits are lost, or sums overflow
_EXACT = 2.0**53  # up to which float64 holds every whole number
_DIGITS = 15  # longer ones may be beyond it
_BEYOND = 1e308  # a whole number may be larger than any float
_RESOLVED = 1e-12  # of their size: what differs by less is rounding error as far as `moments` can tell


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
        """The targets in labels [N] or [N, M]; M names are those of a DataFrame's columns.

        Errors: as `encode`, and InputError for numbers so small, or so alike for their size, that float64 loses them.
        """
        cells = _cells(labels, what)
        values = _floats(cells)
        if np.isnan(values).all():
            raise InputError(_("{what} contains NaN only: expected a number for some of the examples", what=what))
        for column, numbers in zip(_columns(cells), _columns(values), strict=True):
            _refuse_lost(column, numbers, what)
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

        Errors: InputError for text, infinite numbers, those beyond 1e300 and another M, with the row.
        """
        values = _floats(_cells(labels, what))
        values = values.reshape(len(values), -1) if values.ndim == 1 else values
        if values.shape[1] != len(self.names):
            raise InputError(
                _(
                    "{what} has {columns}: expected {n_names} as trained",
                    what=what,
                    columns=counted(values.shape[1], "column"),
                    n_names=len(self.names),
                )
            )
        return values

    def decode(self, values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """The form in which labels were given, [N] or [N, M], of numbers [N, M]."""
        values = np.asarray(values, dtype=np.float64)
        return values[:, 0] if self.flat else values


def _cells(labels: Any, what: Origin) -> npt.NDArray:
    """Labels as they came, [N] or [N, M], all of them numbers or missing."""
    if labels is None:
        raise InputError(
            _("a regressor requires y to be passed, but the target {what} is None: give numbers", what=what)
        )
    values = labels.to_numpy() if isinstance(labels, pd.DataFrame) else _array(labels, what)
    if values.ndim > 2 or not values.shape[-1]:
        raise InputError(
            _(
                "{what} has shape {shape}: expected a number per example, [N], or several, [N, M]",
                what=what,
                shape=values.shape,
            )
        )
    if values.dtype.kind not in "biuf":
        _refuse_texts(values, what)
    _refuse_far(values, what)
    return values


def _columns(values: npt.NDArray) -> npt.NDArray:
    return values.reshape(len(values), -1).T


def _array(labels: Any, what: Origin) -> npt.NDArray:
    if isinstance(labels, list | tuple) and len(labels) and isinstance(labels[0], list | tuple | np.ndarray):
        if len({np.size(row) for row in labels}) > 1:
            raise InputError(
                _("{what} holds rows of different lengths: expected as many numbers for every example", what=what)
            )
        return np.array(labels)
    return flat_values(labels, what)


def _refuse_texts(values: npt.NDArray, what: Origin) -> None:
    """Also those that look like numbers."""
    for column in _columns(values):
        found = pd.api.types.infer_dtype(column, skipna=True)
        if found not in ("integer", "floating", "mixed-integer-float", "boolean", "decimal", "empty"):
            others = [k for k, v in enumerate(column) if not pd.isna(v) and not isinstance(v, int | float)]
            row = _first_odd(column, others) if others else 0
            whole = str(column[row]).strip("+-").isdigit() and len(str(column[row])) > _DIGITS
            remedy = _("write such whole numbers with a decimal point") if whole else _("convert them")
            raise InputError(
                _(
                    "{what} holds {column!r} ({type}) in row {row}: expected numbers; {remedy}, or predict "
                    "classes with a classifier",
                    what=what,
                    column=column[row],
                    type=type(column[row]).__name__,
                    row=what.row(row),
                    remedy=remedy,
                )
            )


def _first_odd(column: npt.NDArray, rows: list[int]) -> int:
    """The first of some rows with what made a table keep its column as text: a word, or a whole number beyond 2^53.

    A word for a missing value, such as "n/a", is it only where there is nothing else.
    """
    cells = [str(column[row]) for row in rows]
    odd = ~(pd.to_numeric(pd.Series(cells), errors="coerce").abs().to_numpy(np.float64) <= _EXACT)
    telling = odd & [cell.strip().lower() not in MISSING_WORDS for cell in cells]
    return rows[int((telling if telling.any() else odd).argmax())]


def _refuse_far(values: npt.NDArray, what: Origin) -> None:
    exact = values if values.dtype == object else values.astype(np.float64)
    far = np.array(np.abs(np.where(pd.isna(exact), 0, exact)) > _LARGEST, dtype=bool).reshape(len(values), -1)
    if far.any():
        first, rows = int(far.any(axis=1).argmax()), counted(int(far.any(axis=1).sum()), "such row")
        value = _columns(exact)[far[first].argmax(), first]
        place = _("in row {row} ({rows})", row=what.row(first), rows=rows)
        if abs(value) == np.inf:
            raise InputError(
                _(
                    "{what} contains infinity {place}: correct it, or leave it empty if it is missing",
                    what=what,
                    place=place,
                )
            )
        found = f"{float(value):g}" if abs(value) < _BEYOND else _("a number beyond {beyond:g}", beyond=_BEYOND)
        raise InputError(
            _(
                "{what} contains {found} {place}: expected numbers up to {largest:g}; divide all by a "
                "constant, or take logarithms",
                what=what,
                found=found,
                place=place,
                largest=_LARGEST,
            )
        )


def _refuse_lost(cells: npt.NDArray, numbers: npt.NDArray[np.float64], what: Origin) -> None:
    """Numbers of one target [N], as they came and as float64, that differ by nothing that could be learnt."""
    rows = np.flatnonzero(~np.isnan(numbers))
    if not len(rows):
        return
    least, most = rows[cells[rows].argmin()], rows[cells[rows].argmax()]
    if cells[least] == cells[most]:
        return
    size = float(np.abs(numbers[rows]).max())
    between = _(
        "{what} goes from {cell} in row {row} to {high} in row {row2}",
        what=what,
        cell=cells[least],
        row=what.row(least),
        high=cells[most],
        row2=what.row(most),
    )
    if size < _LEAST:
        raise InputError(
            _(
                "{between}: expected some beyond {least:g}; multiply all by a constant, or take logarithms",
                between=between,
                least=_LEAST,
            )
        )
    if numbers[most] - numbers[least] <= _RESOLVED * size:
        raise InputError(
            _(
                "{between}, which float64 can hardly distinguish: subtract {cell} from all, and add "
                "it to the predictions",
                between=between,
                cell=cells[least],
            )
        )


def _floats(cells: npt.NDArray) -> npt.NDArray[np.float64]:
    if cells.dtype.kind in "biuf":
        return cells.astype(np.float64)
    table = pd.DataFrame(cells.reshape(len(cells), -1)).apply(pd.to_numeric)
    return table.to_numpy(dtype=np.float64, na_value=np.nan).reshape(cells.shape)
