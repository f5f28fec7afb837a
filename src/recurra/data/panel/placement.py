"""Where each row of a file goes: sorted by series and time, repeated times averaged, gaps left open.

The plan is made once from the position of every row; columns then go through it one at a time, so that no more than
one of them is in memory twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]
Rows = npt.NDArray[np.integer] | slice


@dataclass(frozen=True, eq=False)
class Order:
    """The distinct (series, position) pairs in order, and the rows behind each.

    `rows` [n] are the file's rows in order, None if they are so already; `first` [u] is where each pair begins among
    them, None if none repeats; `codes` [u] and `positions` [u] are the pairs.
    """

    rows: Ints | None
    first: Ints | None
    codes: npt.NDArray[np.integer]
    positions: Ints

    def without_positions(self) -> Order:
        """What places columns: they need no positions, which are a quarter of eight columns of float32."""
        return replace(self, positions=self.positions[:0].copy())

    def numbers(self, column: Floats) -> Floats:
        """A column [n] -> its values per pair [u]; the mean of what is not missing where a pair repeats."""
        values = column if self.rows is None else column[self.rows]
        if self.first is None:
            return values
        counts = np.diff(self.first, append=len(values))
        result = values[self.first].copy()
        several = np.flatnonzero(counts > 1)
        begin, rest = self.first[several], counts[several]
        inside = _ranges(begin, rest)
        part = values[inside].astype(np.float64)
        seen = ~np.isnan(part)
        starts = np.cumsum(rest) - rest
        total = np.add.reduceat(np.where(seen, part, 0.0), starts)
        number = np.add.reduceat(seen.astype(np.int64), starts)
        result[several] = np.where(number > 0, total / np.maximum(number, 1), np.nan)
        return result

    def codes_at(self, column: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
        """Category codes [n] -> per pair [u]: the smallest that is not missing, which no order of the rows changes."""
        values = column if self.rows is None else column[self.rows]
        if self.first is None:
            return values
        largest = np.iinfo(values.dtype).max
        least = np.minimum.reduceat(np.where(values < 0, largest, values), self.first)
        return np.where(least == largest, -1, least).astype(values.dtype)

    def disagreeing(self, column: Floats) -> int:
        """How many repeated pairs have rows with different values in `column` [n]."""
        if self.first is None:
            return 0
        values = column if self.rows is None else column[self.rows]
        highest, lowest = (part.reduceat(values, self.first) for part in (np.fmax, np.fmin))
        return int((highest != lowest)[~np.isnan(highest)].sum())


@dataclass(frozen=True, eq=False)
class Placement:
    """From the pairs of an `Order` to the rows of a panel. `kept` [S] are the series that the panel has."""

    kept: npt.NDArray[np.integer]
    start: Ints
    offsets: Ints
    known_offsets: Ints
    taken: Rows  # pairs that lie between the first and last observed target
    rows: Rows  # their rows in the panel
    known_taken: Rows
    known_rows: Rows

    @property
    def filled(self) -> int:
        """How many rows of the panel come from the file; the others are gaps."""
        return int(self.offsets[-1]) if isinstance(self.rows, slice) else len(self.rows)


def order_rows(codes: npt.NDArray[np.integer], positions: Ints) -> Order:
    """Sort rows by (series, position), unless they are sorted already."""
    low = int(positions.min())
    span = int(positions.max()) - low + 1
    if span * (int(codes.max()) + 1) < 2**62:
        key = codes.astype(np.int64)
        key *= span
        key += positions - low
        steps = np.diff(key)
        rows = None
        if (steps < 0).any():
            rows = np.argsort(key, kind="stable")
            steps = np.diff(key[rows])
        repeated = steps == 0
    else:
        rows = np.lexsort((positions, codes))
        repeated = (np.diff(codes[rows]) == 0) & (np.diff(positions[rows]) == 0)
    if rows is not None:
        codes, positions = codes[rows], positions[rows]
    if not repeated.any():
        return Order(rows, None, codes, positions)
    first = np.flatnonzero(np.concatenate([[True], ~repeated]))
    return Order(rows, first, codes[first], positions[first])


def place_rows(
    order: Order,
    observed: npt.NDArray[np.bool_],
    future: npt.NDArray[np.bool_],
    count: int,
    *,
    continues: bool = False,
) -> Placement:
    """The plan for `count` series. `observed` [u]: the target is there; `future` [u]: a known covariate is.

    A series without an observed target is left out, unless the table `continues` an older one and holds what is known
    of the series' future: then it has no row of its target and begins where that begins.
    """
    codes, positions = order.codes, order.positions
    rows = np.flatnonzero(observed)
    sorted_codes = codes[rows]
    first = np.flatnonzero(_begins(sorted_codes))
    kept = sorted_codes[first]
    del sorted_codes
    last = np.append(first[1:], len(rows))[: len(first)] - 1
    start, stop = np.zeros(count, dtype=np.int64), np.full(count, -1, dtype=np.int64)  # no rows, at first
    start[kept], stop[kept] = positions[rows[first]], positions[rows[last]]
    has = np.zeros(count, dtype=bool)
    has[kept] = True
    if continues:
        ahead = np.flatnonzero(future & ~has[codes])
        more, first = np.unique(codes[ahead], return_index=True)
        start[more] = positions[ahead[first]]
        stop[more] = start[more] - 1
        has[more] = True
        kept = np.flatnonzero(has)
    known_stop = stop.copy()
    if future.any():
        np.maximum.at(known_stop, codes[future], positions[future])
    known_stop = np.where(has, known_stop, stop)  # a series that is left out is so with its covariates
    offsets, taken, target_rows = _fit(codes, positions, start, stop)
    if future.any():
        known_offsets, known_taken, known_rows = _fit(codes, positions, start, known_stop)
    else:
        known_offsets, known_taken, known_rows = offsets, taken, target_rows
    keep = np.concatenate([kept, [count]])
    return Placement(kept, start[kept], offsets[keep], known_offsets[keep], taken, target_rows, known_taken, known_rows)


def _fit(codes: npt.NDArray[np.integer], positions: Ints, start: Ints, stop: Ints) -> tuple[Ints, Rows, Rows]:
    """Offsets of the series [S + 1], the pairs taken and the rows they go to; slices where that is all of them."""
    offsets = np.concatenate([[0], np.cumsum(stop - start + 1)])
    first = np.flatnonzero(_begins(codes))
    last = np.concatenate([first[1:], [len(codes)]]) - 1
    owner = codes[first]
    if (
        offsets[-1] == len(codes)
        and (positions[first] == start[owner]).all()
        and (positions[last] == stop[owner]).all()
    ):
        return offsets, slice(None), slice(None)
    kind = np.int32 if max(len(codes), int(offsets[-1])) < 2**31 else np.int64
    taken = np.flatnonzero((positions >= start[codes]) & (positions <= stop[codes])).astype(kind)
    owner = codes[taken]
    return offsets, taken, ((offsets[:-1] - start)[owner] + positions[taken]).astype(kind)


def spread(values: npt.NDArray, taken: Rows, rows: Rows, out: npt.NDArray) -> None:
    """Write pairs' values [u] to their panel rows in `out` [N], a column that is filled with "missing" before."""
    out[rows] = values[taken]


def _begins(codes: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """Whether a code [n] is another than the one before it."""
    found = np.ones(len(codes), dtype=bool)
    np.not_equal(codes[1:], codes[:-1], out=found[1:])
    return found


def _ranges(first: Ints, count: Ints) -> Ints:
    begin = np.cumsum(count) - count
    return np.arange(int(count.sum())) + np.repeat(first - begin, count)
