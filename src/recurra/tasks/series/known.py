"""By which rows that were learnt are known again without them: hashes of runs of rows, end to end in each series."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recurra.data.examples.containment import Hashes
from recurra.tasks.series.rows import Floats, Ints, Rows

_RUN = 24  # rows of a run, or of a usual series where that is shorter
_MIXED = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))  # Steele et al. (2014), SplitMix64
_COLUMN = np.uint64(0x9E3779B97F4A7C15)


def run_of(lengths: Ints) -> int:
    """Rows of a run, where series of these lengths were learnt."""
    return min(_RUN, int(np.median(lengths)))


def prints_of(rows: Rows, run: int) -> Ints:
    """Hashes of the runs of `run` rows, in rising order; of those in which anything changes."""
    starts, ends = rows.ends[:-1], rows.ends[1:]
    places = [np.arange(start, end - run + 1, run) for start, end in zip(starts, ends, strict=True)]
    return np.unique(_runs(rows, np.concatenate(places), run)[0])


def known_share(rows: Rows, prints: Ints, run: int) -> float:
    """Which share of `rows` stands in runs whose hashes are among `prints`."""
    starts, ends = rows.ends[:-1], rows.ends[1:]
    places = [np.arange(start, max(start, end - run + 1)) for start, end in zip(starts, ends, strict=True)]
    own, places = _runs(rows, np.concatenate(places), run)
    edges = np.zeros(len(rows) + 1, dtype=np.int64)
    at = places[np.isin(own, prints)]
    np.add.at(edges, at, 1)
    np.add.at(edges, at + run, -1)
    return float((np.cumsum(edges[:-1]) > 0).mean())


def _runs(rows: Rows, places: Ints, run: int) -> tuple[Ints, Ints]:
    """The hashes of runs from `places` on in which anything changes, and those places."""
    codes = _codes(rows.values)
    changes = np.concatenate([[0], np.cumsum(codes[1:] != codes[:-1])])
    places = places[changes[places + run - 1] > changes[places]]
    return Hashes(codes).of(places, run).view(np.int64), places


def _codes(values: Floats) -> npt.NDArray[np.uint64]:
    """A number for each row [N]; numbers of few digits differ in few bits, hence the mixing."""
    found = np.zeros(len(values), dtype=np.uint64)
    for column in (values + 0.0).T:  # there is no -0.0 then
        found = found * _COLUMN + np.ascontiguousarray(column, dtype=np.float64).view(np.uint64)
        for shift, factor in _MIXED:
            found = (found ^ (found >> np.uint64(shift))) * np.uint64(factor)
    return found
