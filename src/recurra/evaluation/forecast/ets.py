"""Exponential smoothing in innovations state space form, ETS(A, {N, Ad}, {N, A}), of the series or its logarithm.

    y_t = l_(t-1) + phi b_(t-1) + s_(t-m) + e_t              l level, b trend, s season; e_t ~ N(0, sigma^2)
    l_t = l_(t-1) + phi b_(t-1) + alpha e_t
    b_t = phi b_(t-1) + beta e_t
    s_t = s_(t-m) + gamma e_t

The parameters are estimated by statsmodels' `ETSModel` (maximum likelihood) on the last points before the first
origin. The states to start from are read off the data (level and slope of the first points, classical seasonal
indices). Candidates are a season or none, the logarithm or not (positive series only), and then, for the best of these,
a damped trend or none. The lowest Akaike criterion decides, in which the mean absolute error over the whole horizon,
inside the data that the parameters come from, stands for the one-step error: forecasts many steps ahead are what it
is used for, and what suits one step can be poor there (half-hourly data).

A season of more than `MOST_STATES` steps does not become a state: its indices are taken out, and the rest is smoothed
without a season (the classical counterpart of STL + ETS).

Sources: Hyndman, Koehler, Ord, Snyder, "Forecasting with Exponential Smoothing" (2008), 2.6 (initial states), ch. 5
(estimation), 6.3 (variance); Hyndman, Athanasopoulos, "Forecasting: Principles and Practice" (3rd ed.), ch. 8 and 12.1.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from recurra.evaluation.forecast.deseason import seasonal_indices, smooth_indices
from recurra.evaluation.forecast.naive import Naive, fit_naive
from recurra.evaluation.forecast.predictive import Predictive, fill_gaps

Floats = npt.NDArray[np.floating]

MOST_STATES = 60  # a longer season is taken out before smoothing
LEAST_POINTS = 8  # fewer are not smoothed: the naive forecast stands in
LEAST_SEASONS = 2
WIDEST_LOG_RANGE = 12.0  # logarithms are for series whose values span less than a factor of exp(12)


@dataclass(frozen=True, eq=False)
class Smoother:
    """One ETS model with its parameters, in units of `scale`, after the pattern [m] is taken out.

    `params` are statsmodels' smoothing parameters; `level`, `trend` and `seasonal` [m] the states before row `start`.
    """

    start: int
    params: Floats
    level: float
    trend: float | None
    seasonal: Floats | None
    pattern: Floats
    centre: float
    scale: float
    sigma: float
    log: bool

    @property
    def season(self) -> int:
        """Steps of the season, as states or taken out before; 1 without one."""
        return max(len(self.pattern), 1 if self.seasonal is None else len(self.seasonal))

    def forecast(self, history: Floats, steps: int) -> Predictive:
        """Follow the history [n] from row `start` on with fixed parameters, then look `steps` ahead."""
        y = fill_gaps(history[self.start :])
        _, states = self._smooth(y)
        mean = self._mean(states, np.array([len(y) - 1]), steps)[0]
        alpha, beta, gamma, phi = self._named()
        h = np.arange(1, steps + 1)
        weight = alpha + beta * np.cumsum(phi**h)  # of the innovation h steps before: Hyndman et al. (2008), table 6.1
        if self.seasonal is not None:
            weight = weight + gamma * (h % len(self.seasonal) == 0)
        variance = 1.0 + np.concatenate([[0.0], np.cumsum(weight[:-1] ** 2)])
        return Predictive(mean, self.scale * self.sigma * np.sqrt(variance), log=self.log)

    def path_error(self, y: Floats, steps: int) -> float:
        """Mean absolute error over all of `steps` steps, in the target's unit, from up to 200 rows inside y [n]."""
        n = len(y)
        steps = min(steps, n // 4)
        rows = np.unique(np.linspace(n // 4, n - 1 - steps, 200).astype(np.int64))
        _, states = self._smooth(y)
        mean = self._mean(states, rows, steps)
        truth = y[rows[:, None] + np.arange(1, steps + 1)]
        return float(np.abs(truth - (np.exp(mean) if self.log else mean)).mean())

    def _mean(self, states: Floats, rows: npt.NDArray[np.int64], steps: int) -> Floats:
        """The forecasts [R, steps] from the states after some rows [R], on the scale that was smoothed."""
        _, _, _, phi = self._named()
        h = np.arange(1, steps + 1)
        mean = np.repeat(states[rows, :1], steps, axis=1)
        if self.trend is not None:
            mean = mean + np.cumsum(phi**h) * states[rows, 1:2]
        ahead = rows[:, None] + h
        if self.seasonal is not None:
            m = len(self.seasonal)
            past = np.concatenate([self.seasonal, states[:, -1]])  # the state of row t stands at place m + t
            mean = mean + past[m + rows[:, None] - m + 1 + (h - 1) % m]
        return mean * self.scale + self.centre + self.pattern[ahead % len(self.pattern)]

    def fitted(self, y: Floats) -> Floats:
        """The one-step forecast of each row of a gapless history [n] that begins at row `start`."""
        return self._smooth(y)[0] * self.scale + self.centre + np.resize(self.pattern, len(y))

    def _smooth(self, y: Floats) -> tuple[Floats, Floats]:
        z = (np.log(y) if self.log else y) - np.resize(self.pattern, len(y))
        model = _model((z - self.centre) / self.scale, self.level, self.trend, self.seasonal)
        fitted, states = model.smooth(self.params, return_raw=True)
        return np.asarray(fitted), np.asarray(states)

    def _named(self) -> tuple[float, float, float, float]:
        """Alpha, beta, gamma, phi, from statsmodels' order (alpha, [beta], [gamma], [phi])."""
        rest = list(self.params[1:])
        beta = rest.pop(0) if self.trend is not None else 0.0
        gamma = rest.pop(0) if self.seasonal is not None else 0.0
        phi = rest.pop(0) if self.trend is not None else 1.0
        return float(self.params[0]), float(beta), float(gamma), float(phi)


@dataclass(frozen=True, eq=False)
class Ets:
    """The chosen smoother, the one for where no logarithm can be taken, and the naive forecast as last resort."""

    candidates: tuple[Smoother, ...]
    naive: Naive

    def forecast(self, history: Floats, steps: int) -> Predictive:
        """Forecast with the first candidate that can follow this history and stays finite."""
        positive = np.nanmin(history) > 0
        for candidate in self.candidates:
            if positive or not candidate.log:
                result = candidate.forecast(history, steps)
                if result.is_finite():
                    return result
        simple = self.naive.forecast(history, steps)
        return Predictive(simple.mean, simple.sd, fallback=True)


def fit_ets(history: Floats, season: int, horizon: int) -> Ets:
    """Choose and estimate on the last max(10 seasons, 1000) points of `history` [n] (first and last observed)."""
    naive = fit_naive(history)
    start = max(0, len(history) - points_used(season))
    while np.isnan(history[start]):
        start += 1
    y = fill_gaps(history[start:])
    if len(y) < LEAST_POINTS or np.ptp(y) == 0:
        return Ets((), naive)
    seasons = (1, season) if season > 1 and len(y) > LEAST_SEASONS * season else (1,)
    logs = (False, True) if y.min() > 0 and np.ptp(np.log(y)) < WIDEST_LOG_RANGE else (False,)
    level_only = [fit_smoother(y, m, start=start, log=log) for m in seasons for log in logs]
    judged = {smoother: criterion(smoother, y, horizon) for smoother in level_only}
    best = min(judged, key=judged.__getitem__)
    damped = fit_smoother(y, best.season, start=start, log=best.log, trend=True)
    judged[damped] = criterion(damped, y, horizon)
    best, *others = sorted(judged, key=judged.__getitem__)
    plain = next((smoother for smoother in others if not smoother.log), None)
    return Ets((best, plain) if best.log and plain is not None else (best,), naive)


def points_used(season: int) -> int:
    """How many of the last points ETS and Theta are estimated on: ten seasons, and at least 1000."""
    return max(10 * season, 1000)


def fit_smoother(y: Floats, season: int, *, start: int = 0, log: bool = False, trend: bool = False) -> Smoother:
    """Estimate one model on a gapless history [n]; `start` is the row of the full history that y begins with."""
    z = np.log(y) if log else y
    as_states = 1 < season <= MOST_STATES
    indices = seasonal_indices(z, season) if season > 1 else np.zeros(1)
    pattern = np.zeros(1) if as_states else smooth_indices(indices, z) if season > 1 else indices
    rest = z - np.resize(pattern, len(z))
    centre = float(np.median(rest))
    scale = float(np.std(rest)) or 1.0
    rest = (rest - centre) / scale
    seasonal = indices / scale if as_states else None
    level, slope = _first_states(rest - (np.resize(seasonal, len(rest)) if seasonal is not None else 0.0))
    model = _model(rest, level, slope if trend else None, seasonal)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", ConvergenceWarning)  # parameters short of the optimum still make a forecast
        params = np.asarray(model.fit(disp=False, return_params=True), dtype=np.float64)
    fitted, _ = model.smooth(params, return_raw=True)
    sigma = float(np.sqrt(((rest - fitted) ** 2).sum() / max(len(rest) - len(params), 1)))
    return Smoother(start, params, level, slope if trend else None, seasonal, pattern, centre, scale, sigma, log)


def criterion(smoother: Smoother, y: Floats, horizon: int) -> float:
    """Akaike's corrected criterion with the error over the whole horizon for the one-step error; lower is better."""
    n, k = len(y), len(smoother.params) + 2 + (smoother.trend is not None) + smoother.season - 1
    if n <= k + 1:
        return float("inf")
    error = max(smoother.path_error(y, horizon), 1e-9 * float(np.ptp(y)))
    return 2.0 * n * np.log(error) + 2.0 * k + 2.0 * k * (k + 1) / (n - k - 1)


def _first_states(y: Floats) -> tuple[float, float]:
    """Level before the first row and slope per row, by a straight line through the first ten points."""
    head = y[:10]
    slope, intercept = np.polyfit(np.arange(1, len(head) + 1), head, 1)
    return float(intercept), float(slope)


def _model(y: Floats, level: float, trend: float | None, seasonal: Floats | None) -> ETSModel:
    return ETSModel(
        y,
        trend=None if trend is None else "add",
        damped_trend=trend is not None,
        seasonal=None if seasonal is None else "add",
        seasonal_periods=None if seasonal is None else len(seasonal),
        initialization_method="known",
        initial_level=level,
        initial_trend=trend,
        initial_seasonal=seasonal,
    )
