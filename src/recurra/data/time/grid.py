"""The regular grid of time that a panel lives on: whole-numbered positions on one side, times on the other.

Grids below a day count absolute time (UTC inside, so that a repeated or skipped hour of daylight saving is no
accident); daily and longer grids count days of the wall clock. A time between two steps belongs to the step that it
follows; weeks are named by their last day, so there it belongs to the week that ends next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.time.frequency import DAY, EPOCH_WEEKDAY, Frequency, first_month, first_weekday, parse_frequency
from recurra.errors import InputError
from recurra.options import option

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Equidistant times, numbered; `positions` and `times` are each other's inverse on the grid.

    `freq` is a pandas alias ("h", "30min", "D", "B", "W-SUN", "MS", "QS-OCT", "YE-DEC"), None for integer steps.
    `tz` is the zone that times are given back in, None for times without a zone. `phase` displaces position 0: in
    microseconds (in months for "MS" and longer), or in the user's own integers where there is no time, whose
    distance is `step`.

    >>> grid = Grid("MS")
    >>> int(grid.positions(pd.to_datetime(["1970-03-01"]))[0]), str(grid.times(np.array([2]))[0])
    (2, '1970-03-01 00:00:00')
    """

    freq: str | None
    tz: str | None = None
    phase: int = 0
    step: int = 1

    def __post_init__(self) -> None:
        if self.freq is not None:
            parse_frequency(self.freq)
        elif self.tz is not None or self.step < 1:
            raise InputError(
                f"a grid without a frequency has no tz (got {self.tz!r}) and a step >= 1 (got {self.step})"
            )

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
                f"times: {int(np.count_nonzero(index.isna()))} of {len(index)} are missing: give every row a time"
            )
        if index.tz is not None and self.tz is None:
            raise InputError(
                f"times are in the zone {index.tz}, the grid has none: give both a zone, or none ({option('tz')})"
            )
        if self.tz is not None:
            index = _localise(index, self.tz) if index.tz is None else index.tz_convert(self.tz)
            index = index.tz_convert("UTC").tz_localize(None) if frequency.below_day else index.tz_localize(None)
        return positions_of(index.to_numpy().astype("datetime64[us]"), frequency, self.phase)

    def times(self, positions: npt.ArrayLike) -> pd.DatetimeIndex | Positions:
        """Times of grid positions [n]: a DatetimeIndex in the zone `tz`, or int64 where there is no frequency."""
        positions = np.asarray(positions).astype(np.int64)
        if self.freq is None:
            return positions * self.step + self.phase
        frequency = parse_frequency(self.freq)
        index = pd.DatetimeIndex(_times_of(positions, frequency, self.phase))
        if self.tz is None:
            return index
        return index.tz_localize("UTC").tz_convert(self.tz) if frequency.below_day else _localise(index, self.tz)


def _localise(index: pd.DatetimeIndex, tz: str) -> pd.DatetimeIndex:
    # Midnight may not exist (Sao Paulo) or exist twice; its day must survive the round trip.
    first = np.ones(len(index), dtype=bool)
    return index.tz_localize(tz, ambiguous=first, nonexistent="shift_forward")


def positions_of(times: npt.NDArray[np.datetime64], frequency: Frequency, phase: int) -> Positions:
    """Positions of times without a zone: UTC below a day, else the wall clock."""
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


def _times_of(positions: Positions, frequency: Frequency, phase: int) -> npt.NDArray[np.datetime64]:
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
