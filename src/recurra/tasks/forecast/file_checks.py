"""Whether the parts of a stored forecaster fit each other: a file that was made by hand must not read outside them."""

from __future__ import annotations

import numpy as np
import torch

from recurra.data.panel.panel import Panel
from recurra.data.panel.scaling import Scaling
from recurra.data.panel.windows import naive_count
from recurra.data.time.calendar import calendar_features
from recurra.data.time.zones import check_zone
from recurra.errors import InputError
from recurra.evaluation.forecast.columns import BASELINES, NETWORK, NETWORKS
from recurra.nn.quantiles import QUANTILES
from recurra.tasks.forecast.model import ForecastModel, WindowMember

_FARTHEST = 1 << 52  # steps from position 0 of a grid


def check_stored(model: ForecastModel) -> None:
    """Raise `InputError` unless every array has the shape, type and range that the others and the schema imply."""
    _check_panel(model.panel)
    _check_scaling(model.scaling, model.panel)
    _require(len(model.members) <= model.recipe.members, "there are more networks than members")
    _require(model.window <= int(model.panel.lengths.max()), "the windows are longer than every stored series")
    for member in model.members:
        _check_member(member, model)
    if model.members:
        deepest = max(model.members, key=lambda member: member.shape.window)
        naive = naive_count(deepest.shape.seasons)
        _require(model.calibration.naive < naive, "the calibration's naive forecast is unknown")
    _check_combination(model)
    errors = model.naive_error
    _require(errors.shape == (len(model.panel),) and errors.dtype.kind == "f", "naive_error is no such array")
    stretch = model.calibration.stretch
    _require(stretch.shape == (len(QUANTILES) // 2,) and _positive(stretch, strictly=False), "stretch is no such array")


def _check_combination(model: ForecastModel) -> None:
    combination = model.combination
    if combination is None:
        _require(bool(model.members), "there is neither a network nor anything else to forecast with")
        return
    names, shape = combination.names, (len(model.scaling.series) + 1, len(combination.names))
    _require(set(names) <= {*NETWORKS, *BASELINES} and len(set(names)) == len(names), "a combined forecast is unknown")
    weights, stretch = combination.weights, combination.stretch
    _require(weights.shape == shape and _positive(weights, strictly=False), "the weights are no such array")
    _require(NETWORK not in combination.used or bool(model.members), "the network that is combined is not there")
    _require(bool(np.allclose(weights.sum(axis=1), 1.0, atol=1e-6)), "the weights of a series do not sum to 1")
    fits = stretch.shape == (len(QUANTILES) // 2,) and _positive(stretch, strictly=False)
    _require(fits, "the combination's stretch is no such array")


def _check_panel(panel: Panel) -> None:
    schema, s = panel.schema, len(panel.series)
    rows, known_rows = len(panel.target), len(panel.known)
    for name, shape, kind in (
        ("start", (s,), "i"),
        ("offsets", (s + 1,), "i"),
        ("target", (rows,), "f"),
        ("past", (rows, len(schema.past)), "f"),
        ("past_codes", (rows, len(schema.past_categorical)), "i"),
        ("known_offsets", (s + 1,), "i"),
        ("known", (known_rows, len(schema.known)), "f"),
        ("known_codes", (known_rows, len(schema.known_categorical)), "i"),
        ("static", (s, len(schema.static)), "f"),
        ("static_codes", (s, len(schema.static_categorical)), "i"),
    ):
        array = getattr(panel, name)
        _require(array.shape == shape and array.dtype.kind == kind, f"the stored {name} is of shape {array.shape}")
    if schema.tz is not None:
        check_zone(schema.tz)
    _require(not schema.counting.opening or schema.counting == panel.grid.counting, "the opening hours differ")
    known_lengths = np.diff(panel.known_offsets)
    _require(s > 0 and len(set(panel.series)) == s, "the names of the series are not distinct")
    _require(
        panel.offsets[0] == panel.known_offsets[0] == 0
        and panel.offsets[-1] == rows
        and panel.known_offsets[-1] == known_rows
        and bool((panel.lengths > 0).all() and (known_lengths >= panel.lengths).all()),
        "the stored series do not lie end to end",
    )
    _require(bool((np.abs(panel.start) < _FARTHEST).all()), "a stored series begins beyond all times")
    columns = (*schema.past_categorical, *schema.known_categorical, *schema.static_categorical)
    _require(set(columns) == set(schema.categories), "the categories are not those of the columns")
    for codes, names in (
        (panel.past_codes, schema.past_categorical),
        (panel.known_codes, schema.known_categorical),
        (panel.static_codes, schema.static_categorical),
    ):
        most = np.array([len(schema.categories[name]) for name in names], dtype=np.int64)
        _require(bool(((codes >= -1) & (codes < most)).all()), "a stored category is not among the categories")


def _check_scaling(scaling: Scaling, panel: Panel) -> None:
    strangers = len(scaling.series) + 1
    for name, length in (("floor", strangers), ("typical", strangers)):
        _check_floats(name, getattr(scaling, name), length)
    for part, columns in (("past", panel.past), ("known", panel.known), ("static", panel.static)):
        for name in (f"{part}_mean", f"{part}_spread"):
            _check_floats(name, getattr(scaling, name), columns.shape[1])
    for name in ("floor", "past_spread", "known_spread", "static_spread"):
        _require(_positive(getattr(scaling, name), strictly=True), f"{name} is not above 0")
    gaps = scaling.past_gaps
    _require(gaps.shape == (panel.past.shape[1],) and gaps.dtype == bool, f"past_gaps is of shape {gaps.shape}")
    _require(len(set(scaling.series)) == len(scaling.series), "the names of the scaling's series are not distinct")


def _check_member(member: WindowMember, model: ForecastModel) -> None:
    shape, inputs, schema = member.shape, member.network.inputs, model.panel.schema
    _require(shape.horizon == model.recipe.horizon, "the horizons differ")
    _require(
        shape.window % shape.block == 0, f"a window of {shape.window} steps is not made of blocks of {shape.block}"
    )
    _require(max(shape.seasons, default=1) <= shape.window, "a season is longer than its window")
    _require(model.scaling.season <= shape.window, "the season of the scaling is longer than a window")

    def sizes(columns: tuple[str, ...]) -> tuple[int, ...]:
        return tuple(len(schema.categories[column]) for column in columns)

    expected = dict(
        block=shape.block,
        horizon=shape.horizon,
        naive=naive_count(shape.seasons),
        past=len(schema.past),
        past_gaps=int(model.scaling.past_gaps.sum()),
        calendar=len(calendar_features(model.panel.grid, np.zeros(0, dtype=np.int64))[1]),
        known=len(schema.known),
        static=len(schema.static),
        past_categories=sizes(schema.past_categorical),
        known_categories=sizes(schema.known_categorical),
        static_categories=sizes(schema.static_categorical),
        series=len(model.scaling.series),
    )
    for name, value in expected.items():
        found = getattr(inputs, name)
        _require(found == value, f"the network's {name} is {found} and the data's is {value}")
    for name, weight in member.network.state_dict().items():
        fits = weight.dtype == torch.float32 and bool(torch.isfinite(weight).all())
        _require(fits, f"the weights {name} are not finite numbers of 32 bits")


def _check_floats(name: str, array: np.ndarray, length: int) -> None:
    fits = array.shape == (length,) and array.dtype.kind == "f" and bool(np.isfinite(array).all())
    _require(fits, f"{name} is of shape {array.shape} or not finite")


def _positive(array: np.ndarray, *, strictly: bool) -> bool:
    fits = array.dtype.kind == "f" and bool(np.isfinite(array).all())
    return fits and bool((array > 0).all() if strictly else (array >= 0).all())


def _require(fits: bool, complaint: str) -> None:
    if not fits:
        raise InputError(complaint)
