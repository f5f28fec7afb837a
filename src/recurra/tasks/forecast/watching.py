"""A fitted forecaster on the rows that came after it: errors, coverage, anomalies, and whether it still holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from recurra.data.panel.panel import Panel
from recurra.data.schema.facts import Fact
from recurra.errors import InputError
from recurra.evaluation.forecast.anomalies import normal_scores, threshold
from recurra.evaluation.forecast.backtest import Backtest
from recurra.evaluation.forecast.columns import quantile_column
from recurra.evaluation.forecast.metrics import naive_scale
from recurra.evaluation.shared.watching import MOST_SCORES, Promise
from recurra.language import _
from recurra.nn.quantiles import QUANTILES
from recurra.report import ReportContent
from recurra.tasks.forecast.decided import LEAST_KNOWN
from recurra.tasks.forecast.frames import backtest_frame, truth_after
from recurra.tasks.forecast.model import ForecastModel
from recurra.tasks.forecast.rivals import forecast
from recurra.tasks.provenance import command_of, fact_rows, now
from recurra.tasks.watching import Watched, checked_rate, in_periods, watch_notes, watched_windows
from recurra.training import Run

Floats = npt.NDArray[np.floating]

LEVEL = 80.0
_COLUMNS = [quantile_column(level) for level in QUANTILES]
_LEAST_MOMENTS = 5  # windows one after another from which a mean over time is evaluated, else series count apart


def promise_of(backtest: Backtest) -> Promise | None:
    """What a backtest promises of later windows; None where it holds no complete row."""
    rows = backtest.rows
    windows = _windows(rows)
    moments = windows.groupby("time")[["error", "covered"]].mean()
    parts = moments if len(moments) >= _LEAST_MOMENTS else windows[["error", "covered"]]
    parts = parts.dropna()
    if not len(parts):
        return None
    z = normal_scores(rows["y"].to_numpy(), rows[_COLUMNS].to_numpy(dtype=np.float64), QUANTILES)
    scores = np.sort(np.abs(z[np.isfinite(z)]))
    if len(scores) > MOST_SCORES:
        scores = scores[np.linspace(0, len(scores) - 1, MOST_SCORES).astype(np.int64)]
    scaled = bool(rows["scale"].notna().any())
    errors, missed = np.array(parts["error"], dtype=np.float64), 1.0 - np.array(parts["covered"], dtype=np.float64)
    return Promise(errors, missed, scores, "MASE" if scaled else "MAE", LEVEL)


def later_rows(model: ForecastModel, panel: Panel, run: Run) -> pd.DataFrame:
    """Forecasts of the rows after those that the model knows, from origins a horizon apart, beside the truth.

    `panel` goes on with the model's. A row per series, origin and step that has come, with the model's quantiles.
    """
    horizon = model.recipe.horizon
    ends = dict(zip(model.panel.series, model.panel.start + model.panel.lengths, strict=True))
    series, origins = [], []
    for s, name in enumerate(panel.series):
        first = int(ends.get(name, panel.start[s] + max(model.window, LEAST_KNOWN)) - panel.start[s])
        mine = np.arange(max(first, 1), panel.lengths[s], horizon)
        series.append(np.full(len(mine), s))
        origins.append(mine)
    where, at = np.concatenate(series).astype(np.int64), np.concatenate(origins).astype(np.int64)
    if not len(at):
        raise InputError(
            _("the data holds nothing later than what the model was fitted on: give rows that come after it")
        )
    points, quantiles = forecast(model, panel, where, at, run)
    frame = backtest_frame(panel, where, at, horizon)
    frame["y"] = truth_after(panel, where, at, horizon)
    frame["forecast"] = points.ravel()
    for k, name in enumerate(_COLUMNS):
        frame[name] = quantiles[..., k].ravel()
    errors = dict(zip(model.panel.series, model.naive_error, strict=True))
    for s, name in enumerate(panel.series):
        if name not in errors:
            errors[name] = naive_scale(panel.values(s)[: LEAST_KNOWN + model.window], model.recipe.season)
    frame["scale"] = frame["series"].map(errors).astype(np.float64)
    known = np.repeat(at + horizon <= panel.lengths[where], horizon)
    return frame.assign(complete=known)[frame["step"] + frame["origin"] <= np.repeat(panel.lengths[where], horizon)]


def _windows(rows: pd.DataFrame) -> pd.DataFrame:
    """A row per series and origin: the time of its first step, the mean scaled error, the share inside the interval."""
    low, high = quantile_column(0.1), quantile_column(0.9)
    y = rows["y"]
    scale = rows["scale"] if rows["scale"].notna().any() else 1.0
    told = pd.DataFrame(
        {
            "series": rows["series"],
            "origin": rows["origin"],
            "time": rows["time"],
            "error": (y - rows["forecast"]).abs() / scale,
            "covered": ((rows[low] <= y) & (y <= rows[high])).astype(float).where(y.notna()),
        }
    )
    found = told.groupby(["series", "origin"], sort=False, observed=True).agg(
        time=("time", "first"), error=("error", "mean"), covered=("covered", "mean")
    )
    return found.reset_index()


def watched(
    model: ForecastModel,
    panel: Panel,
    run: Run,
    *,
    alpha: float = 0.05,
    rate: float | None = None,
    facts: list[Fact] | None = None,
) -> Watched:
    """Watch a model on `panel`, which goes on with its own; `rate`: that of false alarms among anomalies."""
    if rate is not None:
        checked_rate(rate)
    rows = later_rows(model, panel, run)
    whole = rows[rows["complete"]]
    windows = (
        _windows(whole).dropna(subset=["error"]) if len(whole) else pd.DataFrame(columns=["time", "error", "covered"])
    )
    moments = windows.groupby("time", sort=True)[["error", "covered"]].mean().astype(float).reset_index()
    found, sentence, since, moments = watched_windows(model.promise, moments, alpha=alpha, noun="window")
    promise = model.promise
    assert promise is not None
    rows = rows.drop(columns="complete").rename(columns={quantile_column(0.1): "lo_80", quantile_column(0.9): "hi_80"})
    notes, anomalies = watch_notes(found, alpha), None
    if rate is not None:
        beyond, enough = threshold(promise.scores, rate)
        beyond = max(beyond, float(ndtri(1.0 - rate / 2.0)))  # what is kept was calibrated again since
        both = rows.rename(columns={"lo_80": quantile_column(0.1), "hi_80": quantile_column(0.9)})
        rows["score"] = normal_scores(rows["y"].to_numpy(), both[_COLUMNS].to_numpy(dtype=np.float64), QUANTILES)
        rows["anomaly"] = rows["score"].abs() > beyond
        anomalies = rows[rows["anomaly"]].sort_values("score", key=lambda z: -z.abs())
        share = f"{100 * rate:g} %"
        notes.append(
            _(
                "Anomalies: values farther from their forecast than all but {rate} of the "
                "backtest's, and outside the interval that excludes {rate}.",
                rate=share,
            )
            if enough
            else _(
                "Anomalies: the backtest has {rows} values, too few for a rate of {rate}, so the "
                "tail of a normal distribution is used.",
                rows=f"{promise.scores.size:,}",
                rate=share,
            )
        )
    if found.status != "broken" and promise.error.size < 3:
        notes.append(
            _("The promise rests on {n} windows only: the test will hardly ever call it broken.", n=promise.error.size)
        )
    kept = ["series", "time", "step", "y", "forecast", "lo_80", "hi_80", *(("score", "anomaly") if rate else ())]
    rows = rows[kept]

    def content(title: str = "", arguments: Any = None) -> ReportContent:
        return ReportContent(
            title=title or _("Watched: {target}", target=panel.schema.target),
            panels=("watched", "anomalies"),
            data={
                "watched": moments,
                "promised_error": float(promise.error.mean()),
                "promised_cover": promise.covered,
                "metric": promise.metric,
                "needed": found.needed,
                "since": since,
                "compared_rows": rows,
                "target": panel.schema.target,
            },
            target=panel.schema.target,
            verdict=sentence,
            better=found.status == "holds",
            created=now(),
            command="" if arguments is None else command_of(arguments),
            facts=fact_rows(facts or []),
            notes=notes,
        )

    table = in_periods(promise, moments)
    return Watched(facts or [], found.status, sentence, since, moments, table, rows, anomalies, notes, content)
