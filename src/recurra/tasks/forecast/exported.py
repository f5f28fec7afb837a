"""A forecaster as graphs: the window in, quantiles out; and the newest row in, quantiles out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from recurra.data.panel.calendar import calendar_names, panel_calendar
from recurra.data.panel.panel import Panel
from recurra.deploy.exported import Case, Exported
from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.forecasts import AHEAD, in_u, quantiles_of, stretched_of
from recurra.deploy.graph.nodes import Graph, Vector
from recurra.deploy.graph.windows import Widths, Window, next_window, scaled, whole_window
from recurra.errors import InputError
from recurra.evaluation.forecast.columns import NETWORK
from recurra.evaluation.forecast.intermittent import are_intermittent
from recurra.language import _
from recurra.nn.forecast import ForecastNetwork
from recurra.nn.quantiles import MEDIAN, QUANTILES
from recurra.options import option
from recurra.tasks.forecast.model import ForecastModel

_ROWS, _STEPS = 4, 6  # of the vectors


def exported(model: ForecastModel, *, network_alone: bool = False) -> Exported:
    """The graphs of a forecaster.

    Raises InputError for a forecast that is made of more than the trained network, unless `network_alone`, and for a
    network of the user's own.
    """
    model.trained()
    _refuse_combined(model, network_alone)
    stretch = None if network_alone or model.combination is None else model.combination.stretch
    widths = _widths(model)
    whole = _graph(model, lambda b: whole_window(b, widths), stretch)
    step = _graph(model, lambda b: next_window(b, widths), stretch)
    cases = _cases(model, widths, network_alone)
    sidecar = _sidecar(model, widths, network_alone)
    return Exported("forecast", whole, step, sidecar, cases, _step_cases(model, widths, network_alone))


def _refuse_combined(model: ForecastModel, network_alone: bool) -> None:
    if any(not isinstance(member.network, ForecastNetwork) for member in model.members):
        raise InputError(_("the network is one of your own, whose operations are not known: it cannot be exported"))
    if network_alone or model.combination is None:
        return
    others = [name for name in model.combination.used if name != NETWORK]
    past = [model.panel.values(s) for s in range(len(model.panel))]
    if others:
        raise InputError(
            _(
                "the forecast is the mean of the trained network and {others}, which are fitted again to each history, "
                "or read all of it at once, and cannot be exported: use {alone} to export the network's own forecast, "
                "or train with {method}",
                others=", ".join(others),
                alone=option("network_alone", True),
                method=option("method", "network"),
            )
        )
    if are_intermittent(past):
        raise InputError(
            _(
                "the series are mostly zero, and the forecast is a rounded mean: use {alone} to export the network's "
                "own forecast, the median",
                alone=option("network_alone", True),
            )
        )


def _widths(model: ForecastModel) -> Widths:
    schema = model.panel.schema
    calendar = calendar_names(schema, model.panel.grid)
    return Widths(
        model.window, model.recipe.horizon, len(schema.past), len(schema.past_categorical), len(calendar),
        len(schema.known), len(schema.known_categorical),
    )  # fmt: skip


def _graph(model: ForecastModel, read: Callable[[Builder], Window], stretch: npt.NDArray | None) -> Graph:
    b, schema, scaling = Builder(), model.panel.schema, model.scaling
    b.axis(AHEAD, model.recipe.horizon)
    window = read(b)
    numbers = b.input("static_values", len(schema.static), at="", double=True) if schema.static else None
    categories = schema.static_categorical
    codes = b.input("static_codes", len(categories), whole=True, at="") if categories else None
    series = b.input("series", 1, whole=True, at="")
    share, total, naive = 1.0 / len(model.members), None, None
    deepest = max(model.members, key=lambda member: member.shape.window)
    for k, member in enumerate(model.members):
        network = member.network
        assert isinstance(network, ForecastNetwork)
        seen = scaled(b, window, member.shape, scaling, series)
        found = quantiles_of(b, network, window, seen, member.shape, scaling, (numbers, codes), series, f"member{k}_")
        part = b.scale(found, share)
        total = part if total is None else b.add(total, part)
        if member is deepest:
            naive = in_u(b, b.reshape(b.cast(seen.naive[model.calibration.naive], double=False), AHEAD, 1), seen)
    assert total is not None
    assert naive is not None
    quantiles = _calibrated(b, model, total, naive)
    if stretch is not None:
        quantiles = _never_below(b, window, stretched_of(b, quantiles, stretch), model)
    median = b.reshape(b.part(quantiles, MEDIAN, 1), "", model.recipe.horizon)
    return b.finish(median, quantiles, names=("forecast", "quantiles"))


def _calibrated(b: Builder, model: ForecastModel, quantiles: Vector, naive: Vector) -> Vector:
    """`Calibration.apply`, and back from logarithms."""
    calibration, wide = model.calibration, len(QUANTILES)
    away = b.combine(b.part(quantiles, MEDIAN, 1), naive, "subtract")
    moved = b.combine(quantiles, b.wide(b.scale(away, 1.0 - calibration.trust), wide), "subtract")
    found = stretched_of(b, moved, calibration.stretch)
    return b.apply(b.clip(found, -1e308, 709.0), "exp") if model.scaling.log else found


def _never_below(b: Builder, window: Window, quantiles: Vector, model: ForecastModel) -> Vector:
    """No quantile below 0 where no value of the window is."""
    below = b.apply(b.scale(b.total(b.combine(window.target, b.scale(window.target, 0.0), "minimum")), -1.0), "abs")
    below = b.wide(b.spread(below, AHEAD), len(QUANTILES))
    return b.choose(below, b.clip(quantiles, 0.0, 1e308), quantiles)


# ---- what the windows of a panel hold, and what the model says of them


def window_inputs(model: ForecastModel, panel: Panel, series: int, origin: int, rows: int) -> dict[str, npt.NDArray]:
    """The inputs of the graphs for the `rows` steps before an origin of a series, and the steps ahead."""
    horizon, schema = model.recipe.horizon, panel.schema
    here = np.arange(origin - rows, origin)
    every = np.arange(origin - rows, origin + horizon)
    first, last = int(panel.offsets[series]), int(panel.lengths[series])
    inside = (here >= 0) & (here < last)

    def taken(array: npt.NDArray, at: npt.NDArray, there: npt.NDArray, missing: float) -> npt.NDArray:
        found = np.full((len(at), *array.shape[1:]), missing, np.float64 if missing != 0 else np.int64)
        found[there] = array[at[there]] + (1 if missing == 0 else 0)
        return found.reshape(-1)

    known_first = int(panel.known_offsets[series])
    known_count = int(panel.known_offsets[series + 1]) - known_first
    known_there = (every >= 0) & (every < known_count)
    found = {"target": taken(panel.target, first + here, inside, np.nan)}
    if schema.past:
        found["past"] = taken(panel.past, first + here, inside, np.nan)
    if schema.past_categorical:
        found["past_codes"] = taken(panel.past_codes, first + here, inside, 0)
    if calendar_names(schema, panel.grid):
        calendar = panel_calendar(panel)
        features = calendar.features(int(calendar.groups[series]), int(panel.start[series]) + every)
        found["calendar"] = np.asarray(features, np.float32).reshape(-1)
    if schema.known:
        found["known"] = taken(panel.known, known_first + every, known_there, np.nan)
    if schema.known_categorical:
        found["known_codes"] = taken(panel.known_codes, known_first + every, known_there, 0)
    if schema.static:
        found["static_values"] = panel.static[series].astype(np.float64)
    if schema.static_categorical:
        found["static_codes"] = panel.static_codes[series].astype(np.int64) + 1
    found["series"] = model.scaling.number((panel.series[series],))
    return found


def _said(model: ForecastModel, panel: Panel, series: int, origin: int, network_alone: bool) -> dict[str, npt.NDArray]:
    at = np.array([series]), np.array([origin])
    found = model.network_quantiles(panel, *at) if network_alone else model.quantiles(panel, *at)
    return {"forecast": found[0, :, MEDIAN], "quantiles": found[0]}


def _cases(model: ForecastModel, widths: Widths, network_alone: bool) -> tuple[Case, ...]:
    panel = model.panel
    found = []
    for row in range(_ROWS):
        series = row % len(panel)
        origin = int(panel.lengths[series]) - row // len(panel)
        if origin < 1:
            continue
        inputs = window_inputs(model, panel, series, origin, widths.window)
        found.append(Case(inputs, _said(model, panel, series, origin, network_alone)))
    return tuple(found)


def _step_cases(model: ForecastModel, widths: Widths, network_alone: bool) -> tuple[Case, ...]:
    """The last rows of the first series, one after the other; the window begins empty, but for the calendar."""
    panel, w = model.panel, widths.window
    series = int(np.argmax(panel.lengths))
    steps = min(_STEPS + w, int(panel.lengths[series]))
    origins = range(int(panel.lengths[series]) - steps + 1, int(panel.lengths[series]) + 1)
    found = []
    for origin in origins:
        inputs = window_inputs(model, panel, series, origin, 1)
        # before the window is full it holds other calendars than those of the steps before the first
        said = _said(model, panel, series, origin, network_alone) if origin - origins[0] + 1 >= w else {}
        found.append(Case(inputs, said))
    return tuple(found)


def _sidecar(model: ForecastModel, widths: Widths, network_alone: bool) -> dict[str, object]:
    schema, grid = model.panel.schema, model.panel.grid
    names = calendar_names(schema, grid)
    return {
        "task": "forecast",
        "forecast": "of the trained network alone" if network_alone else "as predict gives it",
        "window": widths.window,
        "horizon": widths.horizon,
        "freq": grid.freq,
        "tz": schema.tz,
        "quantiles": list(QUANTILES),
        "target": schema.target,
        "past": list(schema.past),
        "known": list(schema.known),
        "static_values": list(schema.static),
        "past_codes": list(schema.past_categorical),
        "known_codes": list(schema.known_categorical),
        "static_codes": list(schema.static_categorical),
        "categories": {name: list(values) for name, values in schema.categories.items()},
        "calendar": list(names),
        "series": list(model.scaling.series),
        "how": {
            "target": "the last `window` values, the newest last, NaN where missing; in the step model the newest one",
            "past, known": "values of the columns in their order, step by step; known has `horizon` steps more",
            "codes": "1 + the place of the value among the column's categories, 0 for another one or a missing one",
            "calendar": "sine and cosine of 2 pi k times the share of the day, week or year that is over, float32; "
            "1 on holidays, the days beside them and at ends of months",
            "series": "the place of the series in this list; its length for a series that was not learnt from",
            "quantiles": "[horizon, number of quantiles]",
            "state": "zeros at first: nothing is known; window_calendar is that of the steps before",
        },
    }
