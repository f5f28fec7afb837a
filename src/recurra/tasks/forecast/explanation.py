"""What moved a forecast: integrated gradients from a window that stood still at its own level to the window as it was.

The baseline of a window has the target at the window's level, covariates at their means, unknown categories, no
calendar and an unknown series. The attributions of a forecast and the forecast for the baseline add up to the forecast,
in the target's own units, logarithms, calibration and the ensemble included.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor, nn

from recurra.data.panel.calendar import event_names
from recurra.data.panel.panel import Ints, Panel, Schema
from recurra.data.panel.windows import WindowBatch, WindowReader, naive_forecasts
from recurra.data.schema.series_names import name_columns
from recurra.errors import InputError
from recurra.inspect import Attribution, attribute
from recurra.language import _
from recurra.nn.embedding import Embeddings
from recurra.nn.forecast import Features, ForecastNetwork
from recurra.nn.own import OwnNetwork
from recurra.nn.quantiles import MEDIAN
from recurra.tasks.forecast.model import ForecastModel, WindowMember
from recurra.training.threads import fitting_threads

Floats = npt.NDArray[np.floating]
CALENDAR = "calendar"
_PARTS = 6  # tensors that a member takes: those of `Features` but the naive forecasts, level, scale
_ROWS = 64  # windows at a time
_ROUNDING = 1e-5  # of a forecast; what the integral misses beyond it is a row of its own, "(rest)"


@dataclass(frozen=True, eq=False)
class Explanation:
    """Of n forecasts: `forecast` and `baseline` [n], and what each feature added.

    steps      feature -> [n, W + H], at each step before the origin and after it, W the longest window
    static     feature -> [n], of what does not change with time
    window     W
    rest       [n], of the forecast beyond the baseline, what the integral has missed
    """

    forecast: Floats
    baseline: Floats
    steps: dict[str, Floats]
    static: dict[str, Floats]
    window: int
    rest: Floats

    def strength(self) -> dict[str, Floats]:
        """feature -> [W + H], the mean over the forecasts of its share of all that moved each, sign left out.

        Counted are the steps alone, without what does not change with time.
        """
        total = sum((np.abs(v).sum(1) for v in self.steps.values()), np.zeros(len(self.forecast)))
        total = np.maximum(total, np.finfo(float).tiny)[:, None]
        return {name: (np.abs(values) / total).mean(0) for name, values in self.steps.items()}


def explain(
    model: ForecastModel, panel: Panel, series: Ints, origins: Ints, *, step: int | None = None, points: int = 64
) -> Explanation:
    """What moved the forecasts from `origins` [n] of `series` [n] (numbers in `panel`).

    Explained is the median at `step` (1 is the first) or, with None, its mean over the horizon.
    """
    panel = panel.recoded(model.panel.schema.categories)
    window, horizon = model.window, model.recipe.horizon
    model.trained()
    names = _names(panel.schema, model)
    steps: dict[str, Floats] = {
        name: np.zeros((len(series), window + horizon)) for name in dict.fromkeys(_features(names))
    }
    static: dict[str, Floats] = {name: np.zeros(len(series)) for name in dict.fromkeys(names.static)}
    forecast, baseline, rest = (np.zeros(len(series)) for _unused in range(3))
    logs = model.scaling.in_logarithms[model.scaling.number(panel.series)[series]]
    for part in _alike(logs):
        found = _attributed(model, panel, series[part], origins[part], step, points, log=bool(logs[part[0]]))
        forecast[part], baseline[part] = found.output.numpy(), found.baseline.numpy()
        rest[part] = found.gap.numpy()
        for k, member in enumerate(model.members):
            values = [v.numpy() for v in found.values[k * _PARTS : (k + 1) * _PARTS]]
            _add(steps, static, values, names, part, member, window)
    return Explanation(forecast, baseline, steps, static, window, rest)


def explanation_frame(model: ForecastModel, panel: Panel, *, step: int | None = None, points: int = 64) -> pd.DataFrame:
    """The forecasts from the end of every series explained, in the names of the data; see `Forecaster.explain`."""
    every = np.arange(len(panel))
    found = explain(model, panel, every, panel.lengths, step=step, points=points)
    schema = panel.schema
    series, time = "(series)", schema.time[0] if len(schema.time) == 1 else "ds"
    places = np.arange(-found.window, model.recipe.horizon)
    ids = np.array(panel.series, dtype=object)
    parts = []
    for name, values in found.steps.items():
        rows, columns = np.nonzero(values)
        times = panel.grid.times((panel.start + panel.lengths)[rows] + places[columns])
        parts.append(
            pd.DataFrame({series: ids[rows], time: times, "feature": name, "attribution": values[rows, columns]})
        )
    missed = np.abs(found.rest) > _ROUNDING * np.maximum(np.abs(found.forecast), np.abs(found.baseline))
    timeless = [(name, values, every) for name, values in (*found.static.items(), ("(baseline)", found.baseline))]
    for name, values, rows in (*timeless, ("(rest)", found.rest, np.flatnonzero(missed))):
        missing = panel.grid.times(panel.start[:0])
        parts.append(
            pd.DataFrame({series: ids[rows], "feature": name, "attribution": values[rows]}).assign(
                **{time: pd.Series(missing).reindex(range(len(rows)))}
            )[parts[0].columns]
        )
    frame = pd.concat([part for part in parts if len(part)], ignore_index=True)
    order = {name: s for s, name in enumerate(panel.series)}
    frame = frame.sort_values(series, key=lambda names: names.map(order), kind="stable", ignore_index=True)
    columns = name_columns(frame[series], schema.series, schema.whole_series)
    return pd.concat([pd.DataFrame(columns), frame.drop(columns=series)], axis="columns")


@dataclass(frozen=True)
class _Names:
    """The feature behind each column of the network's inputs."""

    steps: list[str]
    ahead: list[str]
    static: list[str]
    calendar: list[str]


