"""What a statistician would try: linear regression, and AutoTheta, AutoETS, AutoCES, MSTL, AutoARIMA of statsforecast.

Parameters are estimated anew at every origin. The form (which components, which order) is chosen anew at as many as
`selections` origins of a series, evenly spaced, and kept in between: choosing costs ten times what estimating costs.
All of them read the last `points` values, gaps filled by straight lines.

Sources: Hyndman, Khandakar (2008), "Automatic time series forecasting" (AutoETS, AutoARIMA); Fiorucci et al. (2016),
"Models for optimising the theta method" (AutoTheta); Svetunkov, Kourentzes, Ord (2022), "Complex exponential smoothing"
(AutoCES); Bandara, Hyndman, Bergmeir (2021), "MSTL" with an AutoETS of what the seasons leave.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recurra.evaluation.forecast import linear
from recurra.evaluation.forecast.naive import drift
from recurra.evaluation.forecast.predictive import Normal, fill_gaps
from recurra.evaluation.forecast.steps import Steps

Floats = npt.NDArray[np.floating]

LEAST_POINTS = 8
LONGEST_ETS = 24  # an ETS of a longer season has more states than a series can tell
LONGEST_ARIMA = 12  # a longer season takes minutes
LEAST_CYCLES = 2
_POINTS, _CYCLES, _MOST_POINTS = 500, 6, 2500
_LINEAR_LEAST, _LINEAR_MOST = 50, 10_000
_SMOOTH = 40  # places of a season at which trends are smoothed at least
_LEVEL = 80  # of the interval from which a standard deviation is read
_HALF = 1.2815515655446004  # its half-width in standard deviations


def points_used(steps: Steps) -> int:
    """How many of the last values most of them read: 500, or six of the longest season, at most 2,500."""
    return min(max(_POINTS, _CYCLES * max(steps.seasons, default=1)), _MOST_POINTS)


class Statistical(ABC):
    """One of the methods. `seconds` to choose a form and estimate it, roughly: what a budget reckons with.

    `estimating` is the share of it that estimating alone takes.
    """

    selections = 8
    estimating = 0.15

    def points(self, steps: Steps) -> int:
        """How many of the last values are read."""
        return points_used(steps)

    def applies(self, steps: Steps, rows: int) -> bool:
        """Whether it says something that simpler methods do not of a series with so many rows."""
        return True

    def season(self, steps: Steps, points: int) -> int:
        """The season that it can use, given so many points."""
        return steps.season if points >= LEAST_CYCLES * steps.season else 1

    @abstractmethod
    def seconds(self, points: int, season: int) -> float: ...

    @abstractmethod
    def select(self, y: Floats, steps: Steps, ahead: int) -> Any:
        """The form that fits y [n] best, to look `ahead` steps ahead."""

    @abstractmethod
    def estimate(self, y: Floats, steps: Steps, form: Any, ahead: int) -> tuple[Floats, Floats]:
        """Mean and standard deviation [ahead] by that form, its parameters estimated on y [n]."""


class Forms:
    """A method on one series: forecasts from origin after origin; `fallbacks` are drift forecasts that stand in."""

    def __init__(self, method: Statistical, origins: int) -> None:
        self._method, self._count = method, 0
        self._every = -(-origins // max(method.selections, 1))
        self._form: Any = None

    def forecast(self, history: Floats, ahead: int, steps: Steps) -> Normal:
        """From a history [n], first and last value observed; the next origin of the series is asked for next."""
        y = _last_points(history, self._method.points(steps))
        number, self._count = self._count, self._count + 1
        simple = drift(history, ahead)
        if len(y) < LEAST_POINTS or np.ptp(y) == 0:
            return Normal(simple.mean, simple.sd, fallback=True)
        found = None
        # Nothing here is the user's to answer for: a model that fails is replaced, and counted.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                if self._form is None or number % self._every == 0:
                    self._form = self._method.select(y, steps, ahead)
                found = Normal(*self._method.estimate(y, steps, self._form, ahead))
            except Exception:  # noqa: BLE001, statsforecast raises bare exceptions where no model can be fitted
                self._form = None
        if found is None or not found.is_finite() or not _plausible(found.mean, y):
            return Normal(simple.mean, simple.sd, fallback=True)
        return found


class LinearRegression(Statistical):
    selections = 4

    def points(self, steps: Steps) -> int:
        return _LINEAR_MOST

    def applies(self, steps: Steps, rows: int) -> bool:
        return rows >= _LINEAR_LEAST

    def seconds(self, points: int, season: int) -> float:
        return 0.02 + 1e-6 * points * min(points, linear.LONGEST) / 20

    def select(self, y: Floats, steps: Steps, ahead: int) -> linear.LinearForm:
        return linear.choose(y, steps, ahead)

    def estimate(self, y: Floats, steps: Steps, form: linear.LinearForm, ahead: int) -> tuple[Floats, Floats]:
        fitted = linear.fit(y, form, ahead)
        return fitted.forecast(y), fitted.sd


class AutoTheta(Statistical):
    def seconds(self, points: int, season: int) -> float:
        return 0.003 + 7e-5 * points

    def select(self, y: Floats, steps: Steps, ahead: int) -> str:
        from statsforecast.models import AutoTheta

        fitted: Any = AutoTheta(season_length=self.season(steps, len(y))).fit(y).model_
        return fitted["modeltype"]

    def estimate(self, y: Floats, steps: Steps, form: str, ahead: int) -> tuple[Floats, Floats]:
        from statsforecast.models import AutoTheta

        return _read(AutoTheta(season_length=self.season(steps, len(y)), model=form).forecast(y, ahead, level=[_LEVEL]))


class AutoETS(Statistical):
    selections = 4

    def season(self, steps: Steps, points: int) -> int:
        fits = [s for s in steps.seasons if s <= LONGEST_ETS and points >= LEAST_CYCLES * s]
        return fits[0] if fits else 1

    def seconds(self, points: int, season: int) -> float:
        return 0.005 + 2e-5 * points * max(2 * season, 1)

    def select(self, y: Floats, steps: Steps, ahead: int) -> tuple[str, bool]:
        from statsforecast.models import AutoETS

        form = AutoETS(season_length=self.season(steps, len(y))).fit(y).model_["components"]
        return form[:3], form[3] == "D"

    def estimate(self, y: Floats, steps: Steps, form: tuple[str, bool], ahead: int) -> tuple[Floats, Floats]:
        from statsforecast.models import AutoETS

        model = AutoETS(season_length=self.season(steps, len(y)), model=form[0], damped=form[1])
        return _read(model.forecast(y, ahead, level=[_LEVEL]))


class AutoCES(Statistical):
    def seconds(self, points: int, season: int) -> float:
        return 0.002 + 5e-5 * points

    def select(self, y: Floats, steps: Steps, ahead: int) -> str:
        from statsforecast.models import AutoCES

        fitted: Any = AutoCES(season_length=self.season(steps, len(y))).fit(y).model_
        return fitted["seasontype"]

    def estimate(self, y: Floats, steps: Steps, form: str, ahead: int) -> tuple[Floats, Floats]:
        """Its own intervals are simulated for half a second; here the errors run through the level's equations."""
        from statsforecast.models import AutoCES

        model = AutoCES(season_length=self.season(steps, len(y)), model=form).fit(y)
        fitted: Any = model.model_
        sigma = float(np.sqrt(np.mean(np.square(fitted["residuals"]))))
        if form == "S":  # each phase of the season is a level of its own
            weights = np.zeros(ahead)
        else:
            weights = _response(float(fitted["par"]["alpha_0"]), float(fitted["par"]["alpha_1"]), ahead)
        variance = 1.0 + np.concatenate([[0.0], np.cumsum(weights**2)])[:ahead]
        return model.predict(ahead)["mean"], sigma * np.sqrt(variance)


