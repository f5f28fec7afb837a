"""For series in which the best baseline is better, its forecast in place of ours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recurra.evaluation.forecast.backtest import Backtest
from recurra.evaluation.forecast.columns import NETWORK
from recurra.evaluation.forecast.combination import Combination
from recurra.evaluation.forecast.series_verdicts import WORSE
from recurra.nn.quantiles import QUANTILES
from recurra.tasks.forecast.model import ForecastModel


def with_fallback(model: ForecastModel, backtest: Backtest) -> tuple[ForecastModel, list[str]]:
    """The model that forecasts by the best baseline where the verdict on a series is "worse", and these series.

    It is kept as weights of the combination: predictions, streams and model files follow.
    """
    told, method = backtest.by_series, backtest.verdict.best_baseline
    worse = told.loc[told["verdict"] == WORSE, "series"].tolist()
    place = {name: s for s, name in enumerate(model.scaling.series)}
    rows = [place[name] for name in worse if name in place]
    if not rows:
        return model, []
    combination = model.combination
    if combination is None:
        count = len(model.scaling.series) + 1
        combination = Combination((NETWORK,), np.ones((count, 1)), np.ones(len(QUANTILES) // 2))
    names, weights = combination.names, combination.weights
    if method not in names:
        names, weights = (*names, method), np.concatenate([weights, np.zeros((len(weights), 1))], axis=1)
    weights = np.array(weights, dtype=np.float64)
    weights[rows] = 0.0
    weights[rows, names.index(method)] = 1.0
    return replace(model, combination=replace(combination, names=names, weights=weights)), worse
