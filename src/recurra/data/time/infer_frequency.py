"""The frequency of the data, from the steps between neighbouring rows over all series; and the grid that it gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recurra.data.schema.names import counted
from recurra.data.time.counting import Counting
from recurra.data.time.frequency import (
    DAY,
    MICROSECONDS,
    MONTHS,
    WEEKDAYS,
    Frequency,
    first_month,
    first_weekday,
    from_microseconds,
    parse_frequency,
)
from recurra.data.time.grid import Grid, positions_of
from recurra.data.time.nearest import mean_phase, near_steps, wants_nearest
from recurra.data.time.opening import find_opening
from recurra.data.time.times import Times, utc_of, wall_clock
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.options import option, using, ways

Array = npt.NDArray[np.int64]
_SAMPLE = 1_000_000  # rows that are looked at; whole series, evenly spaced
_ON_GRID = 0.95  # share of the rows that must fall on a step, and of the steps that must be one of its multiples
_ON_GRID_NEAREST = 0.6  # the first share, where the others are near a step that no other row is near
_COMMON = 0.3  # least share of the most common step


def choose_grid(
    times: Times,
    codes: npt.NDArray[np.integer],
    series: Sequence[str],
    *,
    freq: str | None,
    source: str,
    counting: Counting | None = None,
    all_hours: bool = False,
) -> Grid:
    """The grid of rows with `times` [n] in the series `codes` [n], whose names are `series`.

    `freq` forces the frequency. `counting` says how its steps are counted; None decides from the rows, among them
    whether some hours of the week are closed, unless `all_hours` are to count. Raises `InputError` where the steps are
    irregular or several frequencies are mixed.
    """
    rows = _sample_rows(codes, len(series))
    if times.kind == "integer":
        return _integer_grid(times.values[rows], codes[rows], freq, source)
    frequency = parse_frequency(freq) if freq is not None else None
    jitter = False
    if frequency is None:
        frequency, jitter = _infer(times, rows, codes, series, source)
    if counting is None:
        return _decided(times, frequency, rows, codes, jitter=jitter, all_hours=all_hours)
    phase = counting.phase
    if phase is None:
        phase = _phase(times.for_frequency(frequency, codes, wall=counting.wall)[rows], frequency)
    return Grid(str(frequency), times.tz, phase, counting=counting)


def _decided(
    times: Times,
    frequency: Frequency,
    rows: Array,
    codes: npt.NDArray[np.integer],
    *,
    jitter: bool,
    all_hours: bool,
) -> Grid:
    """The grid of this frequency, counted as the rows ask for."""
    wall = times.tz is not None and frequency.below_day and _follows_wall(times, frequency, rows, codes)
    stamps = times.for_frequency(frequency, codes, wall=wall)[rows]
    phase = mean_phase(stamps, frequency) if jitter else _phase(stamps, frequency)
    nearest = jitter or wants_nearest(stamps, codes[rows], frequency, phase)
    raw = positions_of(stamps, frequency, phase, nearest=nearest)
    opening = () if all_hours else find_opening(raw, frequency)
    return Grid(
        str(frequency),
        times.tz,
        phase,
        counting=Counting(wall, nearest, opening, phase if nearest or opening else None),
    )


def _follows_wall(times: Times, frequency: Frequency, rows: Array, codes: npt.NDArray[np.integer]) -> bool:
    """Whether the rows lie on a grid of the wall clock at least as well as on one of absolute time.

    Hours do on both, and then the wall clock counts; rows of every six hours of UTC do not.
    """
    length = frequency.microseconds
    assert length is not None

    def on_grid(wall: bool) -> float:
        ticks = times.for_frequency(frequency, codes, wall=wall)[rows].astype(np.int64) % length
        return float(np.unique(ticks, return_counts=True)[1].max() / len(ticks))

    return on_grid(True) >= on_grid(False)


def step_sizes(positions: Array, codes: npt.NDArray[np.integer]) -> Array:
    """Distances between neighbouring distinct positions of the same series."""
    order = np.lexsort((positions, codes))
    steps = np.diff(positions[order])
    return steps[(np.diff(codes[order]) == 0) & (steps > 0)]


def _sample_rows(codes: npt.NDArray[np.integer], count: int) -> Array:
    if len(codes) <= _SAMPLE:
        return np.arange(len(codes))
    every = -(-len(codes) // _SAMPLE)
    chosen = np.flatnonzero(codes % every == 0) if count >= every else np.flatnonzero(codes == 0)
    return chosen[:_SAMPLE] if count < every else chosen


def _infer(
    times: Times, rows: Array, codes: npt.NDArray[np.integer], series: Sequence[str], source: str
) -> tuple[Frequency, bool]:
    """The frequency, and whether the rows are only near its steps, each at its own distance."""
    sampled, values = codes[rows], times.values[rows]
    wall = values if times.kind == "clock" else wall_clock(values, times.tz or "UTC")
    ticks = wall.astype(np.int64)
    daily = bool((ticks % DAY == ticks[0] % DAY).all())
    if not daily and times.kind == "clock" and times.tz:
        values = utc_of(times.values, times.tz, codes)[rows]
    counted = wall if daily else values
    steps = step_sizes(counted.astype(np.int64), sampled)
    if len(steps) == 0:
        raise InputError(
            _(
                "{source} has one time in each series, from which no frequency can be told: {remedy}",
                source=source,
                remedy=ways(using("name it with {}", "freq"), using("name the time column with {}", "time")),
            )
        )
    if daily:
        frequency = _of_days(wall, ticks // DAY, sampled, steps // DAY)
    else:
        common = _most_common(steps)
        frequency = from_microseconds(common) if common < DAY else None
    complaint = "no regular step"
    if frequency is not None:
        complaint = _complaint(frequency, counted, sampled, steps, series)
    if frequency is not None and complaint is None:
        return frequency, False
    jittered = near_steps(counted, sampled) if complaint == "no regular step" else None
    if jittered is not None:
        return jittered, True
    raise _irregular(steps, source, complaint or "")


def _of_days(wall: npt.NDArray, days: Array, codes: npt.NDArray[np.integer], steps: Array) -> Frequency:
    common = _most_common(steps)
    dates = (days[:, None] + 0).ravel()
    months = wall.astype("datetime64[M]").astype(np.int64)
    day = dates - months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + 1
    last = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - 1 == dates
    settled = bool((day == day[0]).all() or last.all())
    weekly = bool((steps % 7 == 0).all()) and not (settled and common >= 28)
    if common >= 28 and not weekly:
        return _of_months(months, codes, at_end=bool(last.all() or np.median(day) > 15))
    if common % 7 == 0:
        weekday = int(_most_common((dates + 3) % 7))
        return Frequency(common // 7, "W", WEEKDAYS[weekday])
    weekend = (dates + 3) % 7 >= 5
    if common == 1 and not weekend.any() and (steps == 3).any() and len(np.unique(dates)) >= 10:
        return Frequency(1, "B")
    return Frequency(common, "D")


def _of_months(months: Array, codes: npt.NDArray[np.integer], *, at_end: bool) -> Frequency:
    steps = step_sizes(months, codes)
    count = _most_common(steps) if len(steps) else 1
    month = int(_most_common(months % 12))
    suffix = "E" if at_end else "S"
    if count % 12 == 0:
        return Frequency(count // 12, f"Y{suffix}", MONTHS[month])
    if count % 3 == 0:
        anchor = month % 3 + (9 if at_end else 0)
        return Frequency(count // 3, f"Q{suffix}", MONTHS[anchor])
    return Frequency(count, f"M{suffix}")


def _complaint(
    frequency: Frequency,
    counted: npt.NDArray,
    codes: npt.NDArray[np.integer],
    steps: Array,
    series: Sequence[str],
) -> str | None:
    """What speaks against the frequency: steps that it does not explain, series or stretches that have another one."""
    phase = _phase(counted, frequency)
    nearest = wants_nearest(counted, codes, frequency, phase)
    positions = positions_of(counted, frequency, phase, nearest=nearest)
    order = np.lexsort((counted, codes))
    same = np.diff(codes[order]) == 0
    raw = np.diff(counted[order].astype(np.int64))
    apart = np.diff(positions[order])[same & (raw > 0)]
    length = frequency.microseconds
    on_grid = 1.0
    if length is not None:
        on_grid = float(((counted.astype(np.int64) - phase - _anchor(frequency)) % length == 0).mean())
    shared = float((apart == 0).mean())
    least = _ON_GRID_NEAREST if nearest else 0.9 if frequency.unit == "W" else _ON_GRID
    if on_grid < least or shared > 1 - _ON_GRID or float((apart == 1).mean()) < _COMMON:
        return "no regular step"
    runs = (apart[1:] == apart[:-1]) & (apart[1:] >= 3)
    if runs.sum() >= 10 and runs.mean() >= 0.1:
        return _("mixed frequencies ({frequency} and a longer one)", frequency=frequency)
    return _mixed(frequency, positions[order], codes[order], series)


def _mixed(frequency: Frequency, positions: Array, codes: npt.NDArray[np.integer], series: Sequence[str]) -> str | None:
    apart, owner = np.diff(positions), codes[1:]
    within = (np.diff(codes) == 0) & (apart > 0)
    apart, owner = apart[within], owner[within]
    longer = apart > 1
    if not longer.any():
        return None
    total = np.bincount(owner, minlength=len(series))
    often = np.flatnonzero((np.bincount(owner[longer], minlength=len(series)) >= 0.6 * total) & (total >= 5))
    for s in often[:1000]:
        sizes = apart[owner == s]
        usual = int(np.median(sizes))
        # Steps of one length (months differ by a tenth) are a frequency; steps of many lengths are gaps.
        if usual > 1 and (np.abs(sizes - usual) <= 0.15 * usual).mean() >= 0.6:
            return _(
                "mixed frequencies (series {series!r} has a step of {usual} x {frequency})",
                series=series[s],
                usual=usual,
                frequency=frequency,
            )
    return None


def _irregular(steps: Array, source: str, what: str) -> InputError:
    sizes, counts = np.unique(steps, return_counts=True)
    unit = 1 if steps.max(initial=0) >= MICROSECONDS["min"] else MICROSECONDS["D"]
    most = np.argsort(-counts, kind="stable")[:4]
    listed = listing(
        _("{count} of {duration}", count=counts[i], duration=_duration(int(sizes[i]) * unit)) for i in most
    )
    rest = _(" and {sizes}", sizes=counted(len(sizes) - 4, "other size")) if len(sizes) > 4 else ""
    return InputError(
        _(
            "the times of {source} have {what}: of {n_steps} steps {listed}{rest}. Name the "
            "frequency with {freq_option}, for example {freq_option2} or {freq_option3}: each row "
            "then goes to the step that it falls in, and rows of the same step are averaged",
            source=source,
            what=what,
            n_steps=len(steps),
            listed=listed,
            rest=rest,
            freq_option=option("freq"),
            freq_option2=option("freq", "h"),
            freq_option3=option("freq", "D"),
        )
    )


def _duration(length: int) -> str:
    for unit, name in (("D", "d"), ("h", "h"), ("min", "min"), ("s", "s"), ("ms", "ms")):
        if length >= MICROSECONDS[unit]:
            return f"{length / MICROSECONDS[unit]:.4g} {name}"
    return f"{length} us"


def _phase(stamps: npt.NDArray, frequency: Frequency) -> int:
    """By how much position 0 must be displaced so that the most common times fall on the grid."""
    if frequency.months is not None:
        months = stamps.astype("datetime64[M]").astype(np.int64) - first_month(frequency)
        unit = frequency.months // frequency.count
        return _usual(months % frequency.months // unit * unit)
    ticks = stamps.astype(np.int64)
    if frequency.unit == "B":
        return _usual(ticks % DAY)
    length = frequency.microseconds
    assert length is not None
    if frequency.unit == "W":
        time_of_day = _usual(ticks % DAY)
        weeks = -(-((ticks - time_of_day) // DAY - first_weekday(frequency)) // 7)
        return _usual(weeks % frequency.count) * 7 * DAY + time_of_day
    return _usual(ticks % length)


def _anchor(frequency: Frequency) -> int:
    return first_weekday(frequency) * DAY if frequency.unit == "W" else 0


def _usual(values: Array) -> int:
    """The value that most have, or 0 where none is that common: a grid forced on irregular times starts at midnight."""
    distinct, counts = np.unique(values, return_counts=True)
    return int(distinct[counts.argmax()]) if counts.max() >= 0.5 * len(values) else 0


def _most_common(values: Array) -> int:
    distinct, counts = np.unique(values, return_counts=True)
    return int(distinct[counts.argmax()])


def _integer_grid(values: Array, codes: npt.NDArray[np.integer], freq: str | None, source: str) -> Grid:
    if freq is not None and not freq.isdigit():
        raise InputError(
            _(
                "the time column of {source} counts steps: expected their distance as the frequency, "
                "such as 1, not {freq!r}{hint}",
                source=source,
                freq=freq,
                hint=using(" ({})", "freq"),
            )
        )
    steps = step_sizes(values, codes)
    step = int(freq) if freq is not None else _most_common(steps) if len(steps) else 1
    if freq is None and len(steps) and ((steps % step == 0).mean() < _ON_GRID or (steps == step).mean() < _COMMON):
        sizes, counts = np.unique(steps, return_counts=True)
        listed = listing(
            _("{count} of {size}", count=counts[i], size=sizes[i]) for i in np.argsort(-counts, kind="stable")[:4]
        )
        raise InputError(
            _(
                "the time column of {source} has no regular step: of {n_steps} steps {listed}. Name the "
                "step with {freq_option} (a number), or another column with {time_option}",
                source=source,
                n_steps=len(steps),
                listed=listed,
                freq_option=option("freq"),
                time_option=option("time"),
            )
        )
    return Grid(None, None, _usual(values % step), step)
