"""The checked frame: many series on one regular grid of time, as flat arrays.

A missing value is NaN (numbers) or -1 (category codes). Nothing is invented here: gaps stay gaps, and the
network sees a mask. Series s owns the rows `rows(s)` of `target` and `past`, and the rows `known_rows(s)` of `known`,
which may reach beyond the last target. As a table is read they lie end to end. A part of a panel (`cut`, `tail`) shares
its arrays, of which it owns fewer rows: whoever takes an array as a whole takes that of `packed()`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from recurra.checking import require
from recurra.data.time.counting import DEFAULT, Counting
from recurra.data.time.grid import Grid
from recurra.data.time.zones import check_zone

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

ARRAYS = ("start", "offsets", "target", "past", "past_codes", "known_offsets", "known", "known_codes", "static")
ARRAYS += ("static_codes",)  # the fields of a Panel that are arrays
LAYOUTS = ("long", "wide-rows", "wide-columns")
_FARTHEST = 1 << 52  # steps from position 0 of a grid
_WIDEST = 1 << 28  # steps from the first series to the last, of whose calendar a table is made


@dataclass(frozen=True)
class Schema:
    """Which column plays which part; stored in the model file, so that a later file is read the same way.

    `categories` maps each categorical column (past, known or static) to its values, in code order. `ignore` names
    columns that a later file is read without: in a wide table any other column of numbers is a series or a step.
    `counting` says how the steps of `freq` are counted, `whole_series` which columns of series are whole numbers.
    `holidays` are countries whose holidays are known in advance in every series, `holidays_by` the static column
    (or that of the series) that names each series' own, `month_ends` says that the first and last days of
    months stand out.
    """

    target: str
    time: tuple[str, ...] = ()
    series: str | None = None
    layout: str = "long"  # one of LAYOUTS
    past: tuple[str, ...] = ()
    past_categorical: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    known_categorical: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    static_categorical: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    time_format: str | None = None
    freq: str | None = None
    tz: str | None = None
    counting: Counting = DEFAULT
    whole_series: tuple[str, ...] = ()
    holidays: tuple[str, ...] = ()
    holidays_by: str | None = None
    month_ends: bool = False

    @property
    def has_events(self) -> bool:
        """Whether days are told apart by holidays or ends of months."""
        return bool(self.holidays) or self.holidays_by is not None or self.month_ends

    def check(self) -> None:
        """Refuse a layout or a zone that there is not, and categories of other columns."""
        require(self.layout in LAYOUTS, f"a layout {self.layout!r}: expected one of {', '.join(LAYOUTS)}")
        if self.tz is not None:
            check_zone(self.tz)
        columns = (*self.past_categorical, *self.known_categorical, *self.static_categorical)
        require(set(columns) == set(self.categories), "the categories are not those of the columns")
        by = (None, self.series, *self.static_categorical)
        require(self.holidays_by in by, f"holidays by {self.holidays_by!r}, which is no column of series")


@dataclass(frozen=True, eq=False)
class Panel:
    """S series, N rows in all; the contract between `data` and everything after it.

    Shapes: `start` [S] grid position of a series' first row; `offsets` [S+1]; `target` [N]; `past` [N, P];
    `past_codes` [N, C]; `known_offsets` [S+1]; `known` [M, K]; `known_codes` [M, D]; `static` [S, A];
    `static_codes` [S, E]. `build_panel` ends every series at its last observed target, and one without any has no row;
    after `cut` the last rows may be missing. `known` of a series has at least as many rows as its target, aligned at
    the first. A series begins at its offset and ends where the next one begins, or, in a part of a panel, at its
    `ends` [S] and `known_ends` [S].
    """

    schema: Schema
    grid: Grid
    series: tuple[str, ...]
    start: Ints
    offsets: Ints
    target: Floats
    past: Floats
    past_codes: Ints
    known_offsets: Ints
    known: Floats
    known_codes: Ints
    static: Floats
    static_codes: Ints
    ends: Ints | None = None
    known_ends: Ints | None = None

    def check(self) -> None:
        """Refuse arrays of other shapes, types and ranges than the schema and each other imply."""
        schema, s = self.schema, len(self.series)
        rows, known_rows = len(self.target), len(self.known)
        for name, shape, kind in (
            ("start", (s,), "i"),
            ("offsets", (s + 1,), "i"),
            ("target", (rows,), "f"),
            ("past", (rows, len(schema.past)), "f"),
            ("past_codes", (rows, len(schema.past_categorical)), "i"),
            ("known_offsets", (s + 1,), "i"),
            ("known", (known_rows, len(schema.known)), "f"),
            ("known_codes", (known_rows, len(schema.known_categorical)), "i"),
            ("static", (s, len(schema.static)), "f"),
            ("static_codes", (s, len(schema.static_categorical)), "i"),
        ):
            array = getattr(self, name)
            fits = array.shape == shape and array.dtype.kind == kind
            require(fits, f"the stored {name} is of shape {array.shape} and {array.dtype}")
        require(not schema.counting.opening or schema.counting == self.grid.counting, "the opening hours differ")
        require(s > 0 and len(set(self.series)) == s, "the names of the series are not distinct")
        require(
            self.ends is None
            and self.known_ends is None
            and self.offsets[0] == self.known_offsets[0] == 0
            and self.offsets[-1] == rows
            and self.known_offsets[-1] == known_rows
            and bool((self.lengths > 0).all() and (self.known_lengths >= self.lengths).all()),
            "the stored series do not lie end to end",
        )
        near = (self.start > -_FARTHEST) & (self.start < _FARTHEST)  # the absolute value of -2**63 is -2**63
        require(bool(near.all()), "a stored series begins beyond all times")
        span = int((self.start + self.lengths).max() - self.start.min())
        require(span <= _WIDEST, f"the stored series span {span:,} steps, more than were ever in memory")
        for codes, names in (
            (self.past_codes, schema.past_categorical),
            (self.known_codes, schema.known_categorical),
            (self.static_codes, schema.static_categorical),
        ):
            most = np.array([len(schema.categories[name]) for name in names], dtype=np.int64)
            require(bool(((codes >= -1) & (codes < most)).all()), "a stored category is not among the categories")

    def __len__(self) -> int:
        return len(self.series)

    @property
    def lengths(self) -> Ints:
        """Rows of each series [S]."""
        return (self.offsets[1:] if self.ends is None else self.ends) - self.offsets[:-1]

    @property
    def known_lengths(self) -> Ints:
        """Rows of each series [S] in `known`."""
        return (self.known_offsets[1:] if self.known_ends is None else self.known_ends) - self.known_offsets[:-1]

    def rows(self, s: int) -> slice:
        """The rows of series `s` in `target`, `past` and `past_codes`."""
        return slice(int(self.offsets[s]), int(self.offsets[s + 1] if self.ends is None else self.ends[s]))

    def known_rows(self, s: int) -> slice:
        """The rows of series `s` in `known` and `known_codes`."""
        end = self.known_offsets[s + 1] if self.known_ends is None else self.known_ends[s]
        return slice(int(self.known_offsets[s]), int(end))

    def values(self, s: int) -> Floats:
        """The target of series `s` [n], a view."""
        return self.target[self.rows(s)]

    def cut(self, ends: Ints, horizon: int = 0) -> Panel:
        """The panel as it was known after `ends[s]` rows of each series; known-future rows reach `horizon` further.

        Categories that had not been seen by then are forgotten, and series of no rows are dropped: what comes after
        the cut belongs to no series of the result.
        """
        ends = np.minimum(np.asarray(ends, dtype=np.int64), self.lengths)
        known_ends = np.minimum(ends + horizon, self.known_lengths)
        panel = self._part(np.zeros_like(ends), ends, known_ends)
        return panel.recoded(panel._seen_categories())

    def tail(self, rows: int) -> Panel:
        """The last `rows` rows of every series, or all there are, and what is known of the time after them."""
        first = np.maximum(self.lengths - rows, 0)
        return self._part(first, self.lengths, self.known_lengths)

    def packed(self) -> Panel:
        """The panel in arrays that hold the rows of its series, end to end, and no others; itself where they do."""
        if self.ends is None and self.known_ends is None:
            return self
        rows, known = (self.offsets[:-1], self.lengths), (self.known_offsets[:-1], self.known_lengths)
        return replace(
            self,
            offsets=np.concatenate([[0], np.cumsum(self.lengths)]),
            ends=None,
            known_offsets=np.concatenate([[0], np.cumsum(self.known_lengths)]),
            known_ends=None,
            **{name: _stretches(getattr(self, name), *rows) for name in ("target", "past", "past_codes")},
            **{name: _stretches(getattr(self, name), *known) for name in ("known", "known_codes")},
        )

    def recoded(self, categories: dict[str, tuple[str, ...]]) -> Panel:
        """The panel with its category codes renumbered to `categories`; a value that is not among them becomes -1."""
        schema, renumbered = self.schema, {}
        for name, columns in (
            ("past_codes", schema.past_categorical),
            ("known_codes", schema.known_categorical),
            ("static_codes", schema.static_categorical),
        ):
            codes = getattr(self, name)
            if all(categories[column] == schema.categories[column] for column in columns):
                continue
            codes = np.array(codes, copy=True)
            for j, column in enumerate(columns):
                place = {value: k for k, value in enumerate(categories[column])}
                # The last entry serves code -1.
                table = np.array(
                    [*(place.get(value, -1) for value in schema.categories[column]), -1], dtype=codes.dtype
                )
                codes[:, j] = table[codes[:, j]]
            renumbered[name] = codes
        return replace(self, schema=replace(schema, categories=dict(categories)), **renumbered)

    def _seen_categories(self) -> dict[str, tuple[str, ...]]:
        schema, seen = self.schema, {}
        for codes, columns, rows in (
            (self.past_codes, schema.past_categorical, self.rows),
            (self.known_codes, schema.known_categorical, self.known_rows),
            (self.static_codes, schema.static_categorical, None),
        ):
            for j, column in enumerate(columns):
                own = codes[:, j]
                if rows is not None:
                    own = np.concatenate([own[:0], *(own[rows(s)] for s in range(len(self)))])
                used = np.unique(own)
                seen[column] = tuple(schema.categories[column][k] for k in used[used >= 0])
        return seen

    def _part(self, first: Ints, ends: Ints, known_ends: Ints) -> Panel:
        """Rows `first[s]` to `ends[s]` of every series, known rows to `known_ends[s]`; empty series are dropped."""
        keep = np.flatnonzero(ends > first)
        begin, known_begin = self.offsets[:-1][keep], self.known_offsets[:-1][keep]
        first, ends, known_ends = first[keep], ends[keep], known_ends[keep]
        return replace(
            self,
            series=tuple(self.series[s] for s in keep),
            start=self.start[keep] + first,
            offsets=np.append(begin + first, len(self.target)),
            ends=begin + ends,
            known_offsets=np.append(known_begin + first, len(self.known)),
            known_ends=known_begin + known_ends,
            static=self.static[keep],
            static_codes=self.static_codes[keep],
        )


def _stretches(array: npt.NDArray, first: Ints, count: Ints) -> npt.NDArray:
    """Rows first[i] to first[i] + count[i] of `array`, one stretch after another; a view where they adjoin."""
    if not len(first):
        return array[:0]
    if (first[1:] == first[:-1] + count[:-1]).all():
        return array[first[0] : first[-1] + count[-1]]
    return np.concatenate([array[begin : begin + n] for begin, n in zip(first, count, strict=True)])
