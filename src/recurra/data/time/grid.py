"""The regular grid of time that a panel lives on: whole-numbered positions on one side, times on the other.

Daily and longer grids count days of the wall clock; grids below a day count the wall clock too where `Counting.wall`
says so, else absolute time (UTC inside). A time between two steps belongs to the step that it follows (weeks are named
by their last day, so there to the week that ends next), or to the nearest with `Counting.nearest`. With
`Counting.opening` only opening steps are numbered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.checking import require, require_sizes
from recurra.data.time.counting import DEFAULT, FARTHEST, Counting
from recurra.data.time.frequency import DAY, EPOCH_WEEKDAY, Frequency, first_month, first_weekday, parse_frequency
from recurra.data.time.opening import fits_week, from_opening, is_open, to_opening
from recurra.data.time.zones import check_zone, skipped_days
from recurra.errors import InputError
from recurra.language import _
from recurra.options import using

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Equidistant times, numbered; `positions` and `times` are each other's inverse on the grid.

    `freq` is a pandas alias ("h", "30min", "D", "B", "W-SUN", "MS", "QS-OCT", "YE-DEC"), None for integer steps.
    `tz` is the zone that times are given back in, None for times without a zone. `phase` displaces position 0: in
    microseconds (in months for "MS" and longer), or in the user's own integers where there is no time, whose
    distance is `step`. `counting` says how steps are counted.

    >>> grid = Grid("MS")
    >>> int(grid.positions(pd.to_datetime(["1970-03-01"]))[0]), str(grid.times(np.array([2]))[0])
    (2, '1970-03-01 00:00:00')
    """

    freq: str | None
    tz: str | None = None
    phase: int = 0
    step: int = 1
    counting: Counting = DEFAULT

    def __post_init__(self) -> None:
        if self.tz is not None:
            check_zone(self.tz)
        if self.freq is not None:
            frequency = parse_frequency(self.freq)
            if self.counting.opening and not fits_week(self.counting.opening, frequency):
                raise InputError(
                    _(
                        "opening {opening!r} is no part of a week of steps of {freq}",
                        opening=self.counting.opening,
                        freq=self.freq,
                    )
                )
        elif self.tz is not None or self.step < 1:
            raise InputError(
                _(
                    "a grid without a frequency has no tz (got {tz!r}) and a step >= 1 (got {step})",
                    tz=self.tz,
                    step=self.step,
                )
            )

    def check(self) -> None:
        """Refuse a grid that no file has, one that begins beyond all times."""
        require(abs(self.phase) < FARTHEST, f"a grid displaced by {self.phase}")
        require_sizes(self, "step")

    def positions(self, times: list | npt.NDArray | pd.Index | pd.Series) -> Positions:
        """Grid positions of times [n] -> int64 [n]; a time off the grid goes to its step.

        Times without a zone are wall-clock times of `tz`; of an hour that the clock shows twice they mean the first.
        Raises `InputError` for missing times, and for times with a zone on a grid that has none.
        """
        if self.freq is None:
            return (np.asarray(times).astype(np.int64) - self.phase) // self.step
        frequency = parse_frequency(self.freq)
        index = pd.DatetimeIndex(times)
        if index.hasnans:
            raise InputError(
                _(
                    "times: {missing} of {n_index} are missing: give every row a time",
                    missing=int(np.count_nonzero(index.isna())),
                    n_index=len(index),
                )
            )
        if index.tz is not None and self.tz is None:
            raise InputError(
                _(
                    "times are in the zone {tz}, the grid has none: give both a zone, or none{hint}",
                    tz=index.tz,
                    hint=using(" ({})", "tz"),
                )
            )
        counts_utc = frequency.below_day and not self.counting.wall
        if index.tz is not None:
            index = index.tz_convert("UTC" if counts_utc else self.tz).tz_localize(None)
        elif self.tz is not None and counts_utc:
            index = _localise(index, self.tz).tz_convert("UTC").tz_localize(None)
        return self.place(index.to_numpy().astype("datetime64[us]"))

    def place(self, stamps: npt.NDArray[np.datetime64]) -> Positions:
        """Positions of stamps [n] without a zone: of the clock that the grid counts."""
        frequency = parse_frequency(self.freq or "")
        raw = positions_of(stamps, frequency, self.phase, nearest=self.counting.nearest)
        return to_opening(raw, self.counting.opening, frequency) if self.counting.opening else raw

    def counted(self, positions: npt.ArrayLike) -> npt.NDArray[np.datetime64]:
        """The stamps of positions [n] on the clock that the grid counts: the inverse of `place` on the grid."""
        positions = np.asarray(positions).astype(np.int64)
        frequency = parse_frequency(self.freq or "")
        if self.counting.opening:
            positions = from_opening(positions, self.counting.opening, frequency)
        return times_of(positions, frequency, self.phase)

    def closed(self, stamps: npt.NDArray[np.datetime64]) -> npt.NDArray[np.bool_]:
        """Which stamps [n] of the clock that the grid counts lie outside its opening hours."""
        if not self.counting.opening:
            return np.zeros(len(stamps), dtype=bool)
        frequency = parse_frequency(self.freq or "")
        raw = positions_of(stamps, frequency, self.phase, nearest=self.counting.nearest)
        return ~is_open(raw, self.counting.opening, frequency)

    def times(self, positions: npt.ArrayLike) -> pd.DatetimeIndex | Positions:
        """Times of grid positions [n]: a DatetimeIndex in the zone `tz`, or int64 where there is no frequency.

        A step that the clock skips has the time at which the clock goes on; of an hour that it shows twice the first.
        """
        positions = np.asarray(positions).astype(np.int64)
        if self.freq is None:
            return positions * self.step + self.phase
        index = pd.DatetimeIndex(self.counted(positions))
        if self.tz is None:
            return index
        below = parse_frequency(self.freq).below_day and not self.counting.wall
        return index.tz_localize("UTC").tz_convert(self.tz) if below else _localise(index, self.tz)

    def wall(self, positions: npt.ArrayLike) -> npt.NDArray[np.datetime64]:
        """The wall clock at grid positions [n]."""
        if self.tz is None or self.counting.wall or not parse_frequency(self.freq or "").below_day:
            return self.counted(positions)
        times = pd.DatetimeIndex(self.times(positions))
        return times.tz_localize(None).to_numpy().astype("datetime64[us]")

    def occurrences(self, positions: npt.ArrayLike) -> tuple[Positions, pd.DatetimeIndex | Positions]:
        """The times [m] at which steps [n] really occur, and which step each is of [m], ordered by step.

        One for each step, but none for a step that the clock skips, and two for one that it shows twice.
        """
        positions = np.asarray(positions).astype(np.int64)
        times = self.times(positions)
        places = np.arange(len(positions))
        if not (self._counts_wall and len(positions)) or not isinstance(times, pd.DatetimeIndex):
            return places, times
        naive = pd.DatetimeIndex(self.counted(positions))
        first = naive.tz_localize(self.tz, ambiguous=np.ones(len(naive), dtype=bool), nonexistent="NaT")
        second = naive.tz_localize(self.tz, ambiguous=np.zeros(len(naive), dtype=bool), nonexistent="NaT")
        there = ~np.asarray(first.isna())
        twice = there & np.asarray(first != second)
        rows = np.concatenate([places[there], places[twice]])
        both = first[there].append(second[twice])
        order = np.argsort(rows, kind="stable")
        return rows[order], pd.DatetimeIndex(both[order])

    def skipped(self, low: int, high: int) -> Positions:
        """The steps from `low` to before `high` that the clock of the zone skips, in order."""
        if not self._counts_wall or high <= low:
            return np.zeros(0, dtype=np.int64)
        found = []
        for day in skipped_days(str(self.tz), *self.counted([low, high - 1])):
            about = np.array([day, day + np.timedelta64(1, "D")]).astype("datetime64[us]")
            begin, end = self.place(about)
            steps = np.arange(max(low, int(begin)), min(high, int(end) + 1))
            index = pd.DatetimeIndex(self.counted(steps))
            lost = index.tz_localize(self.tz, ambiguous=np.ones(len(index), dtype=bool), nonexistent="NaT").isna()
            found.append(steps[lost])
        return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)

    @property
    def _counts_wall(self) -> bool:
        return self.tz is not None and self.counting.wall and parse_frequency(self.freq or "").below_day


