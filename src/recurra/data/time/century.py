"""Which century two-digit years mean: the one in which the file is in order, makes no gap and does not lie ahead."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt

Stamps = npt.NDArray[np.datetime64]

_AHEAD = 10  # years from today into which a file may reach, with plans or with what is known in advance
_SAMPLE = 5000  # stamps, evenly spaced, that are put in order
_UNSORTED = 0.1  # share of steps backwards, above which the order of the file says nothing


def settled_century(stamps: Stamps) -> int:
    """The first of the hundred years in which the two digits of `stamps` [n], in the order of the file, are read.

    Of all of them those that begin after today or end more than ten years later come last; then the one with the fewest
    steps backwards wins, then the shortest range of years, then the latest.

    >>> settled_century(np.array(["2060-01-01", "2068-12-01", "1969-01-01", "1975-12-01"], dtype="datetime64[us]"))
    1960
    """
    stamps = stamps[~np.isnat(stamps)]
    if not len(stamps):
        return 1969
    stamps = stamps[:: max(1, len(stamps) // _SAMPLE)]
    today = date.today().year
    digits = np.unique(_years(stamps) % 100)
    candidates = []
    for pivot in (century + int(first) for century in (1900, 2000) for first in digits):
        placed = in_century(stamps, pivot)
        placed = placed[~np.isnat(placed)]
        years = _years(placed)
        lies_ahead = bool(len(placed) < len(stamps) or years.min() > today or years.max() > today + _AHEAD)
        backwards = steps_backwards(placed)
        tangled = backwards if backwards <= _UNSORTED * len(placed) else len(placed)
        candidates.append((lies_ahead, tangled, int(years.max() - years.min()), -pivot))
    return -min(candidates)[3]


def in_century(stamps: Stamps, pivot: int) -> Stamps:
    """Stamps moved by whole centuries into the hundred years from `pivot` on; NaT where there is no such day."""
    missing = np.isnat(stamps)
    months = np.where(missing, np.datetime64(0, "M"), stamps.astype("datetime64[M]"))
    years = months.astype("datetime64[Y]").astype(np.int64) + 1970
    moved = months + ((years - pivot) % 100 + pivot - years) * 12
    result = moved.astype("datetime64[us]") + (stamps - months.astype("datetime64[us]"))
    return np.where(result.astype("datetime64[M]") == moved, result, np.datetime64("NaT", "us"))  # 29 February 1900


def steps_backwards(stamps: Stamps) -> int:
    """The steps between neighbours that run against the others; none in a file in order, newest first or last."""
    steps = np.diff(stamps.astype(np.int64))
    return int(min((steps < 0).sum(), (steps > 0).sum()))


def _years(stamps: Stamps) -> npt.NDArray[np.int64]:
    return stamps.astype("datetime64[Y]").astype(np.int64) + 1970
