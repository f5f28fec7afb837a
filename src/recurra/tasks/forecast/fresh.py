"""The forecasts of a table in which some series have no history, beside those of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.panel.panel import Panel
from recurra.data.schema.names import shown
from recurra.errors import InputError
from recurra.formatting import count, percent
from recurra.language import _, listing
from recurra.nn.quantiles import MEDIAN
from recurra.tasks.forecast.arguments import Data
from recurra.tasks.forecast.cold import LEAST_SERIES, aligned, distances_of
from recurra.tasks.forecast.continuing import continued, read_newer, without_history
from recurra.tasks.forecast.frames import forecast_frame, interval_bounds
from recurra.tasks.forecast.model import ForecastModel
from recurra.tasks.forecast.paths import draw
from recurra.tasks.forecast.predicting import predicted
from recurra.tasks.forecast.rivals import forecast
from recurra.tasks.forecast.what_if import Change
from recurra.training import Run


def predicted_after(
    model: ForecastModel,
    data: Data,
    levels: Sequence[float],
    changes: Sequence[Change],
    num_samples: int | None,
    run: Run,
) -> tuple[pd.DataFrame, list[str]]:
    """What `Forecaster.predict` gives after newer `data`, and what is to be said of it.

    Series without a history are forecast for the steps after the end of those that the model knows. Raises InputError
    for a change of them: what is made of the forecasts of others reads no covariate of its own.
    """
    newer = read_newer(model, data)
    fresh = without_history(model, newer)
    if not fresh.any():
        panel = continued(model, newer, model.memory)
        return predicted(model, panel, levels, changes, num_samples, run)
    if changes:
        raise InputError(
            _(
                "{series} have no history, and their forecasts read no covariate that could be changed: leave these "
                "series out, or the change",
                series=shown([name for name, is_fresh in zip(newer.series, fresh, strict=True) if is_fresh], 3),
            )
        )
    others = _without(newer, fresh)
    there = others is not None
    panel = model.panel.tail(model.memory) if others is None else continued(model, others, model.memory)
    parts, remarks = [], []
    if there:
        frame, remarks = predicted(model, panel, levels, changes, num_samples, run)
        parts.append(frame)
    frame, said = _fresh(model, panel, newer, np.flatnonzero(fresh), levels, num_samples, run)
    return pd.concat([*parts, frame], ignore_index=True), [*remarks, said]


def _fresh(
    model: ForecastModel,
    panel: Panel,
    newer: Panel,
    rows: npt.NDArray[np.integer],
    levels: Sequence[float],
    num_samples: int | None,
    run: Run,
) -> tuple[pd.DataFrame, str]:
    assert model.cold is not None
    known = model.panel.tail(model.memory)
    likes = known if set(panel.series) != set(known.series) else panel  # every series that the model knows
    ends = (likes.start + likes.lengths).astype(np.int64)
    end, horizon = int(max(ends.max(), (panel.start + panel.lengths).max())), model.recipe.horizon
    reach = np.flatnonzero(ends > end - horizon // 2 - 1)
    reach = reach if len(reach) >= min(LEAST_SERIES, len(likes)) else np.arange(len(likes))
    newer = newer.recoded(likes.schema.categories)
    away = distances_of(likes, newer.static[rows], newer.static_codes[rows], model.cold.weights)
    away = away[:, reach] if len(away) else np.zeros((len(rows), len(reach)))
    nearest = [reach[model.cold.likes(row)] for row in away]
    used = np.unique(np.concatenate(nearest))
    _points, quantiles = forecast(model, likes, used, likes.lengths[used], run)
    later = aligned(quantiles, ends[used], end)
    # Of the last steps nobody speaks where all ended before: by the step ahead then.
    later = later if np.isfinite(later[:, -1]).any() else quantiles
    found = np.stack([model.cold.quantiles(later[np.searchsorted(used, part)]) for part in nearest])
    found = np.where(np.isfinite(found), found, model.cold.quantiles(later)[None])
    if float(np.nanmin(likes.packed().target)) >= 0:
        found = np.maximum(found, 0.0)
    place = replace(
        newer,
        series=tuple(newer.series[s] for s in rows),
        start=np.full(len(rows), end, dtype=np.int64),
        offsets=np.zeros(len(rows) + 1, dtype=np.int64),
        ends=None,
        grid=likes.grid,
    )
    beside = interval_bounds(found, levels)
    if num_samples is not None:
        paths = draw(found, int(num_samples), model.recipe.seed, model.steps_correlation)
        beside |= {f"sample_{k + 1}": paths[:, k].ravel() for k in range(int(num_samples))}
    return forecast_frame(place, found[..., MEDIAN], beside), _said(model, place.series)


def _said(model: ForecastModel, names: Sequence[str]) -> str:
    cold = model.cold
    assert cold is not None
    schema = model.panel.schema
    columns = (*schema.static, *schema.static_categorical)
    used = [name for name, weight in zip(columns, cold.weights, strict=True) if weight > 0]
    known = {
        "series": count(len(names), "series", "series"),
        "names": shown(list(names), 5),
        "nearest": min(cold.nearest, len(model.panel)),
        "error": percent(cold.error),
        "held": cold.series,
        "total": len(model.panel),
    }
    if used:
        return _(
            "{series} without any history ({names}): forecast by the {nearest} series nearest in {columns}; "
            "{held} series that were held out whole were missed so by {error} of their mean size",
            columns=listing(used),
            **known,
        )
    if not columns:
        return _(
            "{series} without any history ({names}): forecast as all series are together, since there is no static "
            "column; {held} series that were held out whole were missed so by {error} of their mean size",
            **known,
        )
    return _(
        "{series} without any history ({names}): forecast as all series are together, since neither one static column "
        "nor all of them tell the levels of the {total} known series; {held} series that were held out whole were "
        "missed so by {error} of their mean size",
        **known,
    )


def _without(newer: Panel, fresh: npt.NDArray[np.bool_]) -> Panel | None:
    """The series that are not `fresh`, which have no row; None where all are."""
    keep = np.flatnonzero(~fresh)
    if not len(keep):
        return None
    newer = newer.packed()
    ends = newer.known_lengths
    known = np.concatenate([np.arange(newer.known_offsets[s], newer.known_offsets[s + 1]) for s in keep])
    return replace(
        newer,
        series=tuple(newer.series[s] for s in keep),
        start=newer.start[keep],
        offsets=np.concatenate([[0], np.cumsum(newer.lengths[keep])]).astype(np.int64),
        known_offsets=np.concatenate([[0], np.cumsum(ends[keep])]).astype(np.int64),
        known=newer.known[known],
        known_codes=newer.known_codes[known],
        static=newer.static[keep],
        static_codes=newer.static_codes[keep],
    )
