"""What is learnt about magnitudes before any training, from the training part alone.

A forecasting window loses its own level and scale (`data/panel/windows.py`); what stays global is decided here: whether
the target is taken in logarithms, the smallest scale a window may claim, and the mean and spread of the covariates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.checking import require, require_floats, require_sizes
from recurra.data.panel.panel import Floats, Ints, Panel

FLOOR = 0.1  # a window's scale is at least this share of its series' own typical change
_SAMPLE = 200_000  # rows that are enough for a mean, a spread or a slope


@dataclass(frozen=True, eq=False)
class Scaling:
    """Fitted statistics; `season` [steps] is the lag of the typical change, 1 where there is no season.

    `floor` [S + 1] and `typical` [S + 1] hold a value per series in the order of `series`, and a last one for a
    series that was never seen. Means and spreads are per column; `*_gaps` says which columns had missing values.
    """

    log: bool
    season: int
    series: tuple[str, ...]
    floor: Floats
    typical: Floats
    past_mean: Floats
    past_spread: Floats
    past_gaps: npt.NDArray[np.bool_]
    known_mean: Floats
    known_spread: Floats
    static_mean: Floats
    static_spread: Floats

    def check(self) -> None:
        """Refuse statistics of other series or columns than their own, and spreads that are not above 0."""
        strangers = len(self.series) + 1
        require(len(set(self.series)) == len(self.series), "the names of the scaling's series are not distinct")
        require_sizes(self, "season")
        require_floats("floor", self.floor, (strangers,), above=0)
        require_floats("typical", self.typical, (strangers,))
        for part in ("past", "known", "static"):
            mean = getattr(self, f"{part}_mean")
            require_floats(f"{part}_mean", mean, (mean.size,))
            require_floats(f"{part}_spread", getattr(self, f"{part}_spread"), mean.shape, above=0)
        gaps = self.past_gaps
        require(gaps.shape == self.past_mean.shape and gaps.dtype == bool, f"past_gaps is of shape {gaps.shape}")

    def number(self, series: tuple[str, ...]) -> npt.NDArray[np.int64]:
        """For each name its number in training, or S for a stranger."""
        place = {name: k for k, name in enumerate(self.series)}
        return np.array([place.get(name, len(self.series)) for name in series], dtype=np.int64)


def fit_scaling(panel: Panel, season: int, log: bool | None = None, ends: Ints | None = None) -> Scaling:
    """Statistics of the first `ends[s]` rows of every series [S] (None: all); `log=None` decides from the data."""
    ends = panel.lengths if ends is None else ends
    parts = [panel.values(s)[: ends[s]] for s in range(len(panel))]
    take_log = wants_log(parts) if log is None else log
    floors, typical = np.full(len(panel), np.nan), np.full(len(panel), np.nan)
    for s, part in enumerate(parts):
        values = transform(part, take_log)
        lag = season if season < len(values) else 1
        change = np.abs(values[lag:] - values[:-lag]) if len(values) > 1 else values[:0]
        change = change[np.isfinite(change)]
        observed = values[np.isfinite(values)]
        if len(change) and change.mean() > 0:
            floors[s] = FLOOR * change.mean()
        if len(observed):
            typical[s] = np.median(observed[-_SAMPLE:])
    default = _finite_median(floors, 1.0)
    floors = np.where(np.isfinite(floors), floors, default)
    typical = np.where(np.isfinite(typical), typical, _finite_median(typical, 0.0))
    past = panel.past[_sampled_rows(panel.offsets, ends)]
    past_mean, past_spread = _mean_and_spread(past)
    known_mean, known_spread = _mean_and_spread(panel.known[_sampled_rows(panel.known_offsets, ends)])
    static_mean, static_spread = _mean_and_spread(panel.static)
    return Scaling(
        log=take_log,
        season=season,
        series=panel.series,
        floor=np.append(floors, default),
        typical=np.append(typical, _finite_median(typical, 0.0)),
        past_mean=past_mean,
        past_spread=past_spread,
        past_gaps=np.asarray(np.isnan(past).any(axis=0)),
        known_mean=known_mean,
        known_spread=known_spread,
        static_mean=static_mean,
        static_spread=static_spread,
    )


def transform(values: Floats, log: bool) -> Floats:
    """The target as the network sees it, float64: itself or its logarithm, in which only positive values count."""
    values = np.asarray(values, dtype=np.float64)
    if not log:
        return values
    return np.log(np.where(values > 0, values, np.nan))


def inverse(u: Floats, log: bool) -> Floats:
    """Values as the network sees them back in the target's units; beyond the range of floats, the largest one."""
    return np.exp(np.minimum(u, 709.0)) if log else u


def wants_log(series: Sequence[Floats], stretch: int = 16) -> bool:
    """Whether changes grow with the level: all values positive, and a slope above 1/2 of log change on log level.

    The slope is taken over stretches of `stretch` rows, and must be above 1/2 by one standard error; 1 means that
    relative changes are alike at every level, 0 that absolute ones are.
    """
    if any((values <= 0).any() for values in series):
        return False
    levels, changes = [], []
    for rows in series:
        values = rows[-_SAMPLE:].astype(np.float64)
        for part in np.array_split(values, max(1, len(values) // stretch)):
            part = part[np.isfinite(part)]
            if len(part) > 2 and np.ptp(part) > 0:
                levels.append(np.log(part.mean()))
                changes.append(np.log(np.abs(np.diff(part)).mean()))
    if len(levels) < 5 or np.std(levels) < 0.05:
        return False
    (slope, _), covariance = np.polyfit(levels, changes, 1, cov=True)
    return bool(slope - np.sqrt(covariance[0, 0]) > 0.5)


def _finite_median(values: Floats, otherwise: float) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else otherwise


def _sampled_rows(offsets: Ints, ends: Ints) -> Ints:
    """Evenly spaced rows, enough for a mean, among the first `ends[s]` of every series."""
    rows = np.arange(0, offsets[-1], max(1, int(offsets[-1]) // _SAMPLE))
    series = np.searchsorted(offsets, rows, side="right") - 1
    return rows[rows - offsets[series] < ends[series]]


def _mean_and_spread(columns: Floats) -> tuple[Floats, Floats]:
    """Mean [K] and standard deviation [K] of each column, missing values left out; 0 and 1 where there is nothing."""
    mean, spread = np.zeros(columns.shape[1]), np.ones(columns.shape[1])
    for j in range(columns.shape[1]):
        values = columns[:, j].astype(np.float64)
        values = values[np.isfinite(values)]
        if len(values):
            mean[j] = values.mean()
            spread[j] = values.std() or 1.0
    return mean, spread
