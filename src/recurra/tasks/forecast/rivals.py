"""The baselines beside the training of a forecaster or in its combination, and how they are waited for."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from recurra.data.panel.calendar import event_codes
from recurra.data.panel.panel import Panel
from recurra.evaluation.forecast.baselines import forecast_baselines, seconds_of
from recurra.evaluation.forecast.columns import BASELINES
from recurra.evaluation.forecast.steps import Steps
from recurra.evaluation.forecast.worker import BaselineWorker, PlainBaselines
from recurra.language import _
from recurra.nn.quantiles import QUANTILES
from recurra.tasks.forecast.combining import baseline_quantiles
from recurra.tasks.forecast.model import ForecastModel, Recipe
from recurra.tasks.forecast.plan import steps_of
from recurra.tasks.forecast.study import needed
from recurra.training import Run
from recurra.training.progress import expect

_LONG = 10.0  # seconds of one core, from which on a combination's baselines are computed elsewhere

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]


def baselines_of(panel: Panel, origins: list[np.ndarray], recipe: Recipe) -> BaselineWorker | PlainBaselines:
    """The baselines from `origins` of each series, in a process of their own unless none is fitted."""
    histories = [panel.values(s) for s in range(len(panel))]
    events = event_codes(panel, recipe.horizon)
    known = histories, origins, recipe.horizon, steps_of(panel, recipe.seasons), QUANTILES, events
    if recipe.method == "fast":
        return PlainBaselines(*known)
    return BaselineWorker(*known, needed=needed(recipe))


def awaited(baselines: BaselineWorker | PlainBaselines, run: Run) -> pd.DataFrame:
    """The baselines' forecasts, with a bar where there is still something to wait for; every thread helps with it."""
    if baselines.ready():
        return baselines.result()
    expect(run.progress, 1)
    run.progress.start(_("baselines"), baselines.forecasts)
    try:
        return baselines.result(lambda done: run.progress.update(done, _("forecasts")), torch.get_num_threads())
    finally:
        run.progress.stop()


def forecast(model: ForecastModel, panel: Panel, series: Ints, origins: Ints, run: Run) -> tuple[Floats, Floats]:
    """What `model.forecast` says, its baselines as `combined_baselines` has them."""
    return model.forecast(panel, series, origins, combined_baselines(model, panel, series, origins, run))


def combined_baselines(model: ForecastModel, panel: Panel, series: Ints, origins: Ints, run: Run) -> dict[str, Floats]:
    """Quantiles [n, H, Q] of the baselines that the model combines; of many series in several processes, with a bar."""
    used = () if model.combination is None else model.combination.used
    methods = [name for name in used if name in BASELINES]

    def compute(histories: list[Floats], ends: list[Ints], horizon: int, steps: Steps, **known: Any) -> pd.DataFrame:
        if sum(seconds_of(name, histories, ends, steps) for name in methods) < _LONG:
            return forecast_baselines(histories, ends, horizon, steps, **known)
        with BaselineWorker(histories, ends, horizon, steps, **known) as baselines:
            return awaited(baselines, run)

    steps = steps_of(model.panel, model.recipe.seasons)
    return baseline_quantiles(panel, series, origins, model.recipe.horizon, steps, methods, compute)
