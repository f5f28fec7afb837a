"""Numbers that stand for a missing value, such as -999: found and told, never changed unless the user declares them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.files.numbers import number_pattern
from recurra.language import _
from recurra.options import option

_LEAST = 2  # times that such a number occurs
_OTHERS = 3  # different values beside it
_APART = 0.5  # of the range of the others, by which it is outside
_LARGER = 1.5  # times the largest of the others
_MOST = 3  # such numbers that are looked for on either side
# The limits of integers, and what netCDF and GRIB files are filled with.
_FILLS = (-32768, 32767, 65535, -2147483648, 2147483647, 4294967295, 9.969209968386869e36, 1e20, -1e20, 1e30, -1e30)


@dataclass(frozen=True)
class Sentinel:
    """A `value` that occurs `count` times in a column of numbers, far outside `low` to `high`, where the others lie."""

    value: float
    count: int
    low: float
    high: float


def find_sentinels(values: npt.NDArray) -> list[Sentinel]:
    """The numbers in a column [N] that are written as a missing value is, repeat, and lie far outside the others.

    >>> find_sentinels(np.array([20.5, -999.0, 21.0, 19.5, -999.0, 22.0]))
    [Sentinel(value=-999.0, count=2, low=19.5, high=22.0)]
    """
    if not len(values) or not (_is_sentinel(np.fmin.reduce(values)) or _is_sentinel(np.fmax.reduce(values))):
        return []
    distinct, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    first, last = 0, len(distinct)
    ends: list[int] = []
    for _unused in range(_MOST):
        if first < last and _is_sentinel(distinct[first]):
            ends.append(first)
            first += 1
        if first < last and _is_sentinel(distinct[last - 1]):
            ends.append(last - 1)
            last -= 1
    while ends:  # those nearest to the others may be ordinary values
        others = np.delete(distinct, ends)
        if len(others) < _OTHERS:
            return []
        low, high = float(others[0]), float(others[-1])
        beside = [k for k in ends if counts[k] < _LEAST or not _outside(float(distinct[k]), low, high)]
        if not beside:
            return [Sentinel(float(distinct[k]), int(counts[k]), low, high) for k in sorted(ends)]
        ends = [k for k in ends if k not in beside]
    return []


def _outside(value: float, low: float, high: float) -> bool:
    """Whether a number is far from all others, which lie from `low` to `high`: beyond them, and of another size."""
    apart = max(low - value, value - high) > _APART * (high - low)
    return apart and (abs(value) > _LARGER * max(abs(low), abs(high)) or (value < 0 <= low))


def sentinel_notes(frame: pd.DataFrame) -> list[str]:
    """A remark about each column of numbers that seems to hold such numbers, with the option that declares them."""
    notes = []
    for name in frame.columns:
        for found in find_sentinels(_numbers(frame[name])):
            value, rows = (
                f"{found.value:.10g}",
                _("{count:,} of {n_frame:,} rows", count=found.count, n_frame=len(frame)),
            )
            notes.append(
                _(
                    "column {name!r} holds {value} in {rows}, and otherwise {low:.6g} to {high:.6g}; if that "
                    "means missing, pass {missing_option}",
                    name=name,
                    value=value,
                    rows=rows,
                    low=found.low,
                    high=found.high,
                    missing_option=option("missing", value),
                )
            )
    return notes


def declared_numbers(words: Iterable[str]) -> tuple[float, ...]:
    """The numbers among the user's words for a missing value.

    >>> declared_numbers(["void", "-999", "-99,9"])
    (-999.0, -99.9)
    """
    plain = (word.strip().replace(",", ".") for word in words)
    return tuple(float(word) for word in plain if number_pattern(".").match(word))


def without_declared(frame: pd.DataFrame, numbers: tuple[float, ...]) -> pd.DataFrame:
    """The frame with NaN for the declared `numbers`, by value: -999 is also -999.00."""
    replaced = {}
    for name in frame.columns if numbers else ():
        values = _numbers(frame[name])
        missing = np.isin(values, np.array(numbers, dtype=values.dtype if values.dtype.kind == "f" else np.float64))
        if missing.any():
            replaced[name] = np.where(
                missing, np.nan, values if values.dtype.kind == "f" else values.astype(np.float64)
            )
    return frame.assign(**replaced) if replaced else frame


def _numbers(column: pd.Series) -> npt.NDArray:
    """The values of a column of numbers; of any other one none."""
    kind = column.dtype
    if not isinstance(kind, np.dtype) or kind.kind not in "iuf":
        return np.empty(0)
    return column.to_numpy()


def _is_sentinel(value: float) -> bool:
    """Whether a number is written as those for missing values are: -999, 9999, -99.9, 8888, 1e20."""
    if not np.isfinite(value):
        return False
    if any(np.isclose(value, fill, rtol=1e-6, atol=0) for fill in _FILLS):
        return True
    digits = f"{abs(value):.7g}".replace(".", "").strip("0")
    return len(set(digits)) == 1 and (digits[0], min(len(digits), 3)) in (("9", 2), ("9", 3), ("8", 3), ("7", 3))
