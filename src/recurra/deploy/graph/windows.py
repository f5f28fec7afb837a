"""What a forecaster reads of a window, as operations: `data.panel.windows`, written out for one row.

`Window` holds what is known of the last W steps, zeros beside flags where nothing is. It comes whole, with NaN for what
is missing, or, from step to step, as a state to which the newest step is added.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recurra.data.panel.scaling import Scaling
from recurra.data.panel.windows import WindowShape, naive_count
from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.nodes import Vector


@dataclass(frozen=True)
class Widths:
    """How many columns of each kind a window has, its steps, and the rows of the target, at least as many."""

    window: int
    target: int
    horizon: int
    past: int
    past_codes: int
    calendar: int
    known: int
    known_codes: int


@dataclass(frozen=True)
class Window:
    """The last W steps, end to end: numbers float64, flags beside them; of what is known in advance W + H steps.

    Of the target there may be more.
    """

    steps: int
    target: Vector  # [at least W] zero where missing
    observed: Vector
    past: Vector | None  # [W * P]
    past_observed: Vector | None
    past_codes: Vector | None  # [W * C]
    calendar: Vector | None  # [(W + H) * K] float32
    known: Vector | None  # [(W + H) * K']
    known_observed: Vector | None
    known_codes: Vector | None


def whole_window(builder: Builder, widths: Widths) -> Window:
    """All W steps are given."""
    return _window(builder, widths, whole=True)


def next_window(builder: Builder, widths: Widths) -> Window:
    """The newest step is given; the W - 1 before it are a state."""
    return _window(builder, widths, whole=False)


def _window(builder: Builder, widths: Widths, *, whole: bool) -> Window:
    """All steps are given, or one, behind what is left of the state of the others."""
    steps, kept = (widths.window, None) if whole else (1, widths.window)
    ahead = steps + widths.horizon

    def numbers(name: str, width: int, count: int, kept: int | None = kept) -> tuple[Vector | None, Vector | None]:
        if not width:
            return None, None
        given = builder.input(name, count * width, at="", double=True)
        value, flag = builder.apply(given, "zeroed"), builder.apply(given, "known")
        return _moved(builder, name, value, width, steps, kept), _moved(
            builder, f"{name}_there", flag, width, steps, kept
        )

    def codes(name: str, width: int, count: int) -> Vector | None:
        if not width:
            return None
        given = builder.input(name, count * width, whole=True, at="")
        return _moved(builder, name, given, width, steps, kept)

    rows = widths.target
    target, observed = numbers("target", 1, rows) if whole else numbers("target", 1, 1, rows)
    assert target is not None
    assert observed is not None
    past, past_observed = numbers("past", widths.past, steps)
    past_codes = codes("past_codes", widths.past_codes, steps)
    calendar = None
    if widths.calendar:
        given = builder.input("calendar", ahead * widths.calendar, at="")
        calendar = _moved(builder, "calendar", given, widths.calendar, steps, kept)
    known, known_observed = numbers("known", widths.known, ahead)
    known_codes = codes("known_codes", widths.known_codes, ahead)
    return Window(
        widths.window, target, observed, past, past_observed, past_codes, calendar, known, known_observed, known_codes,
    )  # fmt: skip


def _moved(builder: Builder, name: str, given: Vector, width: int, steps: int, kept: int | None) -> Vector:
    """What is given, behind the state that it moves on; the first `steps` of it stay in the state."""
    if kept is None:
        return given
    state = builder.state(f"window_{name}", kept * width, at="", double=given.double, whole=given.whole)
    moved = builder.join([builder.part(state, steps * width, (kept - steps) * width), given]) if kept > 1 else given
    builder.update(state, builder.part(moved, 0, kept * width) if moved.width > kept * width else moved)
    return moved


@dataclass(frozen=True)
class Scaled:
    """A window of a member in its own level and scale: z [W] and flags, the naive forecasts in z [H] each, in float64.

    `level` and `scale` are one number each, in u.
    """

    z: Vector
    seen: Vector
    naive: list[Vector]
    level: Vector
    scale: Vector


def scaled(builder: Builder, window: Window, shape: WindowShape, scaling: Scaling, series: Vector) -> Scaled:
    """u = log(y) or y, its level and scale, z and the naive forecasts, as `WindowReader.read` has them."""
    b, w = builder, shape.window
    skip = window.target.width - w
    value, seen = b.part(window.target, skip, w), b.part(window.observed, skip, w)
    logs = scaling.in_logarithms
    if logs.any():
        u = b.apply(value, "log")
        positive = b.multiply(seen, b.apply(u, "known"))
        u = b.multiply(b.apply(u, "zeroed"), positive)
        taken = in_logarithms(b, scaling, series, w)
        value = u if taken is None else b.choose(taken, value, u)
        seen = positive if taken is None else b.choose(taken, seen, positive)
    floor = b.cast(b.lookup(series, scaling.floor[:, None]), double=True)
    typical = b.cast(b.lookup(series, scaling.typical[:, None]), double=True)
    level, scale = _level(b, value, seen, scaling.season, typical), _scale(b, value, seen, scaling.season, floor)
    away = b.combine(value, b.wide(level, w), "subtract")
    z = b.multiply(seen, b.combine(away, b.wide(scale, w), "divide"))
    return Scaled(z, seen, _naive(b, z, seen, shape), level, scale)


def in_logarithms(b: Builder, scaling: Scaling, series: Vector, width: int) -> Vector | None:
    """`width` times whether the row's series is taken in logarithms; None where all are."""
    logs = scaling.in_logarithms
    return (
        None if logs.all() else b.wide(b.cast(b.lookup(series, logs.astype(np.float32)[:, None]), double=True), width)
    )


