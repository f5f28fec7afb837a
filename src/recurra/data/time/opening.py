"""Opening hours and days: steps of the week in which there is never a row, such as nights, weekends, Sundays.

They are not gaps, for nothing happens in them; a grid that leaves them out counts opening steps alone, and nothing is
forecast into the closed hours.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from recurra.data.time.counting import Runs
from recurra.data.time.frequency import DAY, EPOCH_WEEKDAY, Frequency
from recurra.language import _, listing, mark

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_LEAST_DAYS = 10  # with rows, before an hour without any counts as closed
_LEAST_WEEKS = 4  # the same for a day of the week; two for both days of a weekend
_LEAST_WEEKS_OF_HOURS = 6  # the same for an hour of one day of the week
_RARE = 0.02  # share of the days or weeks in which a closed step may have a row
_FILLED = 0.7  # share of the opening steps that must have rows: where data are sparse, holes say nothing
_NAMES = (
    mark("Mondays"),
    mark("Tuesdays"),
    mark("Wednesdays"),
    mark("Thursdays"),
    mark("Fridays"),
    mark("Saturdays"),
    mark("Sundays"),
)


def steps_of_week(frequency: Frequency) -> int | None:
    """Steps in a week where whole steps fill each day, or None: other grids have no opening hours."""
    length = frequency.microseconds
    return 7 * (DAY // length) if length is not None and length <= DAY and DAY % length == 0 else None


def find_opening(raw: Ints, frequency: Frequency) -> Runs:
    """The opening steps of the week from positions [n] on the grid of all steps; () where all are open, or unclear."""
    week = steps_of_week(frequency)
    if week is None:
        return ()
    steps = np.unique(raw) + EPOCH_WEEKDAY * (week // 7)
    day, clock = np.divmod(steps, week // 7)
    days = np.unique(day)
    if len(days) < _LEAST_DAYS:
        return ()
    span = np.arange(days[0], days[-1] + 1)
    possible = np.bincount(span % 7, minlength=7)
    shares = np.bincount(days % 7, minlength=7) / possible
    shut = (shares <= _RARE) & (possible >= _LEAST_WEEKS)
    for pair in ((5, 6), (4, 5)):
        ends = list(pair)
        shut[ends] |= bool((shares[ends] == 0).all() and (possible[ends] >= 2).all())
    if shut.all():
        return ()
    open_days = days[~shut[days % 7]]
    inside = ~shut[day % 7]
    seen = np.bincount(clock[inside], minlength=week // 7) / len(open_days)
    opened = (~shut)[:, None] & (seen > _RARE)[None, :]
    if len(span) >= 7 * _LEAST_WEEKS_OF_HOURS:
        visits = np.bincount(open_days % 7, minlength=7)
        grid = np.bincount((day % 7) * (week // 7) + clock, minlength=week).reshape(7, -1)
        opened &= grid > _RARE * np.maximum(visits, 1)[:, None]
    flat = opened.ravel()
    if flat.all() or not flat.any():
        return ()
    # The days that have rows tell how full they are; holidays are gaps, however many.
    expected = opened.sum(1)[open_days % 7].sum()
    filled = flat[steps % week].sum()
    days_open = (~shut)[span % 7].sum()
    if filled < _FILLED * expected or len(open_days) < _FILLED * days_open:
        return ()
    return _runs(flat)


def _runs(opened: Mask) -> Runs:
    edges = np.diff(np.concatenate([[0], opened.astype(np.int8), [0]]))
    return tuple(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


@lru_cache(maxsize=64)
def _tables(opening: Runs, week: int) -> tuple[Ints, Ints]:
    """The open steps of a week, and for each step the number of open ones up to and with it."""
    mask = np.zeros(week, dtype=np.int64)
    for begin, end in opening:
        mask[begin:end] = 1
    return np.flatnonzero(mask), np.cumsum(mask)


def to_opening(raw: Ints, opening: Runs, frequency: Frequency) -> Ints:
    """Positions of all steps as positions of opening steps; a closed step goes to the last open one before it."""
    week = steps_of_week(frequency)
    assert week is not None
    places, counts = _tables(opening, week)
    number, step = np.divmod(raw + EPOCH_WEEKDAY * (week // 7), week)
    return number * len(places) + counts[step] - 1


def from_opening(positions: Ints, opening: Runs, frequency: Frequency) -> Ints:
    """The inverse of `to_opening` on opening steps."""
    week = steps_of_week(frequency)
    assert week is not None
    places, _unused = _tables(opening, week)
    number, step = np.divmod(positions, len(places))
    return number * week + places[step] - EPOCH_WEEKDAY * (week // 7)


def is_open(raw: Ints, opening: Runs, frequency: Frequency) -> Mask:
    """Which positions [n] of all steps are opening steps."""
    return from_opening(to_opening(raw, opening, frequency), opening, frequency) == raw


def opening_steps(opening: Runs, frequency: Frequency) -> tuple[int, int | None]:
    """Opening steps in a week, and in a day where all open days have as many."""
    week = steps_of_week(frequency)
    assert week is not None
    places, _unused = _tables(opening, week)
    days = np.bincount(places // (week // 7), minlength=7)
    lengths = np.unique(days[days > 0])
    return len(places), int(lengths[0]) if len(lengths) == 1 else None


def fits_week(opening: Runs, frequency: Frequency) -> bool:
    """Whether runs of opening steps are in order and lie within a week of this frequency."""
    week = steps_of_week(frequency)
    flat = [edge for run in opening for edge in run]
    return week is not None and all(a < b for a, b in pairwise(flat)) and 0 <= flat[0] < flat[-1] <= week


def opening_in_words(opening: Runs, frequency: Frequency, phase: int) -> str:
    """ "16:00 to 09:30 and on Saturdays and Sundays": when it is closed; the step that begins at closing time is."""
    week = steps_of_week(frequency)
    assert week is not None
    places, _unused = _tables(opening, week)
    day = week // 7
    mask = np.zeros(week, dtype=bool)
    mask[places] = True
    table = mask.reshape(7, day)
    shut = [_(_NAMES[k]) for k in range(7) if not table[k].any()]
    hours: dict[str, list[str]] = {}
    for k in range(7):
        runs = _runs(table[k])
        if table[k].any() and not table[k].all():
            spans = [_("{low} to {high}", low=_clock(a, day, phase), high=_clock(b, day, phase)) for a, b in runs]
            text = _("open {spans}", spans=_(" and ").join(spans))
            hours.setdefault(text, []).append(_(_NAMES[k]))
    said = [
        text if len(hours) == 1 else _("{text} on {names}", text=text, names=_listed(names))
        for text, names in hours.items()
    ]
    return "; ".join([*said, *([_("closed on {shut}", shut=_listed(shut))] if shut else [])])


def _clock(step: int, day: int, phase: int) -> str:
    minutes = (step * (DAY // day) + phase) // 60_000_000
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else _("{names} and {name}", names=listing(names[:-1]), name=names[-1])
