"""The baselines beside the training of a forecaster, and how they are waited for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recurra.data.panel.calendar import event_codes
from recurra.data.panel.panel import Panel
from recurra.evaluation.forecast.worker import BaselineWorker, PlainBaselines
from recurra.language import _
from recurra.nn.quantiles import QUANTILES
from recurra.tasks.forecast.model import Recipe
from recurra.tasks.forecast.plan import steps_of
from recurra.tasks.forecast.study import needed
from recurra.training import Run
from recurra.training.progress import expect


def baselines_of(panel: Panel, origins: list[np.ndarray], recipe: Recipe) -> BaselineWorker | PlainBaselines:
    """The baselines from `origins` of each series, in a process of their own unless none is fitted."""
    histories = [panel.values(s) for s in range(len(panel))]
    events = event_codes(panel, recipe.horizon)
    known = histories, origins, recipe.horizon, steps_of(panel, recipe.seasons), QUANTILES, events
    if recipe.method == "fast":
        return PlainBaselines(*known)
    return BaselineWorker(*known, needed=needed(recipe))


def awaited(baselines: BaselineWorker | PlainBaselines, run: Run) -> pd.DataFrame:
    """The baselines' forecasts, with a bar where there is still something to wait for."""
    if baselines.ready():
        return baselines.result()
    expect(run.progress, 1)
    run.progress.start(_("baselines"), baselines.forecasts)
    try:
        return baselines.result(lambda done: run.progress.update(done, _("forecasts")))
    finally:
        run.progress.stop()