def _ratio(b: Builder, top: Vector, bottom: Vector) -> Vector:
    """top / max(bottom, 1)."""
    return b.combine(top, b.clip(bottom, 1.0, 1e300), "divide")


def _level(b: Builder, value: Vector, seen: Vector, season: int, typical: Vector) -> Vector:
    w, anywhere = value.width, b.total(seen)
    mean = b.choose(anywhere, typical, _ratio(b, b.total(value), anywhere))
    if season == 1:
        return b.choose(anywhere, mean, b.last_known(value, seen, 1))
    recent = b.total(b.part(seen, w - season, season))
    return b.choose(recent, mean, _ratio(b, b.total(b.part(value, w - season, season)), recent))


def _scale(b: Builder, value: Vector, seen: Vector, season: int, floor: Vector) -> Vector:
    w = value.width
    lag = min(season, w - 1)
    if lag < 1:
        return floor
    both = b.multiply(b.part(seen, lag, w - lag), b.part(seen, 0, w - lag))
    change = b.combine(b.part(value, lag, w - lag), b.part(value, 0, w - lag), "subtract")
    moved = b.total(b.multiply(both, b.apply(change, "abs")))
    return b.combine(_ratio(b, moved, b.total(both)), floor, "maximum")


def _naive(b: Builder, z: Vector, seen: Vector, shape: WindowShape) -> list[Vector]:
    """The last value, the last seasons, and the first of them with drift: `naive_forecasts`."""
    w, horizon = shape.window, shape.horizon
    found = []
    for season in (1, *shape.seasons):
        last = b.last_known(z, seen, season)
        several = b.join([last] * -(-horizon // season))
        found.append(several if several.width == horizon else b.part(several, 0, horizon))
    if shape.seasons:
        season = shape.seasons[0]
        if w < 2 * season:
            found.append(found[1])
        else:
            now, before = (b.part(z, w - k * season, season) for k in (1, 2))
            counts = [b.total(b.part(seen, w - k * season, season)) for k in (1, 2)]
            change = b.combine(_ratio(b, b.total(now), counts[0]), _ratio(b, b.total(before), counts[1]), "subtract")
            both = b.multiply(*counts)
            drift = b.choose(both, b.scale(change, 0.0), change)
            rises = (np.arange(horizon) // season + 1.0)[:, None]
            found.append(b.add(found[1], b.linear(drift, rises, exact=True)))
    assert len(found) == naive_count(shape.seasons)
    return found
