"""What is learnt about magnitudes before any training, from the training part alone.

A forecasting window loses its own level and scale (`data/panel/windows.py`); what stays global is decided here: whether
a series is taken in logarithms, the smallest scale a window may claim, and the mean and spread of the covariates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.checking import require, require_floats, require_sizes
from recurra.data.panel.panel import Floats, Ints, Panel

Bools = npt.NDArray[np.bool_]

FLOOR = 0.1  # a window's scale is at least this share of its series' own typical change
_SAMPLE = 200_000  # rows that are enough for a mean, a spread or a slope


@dataclass(frozen=True, eq=False)
class Scaling:
    """Fitted statistics; `season` [steps] is the lag of the typical change, 1 where there is no season.

    `floor` [S + 1] and `typical` [S + 1] hold a value per series in the order of `series`, and a last one for a
    series that was never seen. Means and spreads are per column; `*_gaps` says which columns had missing values.
    `known_range` [2, K] are the least and the largest value of each known covariate (None: not kept).
    `logs` [S + 1] says whether each series is taken in logarithms, None: all as `log` says, which a stranger follows.
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
    logs: Bools | None = None
    known_range: Floats | None = None

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
        logs = self.in_logarithms
        require(logs.shape == (strangers,) and logs.dtype == bool, f"logs is of shape {logs.shape}")
        if self.known_range is not None:
            require_floats("known_range", self.known_range, (2, self.known_mean.size))
        gaps = self.past_gaps
        require(gaps.shape == self.past_mean.shape and gaps.dtype == bool, f"past_gaps is of shape {gaps.shape}")

    @property
    def in_logarithms(self) -> Bools:
        """Whether each series [S + 1] is taken in logarithms."""
        return np.full(len(self.series) + 1, self.log) if self.logs is None else self.logs

    def number(self, series: tuple[str, ...]) -> npt.NDArray[np.int64]:
        """For each name its number in training, or S for a stranger."""
        place = {name: k for k, name in enumerate(self.series)}
        return np.array([place.get(name, len(self.series)) for name in series], dtype=np.int64)


def fit_scaling(panel: Panel, season: int, log: Bools | bool | None = None, ends: Ints | None = None) -> Scaling:
    """Statistics of the first `ends[s]` rows of every series [S] (None: all).

    `log` is for all, or for each series and a stranger [S + 1]; None decides from the data.
    """
    ends = panel.lengths if ends is None else ends
    parts = [panel.values(s)[: ends[s]] for s in range(len(panel))]
    logs = chosen_logs(parts) if log is None else np.broadcast_to(np.asarray(log), len(panel) + 1).copy()
    floors, typical = np.full(len(panel), np.nan), np.full(len(panel), np.nan)
    for s, part in enumerate(parts):
        values = transform(part, bool(logs[s]))
        lag = season if season < len(values) else 1
        change = np.abs(values[lag:] - values[:-lag]) if len(values) > 1 else values[:0]
        change = change[np.isfinite(change)]
        observed = values[np.isfinite(values)]
        if len(change) and change.mean() > 0:
            floors[s] = FLOOR * change.mean()
        if len(observed):
            typical[s] = np.median(observed[-_SAMPLE:])
    floors, typical = _completed(floors, logs, 1.0), _completed(typical, logs, 0.0)
    past = panel.past[_sampled_rows(panel.offsets[:-1], panel.lengths, ends)]
    past_mean, past_spread = _mean_and_spread(past)
    known = panel.known[_sampled_rows(panel.known_offsets[:-1], panel.known_lengths, ends)]
    known_mean, known_spread = _mean_and_spread(known)
    static_mean, static_spread = _mean_and_spread(panel.static)
    return Scaling(
        log=bool(logs[-1]),
        season=season,
        series=panel.series,
        floor=floors,
        typical=typical,
        past_mean=past_mean,
        past_spread=past_spread,
        past_gaps=np.asarray(np.isnan(past).any(axis=0)),
        known_mean=known_mean,
        known_spread=known_spread,
        static_mean=static_mean,
        static_spread=static_spread,
        logs=logs,
        known_range=_range(panel, ends),
    )


def transform(values: Floats, log: bool) -> Floats:
    """The target as the network sees it, float64: itself or its logarithm, in which only positive values count."""
    values = np.asarray(values, dtype=np.float64)
    if not log:
        return values
    return np.log(np.where(values > 0, values, np.nan))


