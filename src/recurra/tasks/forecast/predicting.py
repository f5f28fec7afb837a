"""The forecasts from the end of a panel as a frame: intervals, what would be under other covariates, sample paths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.panel.panel import Panel
from recurra.errors import InputError
from recurra.language import _
from recurra.tasks.forecast.frames import forecast_frame, interval_bounds
from recurra.tasks.forecast.model import ForecastModel
from recurra.tasks.forecast.paths import MOST, draw
from recurra.tasks.forecast.rivals import combined_baselines
from recurra.tasks.forecast.what_if import Change, changed
from recurra.tasks.parameters import is_whole
from recurra.training import Run

Floats = npt.NDArray[np.floating]


def predicted(
    model: ForecastModel,
    panel: Panel,
    levels: Sequence[float],
    changes: Sequence[Change],
    num_samples: int | None,
    run: Run,
) -> tuple[pd.DataFrame, list[str]]:
    """What `Forecaster.predict` gives, and what is to be said of the `changes`; `levels` are checked."""
    if num_samples is not None and (not is_whole(num_samples, 1) or num_samples > MOST):
        raise InputError(
            _(
                "num_samples is {num_samples!r}: expected a whole number from 1 to {most}",
                num_samples=num_samples,
                most=f"{MOST:,}",
            )
        )
    every = np.arange(len(panel))
    baselines = combined_baselines(model, panel, every, panel.lengths, run)
    points, quantiles = model.forecast(panel, every, panel.lengths, baselines)
    beside: dict[str, Floats] = {}
    remarks: list[str] = []
    if changes:
        beside["as_is"] = points.ravel()
        other, remarks = changed(model, panel, changes)
        if panel.schema.has_events:  # nothing else of a covariate is read by a baseline
            baselines = combined_baselines(model, other, every, other.lengths, run)
        points, quantiles = model.forecast(other, every, other.lengths, baselines)
    beside |= interval_bounds(quantiles, levels)
    if num_samples is not None:
        paths = draw(quantiles, int(num_samples), model.recipe.seed, model.steps_correlation)
        beside |= {f"sample_{k + 1}": paths[:, k].ravel() for k in range(int(num_samples))}
    return forecast_frame(panel, points, beside), remarks
