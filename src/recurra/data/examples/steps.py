"""Numeric series of different lengths: from arrays [T] or [T, F] per example to one checked array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.ragged import Ragged, offsets_of
from recurra.data.schema.names import counted
from recurra.errors import InputError
from recurra.language import _, listing

MOST_STEPS = 1_000_000  # of one sequence: its states alone would fill the memory


@dataclass(frozen=True, eq=False)
class Steps:
    """N numeric series of F features.

    `values` [N_total, F] float32 or float64, NaN where missing; `names` of the F features; `times` [N_total] float64
    in seconds, not decreasing within a series, or None where there are none. A missing series has no step. Of
    recordings `origins` are the sample rates [Hz] at which they came, and how many came at each.
    """

    values: Ragged
    names: tuple[str, ...]
    times: Ragged | None = None
    origins: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    def take(self, numbers: npt.ArrayLike) -> Steps:
        """The series of these numbers, in this order."""
        times = None if self.times is None else self.times.take(numbers)
        return Steps(self.values.take(numbers), self.names, times, self.origins)


def read_steps(
    cells: npt.NDArray | Sequence[Any], name: str, times: Any = None, features: tuple[str, ...] = ()
) -> Steps:
    """The series in `cells`: an array [N, T] or [N, T, F], or N arrays [T] or [T, F] (None where missing).

    `times` are N arrays [T] of seconds or dates; `features` the names of the features, where they have some. Errors:
    InputError for what is no number, infinite, of another number of features than the first, or longer than a million
    steps; with row and step.

    >>> steps = read_steps([np.array([[1.0, 2.0]]), np.zeros((2, 2))], "walk")
    >>> steps.values.lengths, steps.names
    (array([1, 2]), ('1', '2'))
    """
    if isinstance(cells, np.ndarray) and cells.ndim > 1:
        found, names = _rectangular(cells, name), ()
    else:
        found, names = _ragged(cells, name)
    refuse_long(found.lengths, name)
    _refuse_infinite(found, name)
    if features and len(features) != found.values.shape[1]:
        raise InputError(
            _(
                "{name!r} has {features}: expected {n_features}, {names}",
                name=name,
                features=counted(found.values.shape[1], "feature"),
                n_features=len(features),
                names=listing(features),
            )
        )
    names = features or names or tuple(str(k + 1) for k in range(found.values.shape[1]))
    return Steps(found, names, None if times is None else _read_times(times, found, name))


def refuse_long(lengths: npt.NDArray[np.int64], name: str, unit: str = "step") -> None:
    """Raise `InputError` for the first sequence that is longer than a million steps."""
    if len(lengths) and lengths.max() > MOST_STEPS:
        row = int((lengths > MOST_STEPS).argmax())
        raise InputError(
            _(
                "{name!r} is {length} long in row {row}, and a sequence may have at most {most:,}: "
                "cut it into pieces, or keep every k-th step",
                name=name,
                length=counted(int(lengths[row]), unit),
                row=row + 1,
                most=MOST_STEPS,
            )
        )


def place_of(found: Ragged, row: int) -> tuple[int, int]:
    """The sequence and the step, from 0, to which a row of `found.values` belongs."""
    owner = int(np.searchsorted(found.offsets, row, side="right")) - 1
    return owner, row - int(found.offsets[owner])


def _rectangular(array: npt.NDArray, name: str) -> Ragged:
    if array.ndim > 3:
        raise InputError(
            _(
                "{name!r} has shape {shape}: expected [N, T] or [N, T, F], or declare it as Array()",
                name=name,
                shape=array.shape,
            )
        )
    values = _floats(array, name, None)
    count, steps = array.shape[:2]
    width = array.shape[2] if array.ndim == 3 else 1
    if not width:
        raise InputError(
            _("{name!r} has shape {shape}: expected at least one feature in [N, T, F]", name=name, shape=array.shape)
        )
    return Ragged(values.reshape(count * steps, width), np.arange(count + 1, dtype=np.int64) * steps)


def _ragged(cells: npt.NDArray | Sequence[Any], name: str) -> tuple[Ragged, tuple[str, ...]]:
    present = [row for row, cell in enumerate(cells) if not is_missing(cell)]
    arrays = [_floats(cells[row], name, row) for row in present]
    if not arrays:
        raise InputError(_("{name!r} holds no series: expected an array [T] or [T, F] in every row", name=name))
    first = cells[present[0]]
    width = arrays[0].shape[1:]
    odd = next((k for k, array in enumerate(arrays) if array.shape[1:] != width or array.ndim > 2), None)
    if odd is not None:
        expected = (
            "[T, F]"
            if arrays[odd].ndim > 2
            else _("{width} as in row {present}", width=_form(width), present=present[0] + 1)
        )
        raise InputError(
            _(
                "{name!r} holds an array of shape {shape} in row {present}: expected {expected}; every "
                "series must have the same features",
                name=name,
                shape=arrays[odd].shape,
                present=present[odd] + 1,
                expected=expected,
            )
        )
    dtype = np.float32 if all(array.dtype == np.float32 for array in arrays) else np.float64
    values = np.concatenate(arrays, dtype=dtype, casting="same_kind")
    lengths = np.zeros(len(cells), dtype=np.int64)
    lengths[present] = np.fromiter(map(len, arrays), np.int64, len(arrays))
    names = _shared_names(first, cells, present, name) if isinstance(first, pd.DataFrame) else ()
    return Ragged(values.reshape(len(values), *(width or (1,))), offsets_of(lengths)), names


def is_missing(cell: Any) -> bool:
    """Whether a cell that should hold a sequence holds none: None, NaN, NaT or NA."""
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and cell != cell)


def _shared_names(
    first: pd.DataFrame, cells: npt.NDArray | Sequence[Any], present: list[int], name: str
) -> tuple[str, ...]:
    for row in present:
        cell = cells[row]
        if not isinstance(cell, pd.DataFrame) or list(cell.columns) != list(first.columns):
            raise InputError(
                _(
                    "{name!r} has other columns in row {row} than in row {present}: expected {columns} in every row",
                    name=name,
                    row=row + 1,
                    present=present[0] + 1,
                    columns=list(first.columns),
                )
            )
    return tuple(map(str, first.columns))


def _form(width: tuple[int, ...]) -> str:
    return "[T]" if not width else f"[T, {width[0]}]"


def _floats(cell: Any, name: str, row: int | None) -> npt.NDArray[np.floating]:
    """One example (or all, row None) as float32 where it is, else float64; refuses what is no array of numbers."""
    where = "" if row is None else _(" in row {row}", row=row + 1)
    if isinstance(cell, np.ndarray) and cell.dtype in (np.float32, np.float64) and cell.ndim:
        return cell
    try:
        array = np.asarray(cell)
        if array.dtype == object:  # arrays in an array, as Parquet's nested lists become; or missing values
            inner = np.asarray(array.tolist())
            array = np.array(array.tolist(), dtype=np.float64) if inner.dtype == object else inner
    except (ValueError, TypeError) as error:
        raise InputError(
            _(
                "{name!r} holds {cell}{where}, which is no array of numbers [T] or [T, F] ({error}): correct it",
                name=name,
                cell=_short(cell),
                where=where,
                error=error,
            )
        ) from error
    if array.dtype.kind not in "biuf" or array.ndim == 0:
        raise InputError(
            _(
                "{name!r} holds {cell}{where}: expected an array of numbers [T] or [T, F]; convert it to "
                "numbers, or declare the input as Text(), Symbols() or Events()",
                name=name,
                cell=_short(cell),
                where=where,
            )
        )
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def _short(cell: Any) -> str:
    shown = repr(cell)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _refuse_infinite(found: Ragged, name: str) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        suspicious = not np.isfinite(found.values.sum())  # the mask is made only when it is needed
    if suspicious and (infinite := np.isinf(found.values).any(axis=1)).any():
        row, step = place_of(found, int(infinite.argmax()))
        raise InputError(
            _(
                "{name!r} is infinite in row {row} at step {step} ({steps}): use NaN if the value is "
                "missing, or correct it",
                name=name,
                row=row + 1,
                step=step + 1,
                steps=counted(int(infinite.sum()), "such step"),
            )
        )


def _read_times(times: Any, found: Ragged, name: str) -> Ragged:
    """The times of all steps in seconds; of dates, since 1970."""
    if len(times) != len(found):
        raise InputError(
            _(
                "the times of {name!r} are given for {n_times} examples, and there are {n_found}",
                name=name,
                n_times=len(times),
                n_found=len(found),
            )
        )
    arrays = [np.zeros(0) if is_missing(cell) else _seconds(cell, name, row) for row, cell in enumerate(times)]
    read = Ragged.of(arrays)
    wrong = read.lengths != found.lengths
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            _(
                "{name!r} has {steps} and {times} in row {row}: expected one time for each step",
                name=name,
                steps=counted(int(found.lengths[row]), "step"),
                times=counted(int(read.lengths[row]), "time"),
                row=row + 1,
            )
        )
    back = np.diff(read.values) < 0
    back[read.offsets[1:-1][(read.offsets[1:-1] > 0) & (read.offsets[1:-1] < len(read.values))] - 1] = False
    bad = ~np.isfinite(read.values)
    if bad.any() or back.any():
        row, step = place_of(read, int(bad.argmax()) if bad.any() else int(back.argmax()) + 1)
        what = _("is no finite time") if bad.any() else _("lies before the step before it")
        raise InputError(
            _(
                "step {step} of {name!r} in row {row} {what}: sort the steps by time, or correct it",
                step=step + 1,
                name=name,
                row=row + 1,
                what=what,
            )
        )
    return read


def _seconds(cell: Any, name: str, row: int) -> npt.NDArray[np.float64]:
    array = np.asarray(cell)
    if array.dtype.kind in "Mm" or (array.dtype == object and len(array) and isinstance(array[0], pd.Timestamp)):
        index = pd.to_datetime(array.ravel()) if array.dtype.kind != "m" else pd.to_timedelta(array.ravel())
        nanoseconds = index.to_numpy().astype(f"{'timedelta' if array.dtype.kind == 'm' else 'datetime'}64[ns]")
        return np.where(np.isnat(nanoseconds), np.nan, nanoseconds.astype(np.int64) / 1e9)
    values = _floats(cell, _("times of {name}", name=name), row).astype(np.float64)
    return values.reshape(len(values), -1)[:, 0] if values.ndim > 1 and values.shape[1] == 1 else values