def inverse(u: Floats, log: Bools | bool) -> Floats:
    """Values as the network sees them back in the target's units; beyond the range of floats, the largest one.

    `log` is for all of u [n, ...], or for each row [n].
    """
    log = np.asarray(log)
    if not log.any():
        return u
    of = np.broadcast_to(log.reshape(-1, *[1] * (u.ndim - 1)), u.shape) if log.ndim else np.full(u.shape, log)
    return np.where(of, np.exp(np.minimum(np.where(of, u, 0.0), 709.0)), u)


def chosen_logs(series: Sequence[Floats]) -> Bools:
    """Whether each of `series`, and one never seen [S + 1], is taken in logarithms.

    A series that tells by itself is taken as it tells: its changes grow with its level, or they do not. One that is too
    short or too level for that follows all positive series together; one with a value of 0 or less never is.
    """
    positive = [not bool((values <= 0).any()) for values in series]
    together = wants_log([values for values, fits in zip(series, positive, strict=True) if fits])
    logs = np.zeros(len(series) + 1, dtype=bool)
    for s, values in enumerate(series):
        if positive[s]:
            own = _slope([values])
            told = own is not None and abs(own[0] - 0.5) > own[1]
            logs[s] = own[0] > 0.5 if told and own is not None else together
    logs[-1] = together and all(positive)
    return logs


def wants_log(series: Sequence[Floats]) -> bool:
    """Whether changes grow with the level: all values positive, and a slope above 1/2 of log change on log level.

    The slope must be above 1/2 by one standard error; 1 means that relative changes are alike at every level, 0 that
    absolute ones are.
    """
    if any((values <= 0).any() for values in series):
        return False
    found = _slope(series)
    return found is not None and found[0] - found[1] > 0.5


def _slope(series: Sequence[Floats], stretch: int = 16) -> tuple[float, float] | None:
    """The slope of log change on log level over stretches of positive series, and its error; None: not to be told."""
    levels, changes = [], []
    for rows in series:
        values = rows[-_SAMPLE:].astype(np.float64)
        for part in np.array_split(values, max(1, len(values) // stretch)):
            part = part[np.isfinite(part)]
            if len(part) > 2 and np.ptp(part) > 0:
                levels.append(np.log(part.mean()))
                changes.append(np.log(np.abs(np.diff(part)).mean()))
    if len(levels) < 5 or np.std(levels) < 0.05:
        return None
    (slope, _), covariance = np.polyfit(levels, changes, 1, cov=True)
    return float(slope), float(np.sqrt(covariance[0, 0]))


def _completed(values: Floats, logs: Bools, otherwise: float) -> Floats:
    """A value per series [S], and one for a stranger behind them; where there is none, the median of its kind."""
    found = np.append(values, np.nan)
    for kind in (False, True):
        mine = logs == kind
        found[mine & ~np.isfinite(found)] = _finite_median(found[mine], otherwise)
    return found


def _finite_median(values: Floats, otherwise: float) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else otherwise


def _sampled_rows(first: Ints, lengths: Ints, ends: Ints) -> Ints:
    """Evenly spaced rows of all series, enough for a mean, and of them those among the first `ends[s]` of each.

    Series s has the rows from `first[s]` on, `lengths[s]` of them.
    """
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    rows = np.arange(0, offsets[-1], max(1, int(offsets[-1]) // _SAMPLE))
    series = np.searchsorted(offsets, rows, side="right") - 1
    inside = rows - offsets[series]
    return (first[series] + inside)[inside < ends[series]]


def _range(panel: Panel, ends: Ints) -> Floats:
    """The least and the largest value of each known covariate [2, K] in the first `ends[s]` rows of every series."""
    found = np.zeros((2, panel.known.shape[1]))
    found[0], found[1] = np.inf, -np.inf
    for begin, end in zip(panel.known_offsets[:-1], ends, strict=True):
        part = panel.known[begin : begin + end]
        if len(part):
            found[0] = np.fmin(found[0], np.fmin.reduce(part, axis=0))
            found[1] = np.fmax(found[1], np.fmax.reduce(part, axis=0))
    return np.where(np.isfinite(found), found, 0.0)


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