def _localise(index: pd.DatetimeIndex, tz: str) -> pd.DatetimeIndex:
    # Midnight may not exist (Sao Paulo) or exist twice; its day must survive the round trip.
    first = np.ones(len(index), dtype=bool)
    return index.tz_localize(tz, ambiguous=first, nonexistent="shift_forward")


def positions_of(
    times: npt.NDArray[np.datetime64], frequency: Frequency, phase: int, *, nearest: bool = False
) -> Positions:
    """Positions of times without a zone, on the clock that is counted: in the step that holds each, or the nearest."""
    if nearest:
        times = times + _half(frequency)
    if frequency.months is not None:
        months = times.astype("datetime64[M]").astype(np.int64)
        return (months - first_month(frequency) - phase) // frequency.months
    ticks = times.astype("datetime64[us]").astype(np.int64) - phase
    if frequency.unit == "B":
        days = ticks // DAY + EPOCH_WEEKDAY
        return days // 7 * 5 + np.minimum(days % 7, 4)
    if frequency.unit == "W":
        days = ticks // DAY - first_weekday(frequency)
        return -(-days // (7 * frequency.count))
    assert frequency.microseconds is not None
    return ticks // frequency.microseconds


def _half(frequency: Frequency) -> np.timedelta64:
    """By how much a time is moved so that the step that holds it is the one that was nearest."""
    if frequency.months is not None:
        days = 15 * frequency.months
        return np.timedelta64(-days if frequency.at_end else days, "D")
    if frequency.unit == "W":
        return np.timedelta64(-(7 * frequency.count // 2), "D")
    return np.timedelta64(0 if frequency.unit == "B" else (frequency.microseconds or 0) // 2, "us")


def times_of(positions: Positions, frequency: Frequency, phase: int) -> npt.NDArray[np.datetime64]:
    if frequency.months is not None:
        months = positions * frequency.months + first_month(frequency) + phase
        if frequency.at_end:
            following = (months + frequency.months).astype("datetime64[M]").astype("datetime64[D]")
            return (following - 1).astype("datetime64[us]")
        return months.astype("datetime64[M]").astype("datetime64[us]")
    if frequency.unit == "B":
        days = positions // 5 * 7 + positions % 5 - EPOCH_WEEKDAY
        return (days * DAY + phase).astype("datetime64[us]")
    if frequency.unit == "W":
        days = positions * 7 * frequency.count + first_weekday(frequency)
        return (days * DAY + phase).astype("datetime64[us]")
    assert frequency.microseconds is not None
    return (positions * frequency.microseconds + phase).astype("datetime64[us]")
