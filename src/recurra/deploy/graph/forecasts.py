"""The forecasting network as operations: `nn.forecast`, from a window to quantiles in u."""

from __future__ import annotations

from typing import Any

import numpy as np

from recurra.data.panel.scaling import Scaling
from recurra.data.panel.windows import WindowShape
from recurra.deploy.graph.builder import Builder, numbers
from recurra.deploy.graph.layers import add_layer
from recurra.deploy.graph.nodes import Vector
from recurra.deploy.graph.windows import Scaled, Window
from recurra.evaluation.forecast.conformal import WIDER
from recurra.nn.forecast import ForecastNetwork
from recurra.nn.quantiles import MEDIAN, QUANTILES

AHEAD = "ahead"  # the axis of the steps that are forecast
_ORDER = (MEDIAN, *(k for k in range(len(QUANTILES)) if k != MEDIAN))


def quantiles_of(
    builder: Builder,
    network: ForecastNetwork,
    window: Window,
    seen: Scaled,
    shape: WindowShape,
    scaling: Scaling,
    static: tuple[Vector | None, Vector | None],
    series: Vector,
    prefix: str,
) -> Vector:
    """The quantiles in u, float64, on the axis of the steps ahead; `static` are its numbers and codes."""
    b, steps = builder, builder.axis(f"{prefix}steps", shape.window)
    blocks = b.axis(f"{prefix}blocks", shape.window // shape.block)
    features, ahead, calendar = _features(b, network, window, seen, shape, scaling, steps)
    about = _static(b, network, scaling, static, series)
    every = [b.reshape(features, blocks, shape.block * features.width)]
    if calendar is not None:
        width = calendar.width
        every.append(b.part(b.reshape(calendar, blocks, shape.block * width), (shape.block - 1) * width, width))
    if about is not None:
        every.append(b.spread(about, blocks))
    hidden, _ = add_layer(b, b.join(every), network.recurrence, False, 0, prefix)
    last = b.pool(hidden, "last")
    context = b.linear(last if about is None else b.join([last, about]), network.context.weight, network.context.bias)
    context = b.reshape(context, AHEAD, context.width // shape.horizon)
    if network.ahead is not None:
        context = b.add(context, b.linear(b.join(ahead), network.ahead.weight))
    z = _head(b, network, b.apply(context, "gelu"), _centre(b, network, seen, shape.horizon))
    return in_u(b, z, seen)


def in_u(builder: Builder, z: Vector, seen: Scaled) -> Vector:
    """z times the scale plus the level, at every step ahead."""
    b = builder
    scale, level = (b.wide(b.spread(each, AHEAD), z.width) for each in (seen.scale, seen.level))
    return b.add(b.multiply(b.cast(z, double=True), scale), level)


def _features(
    b: Builder, network: ForecastNetwork, window: Window, seen: Scaled, shape: WindowShape, scaling: Scaling, steps: str
) -> tuple[Vector, list[Vector], Vector | None]:
    """The features of every step of the window; the calendar and what is known of the steps ahead; the calendar."""
    w, horizon = shape.window, shape.horizon
    parts = [b.reshape(b.cast(each, double=False), steps, 1) for each in (seen.z, seen.seen)]

    def behind(x: Vector, width: int) -> Vector:
        """The last steps of the window, of a vector of the longest one."""
        return b.reshape(b.part(x, x.width - w * width, w * width), steps, width)

    if window.past is not None and window.past_observed is not None:
        width = len(scaling.past_mean)
        values, flags = behind(window.past, width), behind(window.past_observed, width)
        parts.append(b.cast(_standardised(b, values, flags, scaling.past_mean, scaling.past_spread), double=False))
        gaps = np.flatnonzero(scaling.past_gaps)
        parts += [b.cast(b.part(flags, int(gap), 1), double=False) for gap in gaps]
    if window.past_codes is not None:
        tables = list(network.past_embedding.tables)
        codes = behind(window.past_codes, len(tables))
        parts += [b.lookup(b.part(codes, k, 1), _weight(table)) for k, table in enumerate(tables)]

    def both(x: Vector, width: int) -> tuple[Vector, Vector]:
        """The steps of the window, and those ahead."""
        first = x.width - (w + horizon) * width
        inside = b.reshape(b.part(x, first, w * width), steps, width)
        return inside, b.reshape(b.part(x, first + w * width, horizon * width), AHEAD, width)

    ahead, calendar = [], None
    if window.calendar is not None:
        calendar, beyond = both(window.calendar, window.calendar.width // (window.steps + horizon))
        ahead.append(beyond)
    known: list[tuple[Vector, Vector]] = []
    if window.known is not None and window.known_observed is not None:
        width = len(scaling.known_mean)
        pairs = zip(both(window.known, width), both(window.known_observed, width), strict=True)
        mean, spread = scaling.known_mean, scaling.known_spread
        inside, beyond = (b.cast(_standardised(b, *pair, mean, spread), double=False) for pair in pairs)
        known.append((inside, beyond))
    if window.known_codes is not None:
        tables = list(network.known_embedding.tables)
        inside, beyond = both(window.known_codes, len(tables))
        for k, table in enumerate(tables):
            weight = _weight(table)
            known.append((b.lookup(b.part(inside, k, 1), weight), b.lookup(b.part(beyond, k, 1), weight)))
    parts += [inside for inside, _ in known]
    ahead += [beyond for _, beyond in known]
    return b.join(parts), ahead, calendar


def _standardised(b: Builder, values: Vector, flags: Vector, mean: np.ndarray, spread: np.ndarray) -> Vector:
    """(x - mean) / spread, 0 where missing."""
    return b.multiply(flags, b.scale(values, 1.0 / spread.astype(np.float64), -mean / spread.astype(np.float64)))


def _static(
    b: Builder, network: ForecastNetwork, scaling: Scaling, static: tuple[Vector | None, Vector | None], series: Vector
) -> Vector | None:
    values, codes = static
    parts = []
    if values is not None:
        flags, filled = b.apply(values, "known"), b.apply(values, "zeroed")
        parts.append(b.cast(_standardised(b, filled, flags, scaling.static_mean, scaling.static_spread), double=False))
    if codes is not None:
        tables = list(network.static_embedding.tables)
        parts += [b.lookup(b.part(codes, k, 1), _weight(table)) for k, table in enumerate(tables)]
    if network.series_embedding is not None:
        parts.append(b.lookup(series, network.series_embedding.weight))
    return b.join(parts) if parts else None


def _centre(b: Builder, network: ForecastNetwork, seen: Scaled, horizon: int) -> Vector:
    """sum_n softmax(mixture)_n naive_n at every step ahead."""
    shares = numbers(network.mixture.detach().softmax(-1))
    parts = [b.scale(b.cast(each, double=False), shares[:, n]) for n, each in enumerate(seen.naive)]
    centre = parts[0]
    for each in parts[1:]:
        centre = b.add(centre, each)
    return b.reshape(centre, AHEAD, 1)


def _head(b: Builder, network: ForecastNetwork, features: Vector, centre: Vector) -> Vector:
    """`nn.quantiles.QuantileOutput`: the median, and a running sum of positive steps away from it."""
    project, order = network.output.project, list(_ORDER)
    raw = b.linear(features, project.weight[order], project.bias[order])
    root = b.apply(b.scale(b.multiply(raw, raw), 1.0, 4.0), "sqrt")
    steps = b.scale(b.add(raw, root), 0.5)
    count = np.arange(len(QUANTILES))
    running = (count[None] <= count[:, None]).astype(np.float32)
    away = b.linear(steps, running - running[MEDIAN], exact=True)
    return b.add(away, b.wide(b.add(centre, b.part(raw, 0, 1)), len(QUANTILES)))


def _weight(table: Any) -> Any:
    return table.weight


def stretched_of(builder: Builder, quantiles: Vector, stretch: np.ndarray) -> Vector:
    """`evaluation.forecast.conformal.stretched`: each pair of quantiles away from the median by its factor."""
    b, wide, middle = builder, len(QUANTILES), len(QUANTILES) // 2
    median = b.part(quantiles, middle, 1)
    factors = np.concatenate([stretch, [1.0], stretch[::-1]])
    moved = b.scale(b.combine(quantiles, b.wide(median, wide), "subtract"), factors)
    every = [b.part(moved, k, 1) for k in range(wide)]
    above = _widening(b, every[middle + 1 :])
    below = _widening(b, [b.scale(each, -1.0) for each in every[:middle][::-1]])
    parts = [*(b.combine(median, each, "subtract") for each in below[::-1]), median]
    return b.join([*parts, *(b.add(median, each) for each in above)])


def _widening(b: Builder, distances: list[Vector]) -> list[Vector]:
    """Each at least 1.05 times the one before, the inner ones first."""
    found: list[Vector] = []
    for each in distances:
        least = b.clip(each, 0.0, 1e308) if not found else b.scale(found[-1], WIDER)
        found.append(least if not found else b.combine(each, least, "maximum"))
    return found
