"""A forecaster as graphs: the window in, quantiles out; and the newest row in, quantiles out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from recurra.data.panel.calendar import calendar_names, panel_calendar
from recurra.data.panel.panel import Panel
from recurra.deploy.exported import Case, Exported
from recurra.deploy.graph.algebra import Term, joined
from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.forecasts import AHEAD, in_u, quantiles_of, stretched_of
from recurra.deploy.graph.nodes import Graph, Vector
from recurra.deploy.graph.pretrained import zero_shot_of
from recurra.deploy.graph.windows import Widths, Window, in_logarithms, next_window, scaled, whole_window
from recurra.evaluation.forecast.columns import NETWORK
from recurra.nn.forecast import ForecastNetwork
from recurra.nn.quantiles import MEDIAN, QUANTILES
from recurra.tasks.forecast.combining import READ
from recurra.tasks.forecast.exported_share import Share, share_of
from recurra.tasks.forecast.model import ForecastModel
from recurra.tasks.forecast.short import ShortSeries

_ROWS, _STEPS = 4, 6  # of the vectors


def exported(model: ForecastModel, *, network_alone: bool = False) -> Exported:
    """The graphs of a forecaster: of its networks, trained, fine-tuned or pretrained, and what they are combined to.

    Of a forecast that other methods take part in, the networks' share; `network_alone`: the trained network by itself.

    Raises InputError where no network takes part, and for a network of the user's own.
    """
    share = share_of(model, network_alone=network_alone)
    widths = _widths(model, share)
    whole = _graph(model, share, lambda b: whole_window(b, widths))
    step = _graph(model, share, lambda b: next_window(b, widths))
    cases, step_cases = _cases(model, share, widths), _step_cases(model, share, widths)
    return Exported("forecast", whole, step, _sidecar(model, share, widths), cases, step_cases, remark=share.remark)


def _widths(model: ForecastModel, share: Share) -> Widths:
    schema = model.panel.schema
    rows = [READ] if share.reads_all else []
    if share.short is not None:
        rows.append(4 * share.short.until + 1)
    if not share.trained:
        return Widths(1, max(rows), model.recipe.horizon, 0, 0, 0, 0, 0)
    calendar = calendar_names(schema, model.panel.grid)
    return Widths(
        model.window, max(model.window, *rows, 1), model.recipe.horizon, len(schema.past), len(schema.past_categorical),
        len(calendar), len(schema.known), len(schema.known_categorical),
    )  # fmt: skip


def _graph(model: ForecastModel, share: Share, read: Callable[[Builder], Window]) -> Graph:
    b, horizon = Builder(), model.recipe.horizon
    b.axis(AHEAD, horizon)
    window = read(b)
    static = _static(b, model) if share.trained else (None, None)
    series = b.input("series", 1, whole=True, at="") if share.trained or share.by_series else None
    parts: list[tuple[Vector, Vector | None]] = []  # quantiles, and whether there are any
    for name in share.names:
        if name == NETWORK:
            assert series is not None
            parts.append((_trained(b, model, window, static, series), None))
            continue
        flat, there = zero_shot_of(
            b, share.network(name), window.target, window.observed, share.season, horizon, name.split("-")[0][:4] + "_"
        )
        parts.append((b.reshape(flat, AHEAD, len(QUANTILES)), there))
    quantiles = _mixed(b, share, parts, series)
    if share.exact and model.combination is not None:
        quantiles = stretched_of(b, quantiles, model.combination.stretch)
    if share.short is not None:
        quantiles = _short(b, share.short, window, quantiles)
    if share.exact and model.combination is not None:
        quantiles = _never_below(b, window, quantiles, model)
    median = b.reshape(b.part(quantiles, MEDIAN, 1), "", horizon)
    return b.finish(median, quantiles, names=("forecast", "quantiles"))


def _static(b: Builder, model: ForecastModel) -> tuple[Vector | None, Vector | None]:
    schema = model.panel.schema
    numbers = b.input("static_values", len(schema.static), at="", double=True) if schema.static else None
    categories = schema.static_categorical
    return numbers, b.input("static_codes", len(categories), whole=True, at="") if categories else None


def _mixed(b: Builder, share: Share, parts: Sequence[tuple[Vector, Vector | None]], series: Vector | None) -> Vector:
    """The weighted mean over the parts that say something; NaN where none does."""
    wide = len(QUANTILES)
    total, count = None, None
    for k, (quantiles, there) in enumerate(parts):
        if share.by_series:
            assert series is not None
            weight = b.cast(b.lookup(series, share.weights[:, k : k + 1]), double=True)
        else:
            weight = b.fixed([share.weights[-1, k]], double=True)
        weight = weight if there is None else b.multiply(weight, there)
        part = b.multiply(quantiles, b.wide(b.spread(weight, AHEAD), wide))
        total = part if total is None else b.add(total, part)
        count = weight if count is None else b.add(count, weight)
    assert total is not None
    assert count is not None
    if len(parts) == 1 and parts[0][1] is None:
        return parts[0][0]
    return b.combine(total, b.wide(b.spread(count, AHEAD), wide), "divide")


def _trained(
    b: Builder, model: ForecastModel, window: Window, static: tuple[Vector | None, Vector | None], series: Vector
) -> Vector:
    """The quantiles of the trained networks, calibrated, in the units of the target."""
    scaling, total, naive = model.scaling, None, None
    deepest = max(model.members, key=lambda member: member.shape.window)
    for k, member in enumerate(model.members):
        network = member.network
        assert isinstance(network, ForecastNetwork)
        seen = scaled(b, window, member.shape, scaling, series)
        found = quantiles_of(b, network, window, seen, member.shape, scaling, static, series, f"member{k}_")
        part = b.scale(found, 1.0 / len(model.members))
        total = part if total is None else b.add(total, part)
        if member is deepest:
            naive = in_u(b, b.reshape(b.cast(seen.naive[model.calibration.naive], double=False), AHEAD, 1), seen)
    assert total is not None
    assert naive is not None
    return _calibrated(b, model, total, naive, series)


def _calibrated(b: Builder, model: ForecastModel, quantiles: Vector, naive: Vector, series: Vector) -> Vector:
    """`Calibration.apply`, and back from logarithms."""
    calibration, wide = model.calibration, len(QUANTILES)
    away = b.combine(b.part(quantiles, MEDIAN, 1), naive, "subtract")
    moved = b.combine(quantiles, b.wide(b.scale(away, 1.0 - calibration.trust), wide), "subtract")
    found = stretched_of(b, moved, calibration.stretch)
    if not model.scaling.in_logarithms.any():
        return found
    values = b.apply(b.clip(found, -1e308, 709.0), "exp")
    taken = in_logarithms(b, model.scaling, series, 1)
    return values if taken is None else b.choose(b.wide(b.spread(taken, AHEAD), wide), found, values)


def _never_below(b: Builder, window: Window, quantiles: Vector, model: ForecastModel) -> Vector:
    """No quantile below 0 where no value of the window is."""
    below = b.apply(b.scale(b.total(b.combine(window.target, b.scale(window.target, 0.0), "minimum")), -1.0), "abs")
    below = b.wide(b.spread(below, AHEAD), len(QUANTILES))
    return b.choose(below, b.clip(quantiles, 0.0, 1e308), quantiles)


def _short(b: Builder, short: ShortSeries, window: Window, quantiles: Vector) -> Vector:
    """`ShortSeries.apply`: where a few rows are known, and none before the window, quantiles at fixed distances."""
    wide = len(QUANTILES)
    target, seen = Term(b, window.target), Term(b, window.observed)
    rows = target.v.width
    count = seen.sum()
    began = (seen * Term(b, b.fixed(rows - np.arange(rows), double=True))).largest()  # rows since the first known one
    few = (count > 0.0) & (count <= float(short.until)) & (began <= 4.0 * short.until)
    size = target.apply("abs").sum() / count.clip(1.0, 1e300)
    steps = [count >= float(each) for each in short.rows[1:]]
    reached = joined([count >= 0.0, *steps])
    changes = np.diff(short.offsets, axis=0, prepend=np.zeros((1, wide)))
    offsets = reached.linear(changes.T, exact=True) * size
    median = b.wide(b.part(quantiles, MEDIAN, 1), wide)
    fixed = b.add(median, b.spread(offsets.v, AHEAD))
    return b.choose(b.wide(b.spread(few.v, AHEAD), wide), quantiles, fixed)


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

    known_first, known_count = int(panel.known_offsets[series]), int(panel.known_lengths[series])
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


def _said(model: ForecastModel, share: Share, panel: Panel, series: int, origin: int) -> dict[str, npt.NDArray]:
    found = share.quantiles(model, panel, np.array([series]), np.array([origin]))
    return {"forecast": found[0, :, MEDIAN], "quantiles": found[0]}


def _cases(model: ForecastModel, share: Share, widths: Widths) -> tuple[Case, ...]:
    panel = model.panel
    found = []
    for row in range(_ROWS):
        series = row % len(panel)
        origin = int(panel.lengths[series]) - row // len(panel)
        if origin < 1:
            continue
        inputs = window_inputs(model, panel, series, origin, widths.window)
        inputs["target"] = window_inputs(model, panel, series, origin, widths.target)["target"]
        found.append(Case(inputs, _said(model, share, panel, series, origin)))
    return tuple(found)


def _step_cases(model: ForecastModel, share: Share, widths: Widths) -> tuple[Case, ...]:
    """The last rows of the longest series, one after the other; the window begins empty, but for the calendar."""
    panel, w = model.panel, widths.window
    series = int(np.argmax(panel.lengths))
    last = int(panel.lengths[series])
    first = max(0, last - _STEPS - w)
    found = []
    for origin in range(first + 1, last + 1):
        inputs = window_inputs(model, panel, series, origin, 1)
        # before the window is full it holds other calendars than those of the steps before the first
        said = _said_from(model, share, series, first, origin) if origin - first >= w else {}
        found.append(Case(inputs, said))
    return tuple(found)


def _said_from(model: ForecastModel, share: Share, series: int, first: int, origin: int) -> dict[str, npt.NDArray]:
    """What the model says at an origin, had the series begun at row `first`."""
    name = model.panel.series[series]
    ends = np.where(np.arange(len(model.panel)) == series, origin, 0)
    begun = model.panel.cut(ends, model.recipe.horizon).tail(origin - first)
    return _said(model, share, begun, begun.series.index(name), origin - first)


def _sidecar(model: ForecastModel, share: Share, widths: Widths) -> dict[str, object]:
    schema, grid = model.panel.schema, model.panel.grid
    found: dict[str, object] = {
        "task": "forecast",
        "forecast": share.said,
        "networks": {name: float(weight) for name, weight in zip(share.names, share.weights[-1], strict=True)},
        "window": widths.target,
        "horizon": widths.horizon,
        "freq": grid.freq,
        "tz": schema.tz,
        "quantiles": list(QUANTILES),
        "target": schema.target,
    }
    how = {
        "target": "the last `window` values, the newest last, NaN where missing or before the first; in the step model "
        "the newest one",
        "quantiles": "[horizon, number of quantiles]",
        "state": "zeros at first: nothing is known",
    }
    if share.trained or share.by_series:
        found["series"] = list(model.scaling.series)
        how["series"] = "the place of the series in this list; its length for a series that was not learnt from"
    if share.trained:
        found |= {
            "covariates' window": widths.window,
            "past": list(schema.past),
            "known": list(schema.known),
            "static_values": list(schema.static),
            "past_codes": list(schema.past_categorical),
            "known_codes": list(schema.known_categorical),
            "static_codes": list(schema.static_categorical),
            "categories": {name: list(values) for name, values in schema.categories.items()},
            "calendar": list(calendar_names(schema, grid)),
        }
        how |= {
            "past, known": "values of the columns in their order, step by step; known has `horizon` steps more",
            "codes": "1 + the place of the value among the column's categories, 0 for another one or a missing one",
            "calendar": "sine and cosine of 2 pi k times the share of the day, week or year that is over, float32; "
            "1 on holidays, the days beside them and at ends of months",
            "state": "zeros at first: nothing is known; window_calendar is that of the steps before",
        }
    return found | {"how": how}
