"""What the calendar says about a step in advance: hour, day of week and day of year, as sinusoidal encodings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recurra.data.time.frequency import DAY, Frequency, parse_frequency
from recurra.data.time.grid import Grid

_HARMONICS = {"hour": 3, "weekday": 3, "yearday": 2}
_YEAR = 365.2425


def calendar_features(grid: Grid, positions: npt.ArrayLike) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    """Sines and cosines of the time of day, week and year of grid positions [n] -> float32 [n, K] and K names.

    Cycles that the frequency cannot show are left out (a week for monthly steps), and a grid without a frequency has
    none (K = 0). Hours and days are those of the grid's zone.

    >>> features, names = calendar_features(Grid("MS"), np.arange(12))
    >>> features.shape, names[0]
    ((12, 4), 'yearday sin 1')
    """
    positions = np.asarray(positions, dtype=np.int64)
    if grid.freq is None:
        return np.zeros((len(positions), 0), dtype=np.float32), ()
    frequency = parse_frequency(grid.freq)
    cycles = _cycles(frequency)
    names = tuple(f"{name} {wave} {k}" for name, most in cycles for k in range(1, most + 1) for wave in ("sin", "cos"))
    if len(positions) == 0:
        return np.zeros((0, len(names)), dtype=np.float32), names
    low, high = int(positions.min()), int(positions.max())
    if high - low < 4 * len(positions):
        distinct, place = np.arange(low, high + 1), positions - low
    else:
        distinct, place = np.unique(positions, return_inverse=True)
    table = _waves(grid, distinct, cycles)
    return (table if np.array_equal(distinct, positions) else table[place]), names


def _cycles(frequency: Frequency) -> list[tuple[str, int]]:
    """The cycles a frequency can show, and how many harmonics of each: no more than half its steps in the cycle."""
    length = frequency.microseconds
    cycles: list[tuple[str, float]] = []
    if length is not None and length < DAY:
        cycles.append(("hour", DAY / length))
    if frequency.unit == "B" or (length is not None and length <= DAY):
        cycles.append(("weekday", 7.0))
    steps_in_year = 12 / frequency.months if frequency.months else _YEAR * DAY / (length or DAY)
    cycles.append(("yearday", steps_in_year))
    return [(name, most) for name, steps in cycles if (most := min(_HARMONICS[name], int(steps / 2))) > 0]


def _waves(grid: Grid, positions: npt.NDArray[np.int64], cycles: list[tuple[str, int]]) -> npt.NDArray[np.float32]:
    wall = grid.wall(positions)
    days = wall.astype("datetime64[D]")
    year = wall.astype("datetime64[Y]")
    first, following = (
        year.astype("datetime64[D]").astype(np.int64),
        (year + 1).astype("datetime64[D]").astype(np.int64),
    )
    today = days.astype(np.int64) + (wall - days).astype(np.int64) / DAY
    turns = {
        "hour": today % 1.0,
        "weekday": (np.floor(today) + 3) % 7 / 7,
        "yearday": (today - first) / (following - first),
    }
    table = np.empty((len(positions), 2 * sum(most for _, most in cycles)), dtype=np.float32)
    column = 0
    for name, most in cycles:
        for k in range(1, most + 1):
            angle = 2 * np.pi * k * turns[name]
            table[:, column], table[:, column + 1] = np.sin(angle), np.cos(angle)
            column += 2
    return table
