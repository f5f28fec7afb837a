"""How wide the combination's intervals must be: by its few held-out forecasts, and many of the pretrained network.

    s = s_mix (s_past / s_net)^b

s_mix is the stretch (`evaluation.forecast.conformal`) that the validation windows ask of the combination, s_net the one
that they ask of the pretrained network alone, and s_past the one that windows spread over a longer past ask of that
network, the validation windows among them. Validation windows are few, often of a single season, and at the same
moments in all series; the pretrained network has learnt from none of these series, so that it can be asked about any
moment, and cheaply. b is the slope of the combination's errors on that network's, in half-widths of each, from
validation window to validation window: 1 where both are wrong together, 0 where one tells nothing about the other.

Source: control variates, as in Lavenberg and Welch (1981), "A perspective on the use of control variables to increase
the efficiency of Monte Carlo simulations".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.data.panel.panel import Ints
from recurra.evaluation.forecast.conformal import fit_stretch
from recurra.evaluation.forecast.steps import Steps
from recurra.nn.quantiles import MEDIAN, QUANTILES

Floats = npt.NDArray[np.floating]

PRIOR = 24.0  # windows that the members' own widths count for
_MOST, _WINDOWS, _SERIES = 96, 600, 200  # windows of the past: of one series, of all; series that are enough
_LEAST_ROWS, _MOST_ROWS = 8, 1024  # that a window reads at least: a quarter of the series in between
_YEARS = 2  # older windows tell little
_LOW, _HIGH = QUANTILES.index(0.1), QUANTILES.index(0.9)
_FARTHEST = 7.0  # logarithms
_SLOPE_PRIOR = 4.0  # windows that a slope of 1 counts for


@dataclass(frozen=True, eq=False)
class Asked:
    """Quantiles [n, H, Q] of one forecast from `origins` [n] of `series` [n], and the truth [n, H], NaN if unknown."""

    quantiles: Floats
    truth: Floats
    series: Ints
    origins: Ints

    @property
    def worth(self) -> float:
        """How many windows that do not overlap these are worth; those without a forecast or a truth are none."""
        known = np.isfinite(self._truth).any(axis=1)
        horizon, rows = self.truth.shape[1], 0
        for s in np.unique(self.series[known]):
            ends = np.unique(self.origins[known & (self.series == s)])
            rows += int(np.minimum(np.diff(ends), horizon).sum()) + horizon
        return rows / horizon

    def stretch(self, independent: float) -> Floats:
        """The stretch [Q // 2] that these windows ask for."""
        return fit_stretch(self.quantiles, self._truth, QUANTILES, independent)

    def at(self, rows: npt.NDArray[np.bool_]) -> Asked:
        """Some of the pairs."""
        return Asked(self.quantiles[rows], self.truth[rows], self.series[rows], self.origins[rows])

    def with_others(self, others: Asked) -> Asked:
        """These windows and others of the same forecast."""
        return Asked(
            np.concatenate([self.quantiles, others.quantiles]),
            np.concatenate([self.truth, others.truth]),
            np.concatenate([self.series, others.series]),
            np.concatenate([self.origins, others.origins]),
        )

    def log_errors(self) -> Floats:
        """The logarithm of each window's mean error in half-widths of its 80 % interval [n], NaN without a truth."""
        q, y = self.quantiles, self._truth
        median = q[..., MEDIAN]
        width = np.where(y < median, median - q[..., _LOW], q[..., _HIGH] - median)
        known = np.isfinite(y)
        error = np.where(known, np.abs(y - median) / np.maximum(width, np.finfo(np.float32).tiny), 0.0)
        count = known.sum(axis=1)
        mean = error.sum(axis=1) / np.maximum(count, 1)
        logs = np.log(np.clip(mean, np.exp(-_FARTHEST), np.exp(_FARTHEST)))
        return np.where(count > 0, logs, np.nan)

    @property
    def _truth(self) -> Floats:
        return np.where(np.isnan(self.quantiles[..., MEDIAN]), np.nan, self.truth)


def past_origins(validation: Sequence[Ints], horizon: int, season: int, steps: Steps) -> list[Ints]:
    """Origins [n_s] of each series before its `validation` origins, increasing; none where there is no room.

    At most 96 of a series and about 600 in all, of 200 series at most. The last two years, where a year is known, are
    cut into as many parts, and each has one origin, at another place in every part and every series (drawn, always
    alike): no hour, weekday or moment stands for all.
    """
    found: list[Ints] = [np.zeros(0, dtype=np.int64) for _unused in validation]
    there = np.array([s for s, ends in enumerate(validation) if len(ends)], dtype=np.int64)
    if not len(there):
        return found
    chosen = there[np.unique(np.linspace(0, len(there) - 1, min(len(there), _SERIES)).astype(np.int64))]
    most = max(3, min(_MOST, _WINDOWS // len(chosen)))
    for number, s in enumerate(chosen.tolist()):
        last = int(validation[s].min()) - horizon
        first = max(2 * season, _LEAST_ROWS, min(_MOST_ROWS, last // 4), last - int(_YEARS * steps.year or last))
        if last < first:
            continue
        count = min(most, 1 + (last - first) // max(1, horizon // 2))
        place = np.arange(count) + np.random.default_rng(number).random(count)
        found[s] = first + (place * (last - first + 1) / count).astype(np.int64)
    return found


def fit_widths(mixed: Asked, network: Asked | None = None, past: Asked | None = None) -> Floats:
    """The stretch [Q // 2] of the combination.

    `mixed` is what it said from the validation windows, `network` what the pretrained network said from the same ones,
    `past` what that network said from windows before them. Drawn to 1, the members' own widths, by `PRIOR` windows.
    """
    windows = mixed.worth
    if network is None or past is None or not np.isfinite(past.truth).any():
        windows = max(1.0, windows)
        return mixed.stretch(windows) ** (windows / (windows + PRIOR))
    windows = max(1.0, windows + past.worth)
    least = np.finfo(np.float32).eps
    asked = [np.maximum(each.stretch(windows), least) for each in (mixed, network, network.with_others(past))]
    found = asked[0] * (asked[2] / asked[1]) ** _slope(mixed.log_errors(), network.log_errors())
    return found ** (windows / (windows + PRIOR))


def _slope(ours: Floats, theirs: Floats) -> float:
    """How far errors move with those of another forecast: 0 to 1, drawn to 1 where windows are few."""
    known = np.isfinite(ours) & np.isfinite(theirs)
    count = int(known.sum())
    if count < 2:
        return 1.0
    ours, theirs = ours[known] - ours[known].mean(), theirs[known] - theirs[known].mean()
    together, alone = float(ours @ theirs), float(theirs @ theirs)
    slope = float(np.clip(together / alone, 0.0, 1.0)) if alone > 0 else 1.0
    return (count * slope + _SLOPE_PRIOR) / (count + _SLOPE_PRIOR)
