"""Rows near the steps of a grid, but not on them: weeks dated a day late, hours measured some seconds later."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recurra.data.time.frequency import DAY, MICROSECONDS, Frequency, from_microseconds
from recurra.data.time.grid import positions_of, times_of

Array = npt.NDArray[np.int64]
Stamps = npt.NDArray[np.datetime64]

_FEW = 0.4  # share of the rows that may lie beside their steps
_NICE = tuple(
    count * MICROSECONDS[unit]
    for unit, counts in (
        ("s", (1, 5, 10, 15, 30)),
        ("min", (1, 5, 10, 15, 30)),
        ("h", (1, 2, 3, 4, 6, 12)),
        ("D", (1,)),
    )
    for count in counts
)
_NEAR = 0.1  # of a step, from the median distance of neighbours to a usual one
_JITTER = 0.25  # of a step, by which a distance may differ from a whole number of steps
_EXPLAINED = 0.97  # share of the distances that do not differ by more
_SINGLE = 0.5  # share of the distances that are one step


def wants_nearest(stamps: Stamps, codes: npt.NDArray[np.integer], frequency: Frequency, phase: int) -> bool:
    """Whether rows beside their steps belong to the nearest one: then no step may get two of them.

    So a week that is dated a day late keeps its own week, instead of falling into the next one. Where most rows lie
    anywhere within their steps, each stays in the step that holds it.
    """
    if frequency.unit == "B":
        return False
    within = positions_of(stamps, frequency, phase)
    aside = times_of(within, frequency, phase) != stamps
    if not aside.any() or (aside.mean() > _FEW and frequency.months is None):
        return False
    if frequency.months is not None and not _repeats(codes, within):
        return False
    nearest = positions_of(stamps, frequency, phase, nearest=True)
    return _repeats(codes, nearest) <= _repeats(codes, stamps.astype(np.int64))


def near_steps(stamps: Stamps, codes: npt.NDArray[np.integer]) -> Frequency | None:
    """The frequency of rows of which each is a little beside its step, or None where there is no such frequency."""
    order = np.lexsort((stamps, codes))
    steps = np.diff(stamps[order].astype(np.int64))[np.diff(codes[order]) == 0]
    steps = steps[steps > 0]
    if len(steps) < 3:
        return None
    median = float(np.median(steps))
    length = min(_NICE, key=lambda nice: abs(np.log(median / nice)))
    if abs(median / length - 1) > _NEAR:
        return None
    ratio = steps / length
    whole = np.round(ratio)
    near = (np.abs(ratio - whole) <= _JITTER) & (whole >= 1)
    if near.mean() < _EXPLAINED or (whole == 1).mean() < _SINGLE:
        return None
    frequency = from_microseconds(length)
    nearest = positions_of(stamps, frequency, mean_phase(stamps, frequency), nearest=True)
    return frequency if _repeats(codes, nearest) <= _repeats(codes, stamps.astype(np.int64)) else None


def mean_phase(stamps: Stamps, frequency: Frequency) -> int:
    """The mean distance of times from whole steps, on the circle, in microseconds; round, as a person would say it."""
    length = frequency.microseconds
    assert length is not None
    turn = 2 * np.pi * (stamps.astype(np.int64) % length) / length
    mean = np.angle(np.exp(1j * turn).mean()) / (2 * np.pi) * length
    unit = length // 12 if length < DAY else MICROSECONDS["h"]
    return int(round(mean / unit) * unit) % length


def _repeats(codes: npt.NDArray[np.integer], positions: Array) -> int:
    """Rows that share their step with an earlier one of the same series."""
    order = np.lexsort((positions, codes))
    return int(((np.diff(positions[order]) == 0) & (np.diff(codes[order]) == 0)).sum())
