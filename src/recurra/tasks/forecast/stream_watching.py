"""A stream of forecasts that watches itself: each truth is compared with what was forecast of it.

Windows are those of `watch`: forecasts from origins a horizon apart, each over its whole horizon, with the intervals of
`predict` (those that adapt would hide a change). Windows that end with the same row are one moment, their mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from recurra.evaluation.forecast.anomalies import normal_scores, threshold
from recurra.evaluation.forecast.metrics import naive_scale
from recurra.nn.quantiles import QUANTILES
from recurra.tasks.forecast.decided import LEAST_KNOWN
from recurra.tasks.forecast.model import ForecastModel
from recurra.tasks.forecast.stream_rows import StreamRows
from recurra.tasks.stream_watching import StreamWatch
from recurra.tasks.watching import checked_rate

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]
Forecast = Callable[[Ints], tuple[Floats, Floats]]

_LOW, _HIGH = QUANTILES.index(0.1), QUANTILES.index(0.9)
_ANOMALIES = 1000  # that are remembered


class ForecastWatch(StreamWatch):
    """What `ForecastStreams.watch` gives: whether the forecasts are as good as the backtest promised, and anomalies.

    rate       the share of unchanged values at most that are called anomalous; None: none are looked for
    scores     of the rows that came last, in the order in which they were given: how far each lay from its forecast,
               in standard deviations of what was forecast; NaN where nothing had been forecast of it
    anomalous  whether that is an anomaly
    """

    def __init__(
        self, model: ForecastModel, history: StreamRows, forecast: Forecast, *, alpha: float, rate: float | None
    ) -> None:
        super().__init__(model.promise, alpha)
        self.rate = None if rate is None else checked_rate(rate)
        self._model, self._history, self._forecast = model, history, forecast
        self._beyond = np.inf
        if rate is not None:
            # what is kept was calibrated again since
            self._beyond = max(threshold(self.promise.scores, rate)[0], float(ndtri(1.0 - rate / 2.0)))
        self._numbers = {name: s for s, name in enumerate(model.panel.series)}
        self._least = max(model.window, LEAST_KNOWN)  # rows of a series new to the model before values are evaluated
        n, horizon = len(history.names), model.recipe.horizon
        self._horizon = horizon
        self._scaled = bool(np.isfinite(model.naive_error).any())
        self.state |= {
            "row.step": np.full(n, -1, dtype=np.int64),  # rows of the window that have come; -1: none is open
            "row.place": np.zeros(n, dtype=np.int64),
            "row.scale": np.full(n, np.nan),
            "row.points": np.full((n, horizon), np.nan),
            "row.quantiles": np.full((n, horizon, len(QUANTILES)), np.nan),
            "row.error": np.zeros(n),
            "row.inside": np.zeros(n),
            "row.known": np.zeros(n, dtype=np.int64),
            "anomaly.row": np.zeros(_ANOMALIES, dtype=np.int64),
            "anomaly.place": np.zeros(_ANOMALIES, dtype=np.int64),
            "anomaly.values": np.full((_ANOMALIES, 3), np.nan),
            "anomaly.count": np.zeros(1, dtype=np.int64),
        }
        self.scores: Floats = np.zeros(0)
        self.anomalous: npt.NDArray[np.bool_] = np.zeros(0, dtype=bool)
        self.restart(np.arange(n))

    @property
    def anomalies(self) -> pd.DataFrame:
        """The last 1,000 anomalies: `series`, `time`, `y`, `forecast`, `score`, the newest last."""
        state, count = self.state, int(self.state["anomaly.count"][0])
        order = np.arange(max(count - _ANOMALIES, 0), count) % _ANOMALIES
        y, forecast, score = state["anomaly.values"][order].T
        return pd.DataFrame(
            {
                "series": [self._history.names[row] for row in state["anomaly.row"][order]],
                "time": [self._time(int(place)) for place in state["anomaly.place"][order]],
                "y": y,
                "forecast": forecast,
                "score": score,
            }
        )

    def restart(self, at: Ints) -> None:
        """Forget the open windows of some rows, whose history is another one now, and begin others."""
        self.state["row.step"][at] = -1
        self._begin(at)

    def told(self, at: Ints, truth: Floats) -> None:
        """The row that came last of the series `at` [k], NaN where it is missing; it stands in the history by now."""
        state = self.state
        self.scores, self.anomalous = np.full(len(at), np.nan), np.zeros(len(at), dtype=bool)
        open_ = np.flatnonzero(state["row.step"][at] >= 0)
        if len(open_):
            self._evaluate(at[open_], truth[open_], open_)
        self._begin(at)

    def _evaluate(self, rows: Ints, truth: Floats, places: Ints) -> None:
        """Compare the truths [k] of rows that are forecast, which stand at `places` among those that came."""
        state = self.state
        step = state["row.step"][rows]
        point, quantiles = state["row.points"][rows, step], state["row.quantiles"][rows, step]
        self.scores[places] = normal_scores(truth, quantiles, QUANTILES)
        with np.errstate(invalid="ignore"):
            self.anomalous[places] = np.abs(self.scores[places]) > self._beyond
            inside = (quantiles[:, _LOW] <= truth) & (truth <= quantiles[:, _HIGH])
        known = np.isfinite(truth) & np.isfinite(point)
        error = np.abs(truth - point) / (state["row.scale"][rows] if self._scaled else 1.0)
        state["row.error"][rows] += np.where(known, error, 0.0)
        state["row.inside"][rows] += inside & known
        state["row.known"][rows] += known
        state["row.step"][rows] += 1
        for k in np.flatnonzero(self.anomalous[places]):
            self._note(int(rows[k]), truth[k], point[k], float(self.scores[places[k]]))
        done = rows[state["row.step"][rows] == self._horizon]
        state["row.step"][done] = -1
        told = done[(state["row.known"][done] > 0) & np.isfinite(state["row.error"][done])]
        if len(told):
            count = state["row.known"][told]
            error, covered = state["row.error"][told] / count, state["row.inside"][told] / count
            self._add(int(state["row.place"][told].min()), float(error.mean()), float(covered.mean()))

    def _note(self, row: int, truth: float, point: float, score: float) -> None:
        state = self.state
        at = int(state["anomaly.count"][0]) % _ANOMALIES
        state["anomaly.row"][at], state["anomaly.values"][at] = row, (truth, point, score)
        state["anomaly.place"][at] = self._history.positions(np.array([row]))[0] - 1
        state["anomaly.count"] += 1

    def _begin(self, at: Ints) -> None:
        """Forecasts of the rows that have no open window, and enough of a past."""
        state, history, model = self.state, self._history, self._model
        free = at[state["row.step"][at] < 0]
        least = np.array([1 if history.names[i] in self._numbers else self._least for i in free], dtype=np.int64)
        free = free[history.state["count"][free] >= least]
        if not len(free):
            return
        points, quantiles = self._forecast(free)
        state["row.points"][free], state["row.quantiles"][free] = points, quantiles
        state["row.step"][free] = state["row.known"][free] = 0
        state["row.error"][free] = state["row.inside"][free] = 0.0
        state["row.place"][free] = history.positions(free)
        for i in free:
            s = self._numbers.get(history.names[i])
            if s is not None:
                state["row.scale"][i] = model.naive_error[s]
            elif np.isnan(state["row.scale"][i]):
                values = history.panel(np.array([i])).values(0)
                state["row.scale"][i] = naive_scale(values, model.recipe.season)

    def _time(self, place: int) -> Any:
        return self._history.grid.times(np.array([place]))[0]