def _features(names: _Names) -> Iterator[str]:
    yield from names.steps
    yield from names.ahead
    yield from names.calendar


def _names(schema: Schema, model: ForecastModel) -> _Names:
    network = _ours(model.members[0])
    gaps = [name for name, has in zip(schema.past, model.scaling.past_gaps, strict=True) if has]
    known = [*schema.known, *_embedded(schema.known_categorical, network.known_embedding)]
    past = [*schema.past, *gaps, *_embedded(schema.past_categorical, network.past_embedding)]
    static = [*schema.static, *_embedded(schema.static_categorical, network.static_embedding)]
    if network.series_embedding is not None:
        static += [schema.series or "unique_id"] * network.series_embedding.embedding_dim
    calendar = [CALENDAR] * network.inputs.calendar
    events = event_names(schema)
    calendar[len(calendar) - len(events) :] = events
    return _Names([schema.target, schema.target, *past, *known], known, static, calendar)


def _ours(member: WindowMember) -> ForecastNetwork:
    """The network of a member; raises InputError for a user's own, whose inputs cannot be told apart from here."""
    if isinstance(member.network, OwnNetwork):
        raise InputError(
            _(
                "the network {network} is your own, and its inputs are not known here: use "
                "recurra.inspect.attribute with a function of your inputs",
                network=member.network.name,
            )
        )
    return member.network


def _embedded(columns: Sequence[str], embedding: Embeddings) -> list[str]:
    widths = [table.embedding_dim for table in embedding.tables if isinstance(table, nn.Embedding)]
    return [name for name, width in zip(columns, widths, strict=True) for _unused in range(width)]


def _attributed(
    model: ForecastModel, panel: Panel, series: Ints, origins: Ints, step: int | None, points: int, *, log: bool
) -> Attribution:
    pair = torch.tensor(series, dtype=torch.int64), torch.tensor(origins, dtype=torch.int64)
    inputs: list[Tensor] = []
    baselines: list[Tensor] = []
    with torch.no_grad():
        for member in model.members:
            batch = WindowReader(panel, member.shape, model.scaling).read(*pair, truth=False)
            inputs += _inputs(member, batch)
            baselines += _inputs(member, _still(batch, member))
    deepest = max(range(len(model.members)), key=lambda k: model.members[k].shape.window)
    trust, naive = model.calibration.trust, model.calibration.naive

    def forecast(*tensors: Tensor) -> Tensor:
        """The calibrated median [B], as `ForecastModel.quantiles` has it, of what `_inputs` gives."""
        medians, naives = [], []
        for k, member in enumerate(model.members):
            steps, calendar, ahead, static, level, scale = tensors[k * _PARTS : (k + 1) * _PARTS]
            shape = member.shape
            z = naive_forecasts(steps[..., 0], steps[..., 1] > 0.5, shape.seasons, shape.horizon)
            quantiles = _ours(member).quantiles(Features(steps, calendar, ahead, static, z))
            medians.append(quantiles[..., MEDIAN].double() * scale + level)
            naives.append(z[..., naive].double() * scale + level if k == deepest else None)
        u = trust * torch.stack(medians).mean(0) + (1 - trust) * naives[deepest]
        y = u.clamp(max=709.0).exp() if log else u
        return y.mean(1) if step is None else y[:, step - 1]

    with fitting_threads(model.members[0].network):
        return attribute(forecast, tuple(inputs), baselines=tuple(baselines), points=points)


def _alike(logs: npt.NDArray[np.bool_]) -> Iterator[Ints]:
    """Rows of which all are taken in logarithms, or none, some at a time."""
    for kind in (False, True):
        rows = np.flatnonzero(logs == kind)
        for begin in range(0, len(rows), _ROWS):
            yield rows[begin : begin + _ROWS]


def _inputs(member: WindowMember, batch: WindowBatch) -> list[Tensor]:
    features: Any = _ours(member).features(batch)
    return [*features[:4], batch.level, batch.scale]


def _still(batch: WindowBatch, member: WindowMember) -> WindowBatch:
    """The baseline: nothing happened in the window, and nothing is known of it but what is missing."""
    names = ("target", "past", "past_codes", "calendar", "known", "known_codes", "static", "static_codes")
    zeros = {name: torch.zeros_like(getattr(batch, name)) for name in names}
    return replace(batch, **zeros, series=torch.full_like(batch.series, _ours(member).inputs.series))


def _add(
    steps: dict[str, Floats],
    static: dict[str, Floats],
    values: list[Floats],
    names: _Names,
    part: Ints,
    member: WindowMember,
    window: int,
) -> None:
    """Add a member's attributions, columns of one feature together, at their places before and after the origin."""
    history = slice(window - member.shape.window, window)
    for j, name in enumerate(names.steps):
        steps[name][part, history] += values[0][:, :, j]
    for j, name in enumerate(names.calendar):
        steps[name][part, history.start :] += values[1][:, :, j]
    for j, name in enumerate(names.ahead):
        steps[name][part, window:] += values[2][:, :, j]
    for j, name in enumerate(names.static):
        static[name][part] += values[3][:, j]
