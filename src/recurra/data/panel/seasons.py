"""Which seasons the data have, in grid steps, chosen by whether a season of the past tells anything of the future.

A candidate passes if the average shape of its cycle, taken from one part of a series, explains variance in the other
part, where the level (a moving average over one cycle) has been removed from both. A random walk has shapes too, but
never the same one twice. The idea of the strength of seasonality is that of Wang, Smith & Hyndman (2006,
"Characteristic-based clustering for time series data"); measuring it out of sample is what keeps chance out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recurra.data.panel.panel import Panel
from recurra.data.time.frequency import DAY, MICROSECONDS, Frequency, parse_frequency
from recurra.data.time.grid import Grid
from recurra.data.time.opening import opening_steps

Floats = npt.NDArray[np.floating]

_SERIES = 64  # series that are looked at, evenly spaced
_POINTS = 400_000  # values that are looked at in all; a series' last ones
_LEAST_CYCLES = 3  # of a season that is chosen
_UNPROMPTED_CYCLES = 5  # of a season that no frequency suggests
_LEAST = 0.03  # share of variance that a shape must explain out of sample
_CHANCE = 0.3  # added to it, divided by the number of cycles: few of them agree by chance
_UNPROMPTED = 0.2  # the same for a season that no frequency suggests
_PEAKS = 20  # lags that are tried
_MANY_CYCLES, _STRETCHES = 64, 8  # of a season whose shape turns with a longer one
_CLEAR = 0.2  # share of variance that stretches must explain where halves explain less
_LONGEST = 2000  # steps of a season that no frequency suggests


def detect_seasons(panel: Panel) -> tuple[int, ...]:
    """Seasons of the target in grid steps, shortest first; empty where there is none.

    The frequency says what to look for (hours: a day, a week; months: a year); without one, the peaks of the
    autocorrelation do. Missing values are left out. Deterministic, on a sample of the series and their last values.

    >>> from recurra.data.panel.building import understand
    >>> import pandas as pd
    >>> sales = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=70), "y": [5.0, 7, 6, 4, 9, 12, 2] * 10})
    >>> detect_seasons(understand(sales)[0])
    (7,)
    """
    series = _sample(panel)
    found: list[int] = []
    prompted = season_candidates(panel.grid)
    candidates = prompted if panel.grid.freq is not None else _peaks(series)
    threshold = _LEAST if panel.grid.freq is not None else _UNPROMPTED
    for season in candidates:
        length = max(1.0, float(np.median([len(values) for values in series])))
        if _explained(series, season, found) > threshold + (_CHANCE * season + 2) / length:
            found.append(season)
    return tuple(found)


def season_candidates(grid: Grid) -> tuple[int, ...]:
    """The seasons that a frequency suggests, in steps: a day and a week below a day, else a week or a year."""
    if grid.freq is None:
        return ()
    frequency = parse_frequency(grid.freq)
    if frequency.unit == "B":
        return 5, 261
    if frequency.months is not None:
        return (12 // frequency.months,) if frequency.months in (1, 2, 3, 4, 6) else ()
    length = frequency.microseconds
    assert length is not None
    if grid.counting.opening:
        return _opening_seasons(grid, frequency, length)
    if length < DAY:
        cycles = (MICROSECONDS["s"], MICROSECONDS["min"], MICROSECONDS["h"], DAY, 7 * DAY)
        cycles = tuple(cycle for cycle in cycles if cycle >= DAY or length < cycle / 3)
        return tuple(cycle // length for cycle in cycles if cycle % length == 0 and 1 < cycle // length <= 100_000)
    if length == DAY:
        return 7, 365
    steps = round(365.2425 * DAY / length)
    return (steps,) if steps >= 4 else ()


def _opening_seasons(grid: Grid, frequency: Frequency, length: int) -> tuple[int, ...]:
    """Seasons in opening steps: a day where all open days are as long, a week, and of days a year."""
    week, day = opening_steps(grid.counting.opening, frequency)
    if length == DAY:
        return week, round(365.2425 / 7 * week)
    hour = MICROSECONDS["h"] // length
    found = [hour] if hour > 3 and day is not None and day % hour == 0 else []
    return tuple(dict.fromkeys(steps for steps in (*found, day or 0, week) if steps > 1))


def _sample(panel: Panel) -> list[Floats]:
    chosen = np.unique(np.linspace(0, len(panel) - 1, min(len(panel), _SERIES)).astype(int))
    most = max(1000, _POINTS // len(chosen))
    return [_without_outliers(panel.values(int(s))[-most:].astype(np.float64)) for s in chosen]


def _explained(series: list[Floats], season: int, shorter: list[int]) -> float:
    """The share of variance explained out of sample by a season, beyond `shorter` ones: the median over series."""
    shares = [share for values in series if (share := _share(values, season, shorter)) is not None]
    return float(np.median(shares)) if 2 * len(shares) >= len(series) else -np.inf


def _share(values: Floats, season: int, shorter: list[int]) -> float | None:
    if len(values) < _LEAST_CYCLES * season or np.isfinite(values).sum() < max(8, 2 * season):
        return None
    rest, steps = _without_outliers(values - _moving_mean(values, season)), np.arange(len(values))
    if len(rest) < 4 * season:
        return _told(rest, (steps // season) % 2 == 0, season, shorter)
    share = _told(rest, steps < len(rest) // 2, season, shorter)
    if len(rest) < _MANY_CYCLES * season:
        return share
    # the shape of a day in winter may be none in summer: a clear one is known by stretches of both
    stretches = _told(rest, (steps * _STRETCHES // len(rest)) % 2 == 0, season, shorter)
    return stretches if stretches is not None and stretches > _CLEAR else share


def _told(rest: Floats, part: npt.NDArray[np.bool_], season: int, shorter: list[int]) -> float | None:
    """The share of the variance of `rest` that shapes learnt from a part explain in the other, and the reverse."""
    phase = np.arange(len(rest)) % season
    before = after = 0.0
    for learn in (part, ~part):
        test = ~learn & np.isfinite(rest)
        known = learn & np.isfinite(rest)
        base = np.zeros(len(rest))
        for period in shorter:
            of = np.arange(len(rest)) % period  # a week does not begin anew with the year
            base += _shape(np.where(known, rest - base, np.nan), of, period)[of]
        shape = _shape(np.where(known, rest - base, np.nan), phase, season)
        before += float(np.nansum((rest - base)[test] ** 2))
        after += float(np.nansum((rest - base - shape[phase])[test] ** 2))
    return 1 - after / before if before > 0 else None


def _without_outliers(values: Floats) -> Floats:
    """Finite values drawn in to ten interquartile ranges: one wrong reading must not hide a season."""
    if not np.isfinite(values).any():
        return values
    low, high = np.nanquantile(values, [0.25, 0.75])
    return np.clip(values, low - 10 * (high - low), high + 10 * (high - low)) if high > low else values


def _shape(values: Floats, phase: npt.NDArray[np.integer], season: int) -> Floats:
    """The mean of the finite values at each phase, drawn towards 0 where few are seen."""
    seen = np.isfinite(values)
    count = np.bincount(phase[seen], minlength=season)
    return np.bincount(phase[seen], weights=values[seen], minlength=season) / np.maximum(count, 1)


def _moving_mean(values: Floats, window: int) -> Floats:
    """The centred mean of the finite values within one cycle of each point."""
    seen = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(seen, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(seen)])
    at = np.arange(len(values))
    low, high = np.maximum(at - window // 2, 0), np.minimum(at - window // 2 + window, len(values))
    number = count[high] - count[low]
    return np.where(number > 0, (total[high] - total[low]) / np.maximum(number, 1), np.nan)


def _peaks(series: list[Floats]) -> list[int]:
    """Lags at which the autocorrelation of the changes, averaged over the series, peaks; the shortest first."""
    longest = min(_LONGEST, int(np.median([len(values) for values in series])) // _UNPROMPTED_CYCLES)
    if longest < 3:
        return []
    mean = np.mean([_autocorrelation(_without_outliers(np.diff(values)), longest + 1) for values in series], axis=0)
    inner = mean[1:-1]
    high = inner > max(0.1, 0.4 * float(inner[1:].max(initial=0.0)))
    peaks = np.flatnonzero((inner > mean[:-2]) & (inner >= mean[2:]) & high) + 1
    return [int(lag) for lag in peaks if lag >= 2][:_PEAKS]


def _autocorrelation(values: Floats, lags: int) -> Floats:
    """Autocorrelation at lags 0 to `lags` - 1, missing values left out of every product, by Fourier transform."""
    seen = np.isfinite(values)
    centred = np.where(seen, values - (values[seen].mean() if seen.any() else 0.0), 0.0)
    size = 1 << int(len(values) + lags).bit_length()
    power = np.abs(np.fft.rfft(centred, size)) ** 2
    pairs = np.fft.irfft(np.abs(np.fft.rfft(seen.astype(float), size)) ** 2, size)[:lags]
    products = np.fft.irfft(power, size)[:lags]
    mean = products / np.maximum(np.round(pairs), 1.0)
    return mean / mean[0] if mean[0] > 0 else np.zeros(lags)