class MSTL(Statistical):
    selections = 0  # there is no form to choose: it is decomposed anew at every origin
    estimating = 1.0

    def applies(self, steps: Steps, rows: int) -> bool:
        return bool(steps.seasons) and rows >= LEAST_CYCLES * steps.season + 1

    def seconds(self, points: int, season: int) -> float:
        return 0.01 + 1.3e-4 * points

    def select(self, y: Floats, steps: Steps, ahead: int) -> None:
        return None

    def estimate(self, y: Floats, steps: Steps, form: None, ahead: int) -> tuple[Floats, Floats]:
        from statsforecast.models import MSTL, AutoETS

        seasons = [s for s in steps.seasons if len(y) > LEAST_CYCLES * s]
        # Straight lines in between, as in R's stl: a fourth of the time for a year of days, the same forecasts.
        jump = max(1, min(seasons[0], seasons[-1] // _SMOOTH))
        model = MSTL(
            season_length=seasons,
            trend_forecaster=AutoETS(season_length=1, model="ZZN"),
            stl_kwargs={"trend_jump": jump, "low_pass_jump": jump},
        )
        return _read(model.forecast(y, ahead, level=[_LEVEL]))


class AutoARIMA(Statistical):
    selections = 2

    def season(self, steps: Steps, points: int) -> int:
        season = super().season(steps, points)
        return season if season <= LONGEST_ARIMA else 1

    def seconds(self, points: int, season: int) -> float:
        return 0.2 + 6e-4 * points if season == 1 else 0.3 + 2e-3 * points

    def select(self, y: Floats, steps: Steps, ahead: int) -> tuple[tuple[int, ...], tuple[int, ...], bool, bool]:
        from statsforecast.models import AutoARIMA

        fitted = AutoARIMA(season_length=self.season(steps, len(y)), approximation=True).fit(y).model_
        p, q, sp, sq, _, d, sd = fitted["arma"]
        return (p, d, q), (sp, sd, sq), "intercept" in fitted["coef"], "drift" in fitted["coef"]

    def estimate(self, y: Floats, steps: Steps, form: Any, ahead: int) -> tuple[Floats, Floats]:
        from statsforecast.models import ARIMA

        order, seasonal, with_mean, with_drift = form
        model = ARIMA(
            order=order,
            season_length=self.season(steps, len(y)),
            seasonal_order=seasonal,
            include_mean=with_mean,
            include_drift=with_drift,
        )
        return _read(model.forecast(y, ahead, level=[_LEVEL]))


STATISTICAL: Final[dict[str, Statistical]] = {
    "linear regression": LinearRegression(),
    "AutoTheta": AutoTheta(),
    "AutoETS": AutoETS(),
    "AutoCES": AutoCES(),
    "MSTL": MSTL(),
    "AutoARIMA": AutoARIMA(),
}


def _last_points(history: Floats, points: int) -> Floats:
    start = max(0, len(history) - points)
    while np.isnan(history[start]):
        start += 1
    return fill_gaps(history[start:])


def _read(found: Any) -> tuple[Floats, Floats]:
    mean = np.asarray(found["mean"], dtype=np.float64)
    width = np.asarray(found[f"hi-{_LEVEL}"]) - np.asarray(found[f"lo-{_LEVEL}"])
    return mean, np.maximum(width, 0.0) / (2.0 * _HALF)


def _plausible(mean: Floats, y: Floats) -> bool:
    """Whether a forecast stays within a hundred ranges of what was seen: an explosive fit is none."""
    return bool(np.abs(mean - y[-1]).max() <= 100.0 * np.ptp(y))


def _response(alpha_0: float, alpha_1: float, steps: int) -> Floats:
    """How far an error moves the forecasts 1 to `steps` after it, by the equations of the complex level [steps]."""
    transition = np.array([[1.0, alpha_1 - 1.0], [1.0, 1.0 - alpha_0]])
    state = np.array([alpha_0 - alpha_1, alpha_0 + alpha_1])
    found = np.empty(steps)
    for h in range(steps):
        found[h] = (transition @ state)[0]
        state = transition @ state
    return found
