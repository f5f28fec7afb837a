"""How a log is read by a network: items as codes, gaps and context as numbers; learnt from the training part alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.checking import require
from recurra.data.events.habits import FEW, LONG, Habits
from recurra.data.events.log import EventLog

Ints = npt.NDArray[np.int64]
Floats32 = npt.NDArray[np.float32]

_MOST = 200  # words of a column that have an input of their own
_BEYOND = 5.0  # spreads from the mean, at most
CLOCK = 9  # inputs of time of day and day of the week
_DAY, _WEEKS = 86_400.0, 3
_DATES = 1e8  # seconds since 1970 from which on times are dates


@dataclass(frozen=True, eq=False)
class EncodedLog:
    """A log as numbers: `codes` [N] of the items (0: unknown), `inputs` [N, K], `gaps` [N] to the event before.

    Gaps are log(1 + seconds), NaN at the beginning of a history and where there are no times. `offsets` [U + 1].
    """

    codes: Ints
    inputs: Floats32
    gaps: Floats32
    offsets: Ints

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True)
class NumberColumn:
    """A numeric column: (value - mean) / spread, with a mark where it is missing."""

    name: str
    mean: float
    spread: float


@dataclass(frozen=True)
class WordColumn:
    """A column of words, each its own input, rare and unknown ones none."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Features:
    """Columns as inputs side by side [N, K]: of events, or of items."""

    numbers: tuple[NumberColumn, ...] = ()
    words: tuple[WordColumn, ...] = ()

    @classmethod
    def learn(cls, columns: dict[str, npt.NDArray]) -> Features:
        """From columns of numbers (NaN: missing) and of texts (None)."""
        numbers, words = [], []
        for name, values in columns.items():
            if values.dtype.kind in "fiu":
                known = values[np.isfinite(values)].astype(np.float64)
                if len(known):
                    numbers.append(NumberColumn(name, float(known.mean()), float(known.std()) or 1.0))
            else:
                counts = pd.Series(values).dropna().astype(str).value_counts()
                words.append(WordColumn(name, tuple(sorted(counts.index[:_MOST]))))
        return cls(tuple(numbers), tuple(words))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are read."""
        return tuple(column.name for column in (*self.numbers, *self.words))

    @property
    def width(self) -> int:
        """K."""
        return 2 * len(self.numbers) + sum(len(column.words) for column in self.words)

    def check(self) -> None:
        """Refuse spreads that are none."""
        require(all(column.spread > 0 for column in self.numbers), "a column has no spread")

    def encode(self, columns: dict[str, npt.NDArray], rows: int) -> Floats32:
        """The inputs [rows, K]; a column that is not there is missing in every row."""
        found = np.zeros((rows, self.width), dtype=np.float32)
        at = 0
        for column in self.numbers:
            values = np.full(rows, np.nan)
            if column.name in columns:
                values = pd.to_numeric(pd.Series(columns[column.name]), errors="coerce").to_numpy(dtype=np.float64)
            known = np.isfinite(values)
            scaled = np.clip((values - column.mean) / column.spread, -_BEYOND, _BEYOND)
            found[known, at] = scaled[known]
            found[~known, at + 1] = 1.0
            at += 2
        for column in self.words:
            if column.name in columns:
                places = pd.Index(column.words).get_indexer(pd.Index(pd.Series(columns[column.name]).astype(str)))
                known = places >= 0
                found[np.flatnonzero(known), at + places[known]] = 1.0
            at += len(column.words)
        return found


@dataclass(frozen=True, eq=False)
class EventReader:
    """`items` [V] of which code k + 1 is item k; those from `seen` on are known by their features alone.

    `item_features` [V, F] are the features of items, of width 0 where there are none; `gap` says how gaps are scaled.
    Of few items in long histories `habits` count what each history does by itself. `clock`: the time of day and
    the day of the week are read, where times are dates of some weeks.
    """

    items: tuple[str, ...]
    seen: int
    features: Features
    item_features: Floats32
    gap: tuple[float, float] | None = None
    habits: Habits | None = None
    clock: bool = False

    @classmethod
    def learn(cls, log: EventLog, catalogue: pd.DataFrame | None = None) -> EventReader:
        """From a training part, and a `catalogue` with a row per item (its index) and its features."""
        seen = sorted(set(log.items.tolist()), key=natural)
        others: list[str] = []
        described = np.zeros((len(seen), 0), dtype=np.float32)
        if catalogue is not None:
            others = sorted(set(catalogue.index) - set(seen), key=natural)
            rows = catalogue.reindex([*seen, *others])
            columns = {str(name): _values(rows[name]) for name in rows}
            own = Features.learn({name: values[: len(seen)] for name, values in columns.items()})
            described = own.encode(columns, len(rows))
        gaps = gaps_of(log)
        known = gaps[np.isfinite(gaps)]
        gap = (float(known.mean()), float(known.std()) or 1.0) if len(known) else None
        features, items = Features.learn(dict(log.context)), (*seen, *others)
        long = len(items) <= FEW and 2 * int(log.lengths[log.lengths >= LONG].sum()) >= len(log)
        habits = _habits(len(items), features) if long else None
        return cls(items, len(seen), features, described, gap, habits, has_clock(log.times))

    @property
    def width(self) -> int:
        """K, the inputs that come with an item: of its columns, its gap and whether it has one, clock and habits."""
        own = self.features.width + (2 if self.gap is not None else 0) + (CLOCK if self.clock else 0)
        return own if self.habits is None else own + self.habits.width

    def check(self) -> None:
        """Refuse items twice, and features of other items."""
        require(len(set(self.items)) == len(self.items) > 0, "its items are not all different")
        require(0 < self.seen <= len(self.items), f"{self.seen} of {len(self.items)} items were seen")
        require(self.item_features.ndim == 2 and len(self.item_features) == len(self.items), "the features of items")
        require(self.gap is None or self.gap[1] > 0, "gaps have no spread")

    def codes(self, items: npt.NDArray) -> Ints:
        """The codes of items, 0 for unknown ones."""
        return pd.Index(self.items).get_indexer(pd.Index(items.astype(object))).astype(np.int64) + 1

    def encode(self, log: EventLog) -> EncodedLog:
        """A log as numbers."""
        gaps = gaps_of(log)
        inputs = self.features.encode(dict(log.context), len(log))
        if self.gap is not None:
            inputs = np.concatenate([inputs, self.gap_inputs(gaps)], axis=1)
        if self.clock:
            inputs = np.concatenate([inputs, clock_inputs(log.times, len(log))], axis=1)
        codes = self.codes(log.items)
        if self.habits is not None:
            habits = self.habits.of(codes, self.words(dict(log.context), len(log)), log.offsets)
            inputs = np.concatenate([inputs, habits], axis=1)
        return EncodedLog(codes, inputs, gaps, log.offsets)

    def words(self, columns: dict[str, npt.NDArray], rows: int) -> Ints:
        """The words of the column that habits count [rows], from 1; 0 where there is none."""
        found = np.zeros(rows, dtype=np.int64)
        column = next((c for c in self.features.words if self.habits and c.name == self.habits.column), None)
        if column is None or column.name not in columns:
            return found
        return pd.Index(column.words).get_indexer(pd.Index(pd.Series(columns[column.name]).astype(str))) + 1

    def gap_inputs(self, gaps: Floats32) -> Floats32:
        """The gap [N] in spreads, and whether there is none: [N, 2]."""
        assert self.gap is not None
        known = np.isfinite(gaps)
        scaled = np.clip((gaps - self.gap[0]) / self.gap[1], -_BEYOND, _BEYOND)
        return np.stack([np.where(known, scaled, 0.0), ~known], axis=1).astype(np.float32)


def has_clock(times: npt.NDArray[np.float64] | None) -> bool:
    """Whether times are dates, and of some weeks."""
    return times is not None and len(times) > 0 and bool(times.min() > _DATES and np.ptp(times) > _WEEKS * 7 * _DAY)


def clock_inputs(times: npt.NDArray[np.float64] | None, rows: int) -> Floats32:
    """Sine and cosine of the time of day and the day of the week as seven inputs [rows, 9]; zero where time is NaN."""
    found = np.zeros((rows, CLOCK), dtype=np.float32)
    if times is None:
        return found
    known = np.isfinite(times)
    turn = 2 * np.pi * (times[known] % _DAY) / _DAY
    found[known, 0], found[known, 1] = np.sin(turn), np.cos(turn)
    found[np.flatnonzero(known), 2 + (times[known] // _DAY).astype(np.int64) % 7] = 1.0
    return found


def _habits(items: int, features: Features) -> Habits:
    """With the first column of few words, if there is one."""
    column = next((c for c in features.words if len(c.words) <= FEW), None)
    return Habits(items) if column is None else Habits(items, column.name, len(column.words))


def gaps_of(log: EventLog) -> Floats32:
    """log(1 + seconds) since the event before [N]; NaN for the first of a history."""
    gaps = np.full(len(log), np.nan, dtype=np.float32)
    if log.times is not None and len(log) > 1:
        gaps[1:] = np.log1p(np.maximum(np.diff(log.times), 0.0))
        gaps[log.offsets[:-1][log.lengths > 0]] = np.nan
    return gaps


def natural(item: str) -> tuple[int, float, str]:
    """Numbers before words, in their order."""
    try:
        return 0, float(item), item
    except ValueError:
        return 1, 0.0, item


def windows(offsets: Ints, longest: int) -> tuple[Ints, Ints]:
    """Histories cut into pieces of at most `longest` events that overlap by one: where each begins and ends.

    Every event but the first of a history is the target of exactly one piece.

    >>> [part.tolist() for part in windows(np.array([0, 5]), 3)]
    [[0, 2], [3, 5]]
    """
    starts, ends = [], []
    for first, last in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        at = first
        while last - at > 1:
            end = min(at + longest, last)
            starts.append(at)
            ends.append(end)
            at = end - 1
    return np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64)


def _values(column: pd.Series) -> npt.NDArray:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.array([None if gone else str(value) for value, gone in zip(column, column.isna(), strict=True)], object)
