"""What a forecaster remembers: its gradient through time, in training or now, and what there is to say about it."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recurra.data.panel.panel import Panel
from recurra.data.panel.windows import WindowReader
from recurra.errors import InputError
from recurra.formatting import count
from recurra.inspect import Finding, Watched
from recurra.inspect.several import findings_of, flows_of, glanced
from recurra.language import _
from recurra.nn.pretrained.windows import read_windows, windows_loss
from recurra.nn.quantiles import pinball_loss
from recurra.tasks.forecast.combining import season_read
from recurra.tasks.forecast.explanation import Explanation, explain
from recurra.tasks.forecast.fine_tuning import CONTEXT
from recurra.tasks.forecast.model import ForecastModel, WindowMember
from recurra.tasks.forecast.plan import steps_of

_WINDOWS, _TUNED_WINDOWS = 64, 16


def remembered(model: ForecastModel) -> list[Watched]:
    """What was seen of each network in training; where that is nothing (after loading), a look at it now."""
    return [_seen(member, model) for member in model.members]


def now(model: ForecastModel) -> list[Watched]:
    """A look at each network as it is: training ends with its best weights, which need not be the last it saw."""
    return [
        _look(member, model) if _has_a_way(member) else Watched(signs=member.watched().signs)
        for member in model.members
    ]


def flow_frame(model: ForecastModel, seen: Sequence[Watched] | None = None) -> pd.DataFrame:
    """member, step, layer, back, gradient, cell, carried: see `inspect.gradient_flow`."""
    if not model.members:
        return pd.DataFrame(columns=["member", "step", "layer", "back", "gradient", "cell", "carried"])
    return flows_of(remembered(model) if seen is None else seen)


def findings(model: ForecastModel, seen: Sequence[Watched] | None = None) -> list[Finding]:
    """What is wrong with any of the networks; of several, in which."""
    return findings_of(now(model) if seen is None else seen)


def memory_sentences(model: ForecastModel, seen: Sequence[Watched] | None = None) -> list[str]:
    """For each network, in words, how far back its gradient reaches."""
    sentences = []
    seen = now(model) if seen is None else seen
    for k, (member, watched) in enumerate(zip(model.members, seen, strict=True), start=1):
        shape = member.shape
        blocks = shape.window // shape.block
        read = count(shape.window, "step")
        many = len(model.members) > 1
        what = _("Network {k} reads {steps}", k=k, steps=read) if many else _("It reads {steps}", steps=read)
        if blocks < 2:
            sentences.append(_("{reads} at once: there is no way through time.", reads=what))
            continue
        what = _("{reads} as {blocks} blocks of {steps}", reads=what, blocks=blocks, steps=shape.block)
        memories = watched.memory()
        if not memories:
            why = f": {watched.why_nothing}" if watched.why_nothing else ""
            told = _("{reads}; its gradient could not be followed through time{why}.", reads=what, why=why)
            sentences.append(told)
            continue
        least = min(memories.values(), key=lambda memory: memory.steps)
        if least.whole:
            sentences.append(_("{reads}; its gradient reaches back over all of them.", reads=what))
        else:
            reach = count(least.steps, "block")
            sentences.append(_("{reads}; its gradient reaches back over {blocks}.", reads=what, blocks=reach))
    return sentences


def tuned_look(model: ForecastModel) -> Watched:
    """A look at the fine-tuned network as it is; nothing where there is none."""
    if model.tuned is None:
        return Watched()
    network, panel, horizon = copy.deepcopy(model.tuned.network).requires_grad_(True), model.panel, model.recipe.horizon
    season = season_read(steps_of(panel, model.recipe.seasons))

    def loss_of() -> Tensor:
        pairs = []
        for s, origin in zip(*_spread(panel, model, _TUNED_WINDOWS), strict=True):
            values = np.asarray(panel.values(int(s)), dtype=np.float64)
            past, after = values[max(0, origin - CONTEXT) : origin], values[origin : origin + horizon]
            if (known := np.isfinite(past)).any():
                pairs.append((past[int(known.argmax()) :], after))
        return windows_loss(network, read_windows(pairs, season, network.shape, origins=1), horizon, network.shape)

    return glanced(network, loss_of, step=0, seen=Watched())


def tuned_sentences(model: ForecastModel) -> list[str]:
    """In words, what the fine-tuned network reads and how far back its gradient reaches."""
    if model.tuned is None:
        return []
    shape = model.tuned.shape
    what = _(
        "The fine-tuned network reads at most {values} values, {patch} of them in a step",
        values=f"{shape.context:,}",
        patch=shape.patch,
    )
    seen = tuned_look(model)
    memories = seen.memory()
    if not memories:
        why = f": {seen.why_nothing}" if seen.why_nothing else ""
        return [_("{reads}; its gradient could not be followed through time{why}.", reads=what, why=why)]
    least = min(memories.values(), key=lambda memory: memory.steps)
    if least.whole:
        return [_("{reads}; its gradient reaches back over all {steps} that were there.", reads=what,
                  steps=count(least.length, "step"))]  # fmt: skip
    return [_("{reads}; its gradient reaches back over {blocks}.", reads=what, blocks=count(least.steps, "step"))]


def last_explanation(model: ForecastModel, panel: Panel, names: list[str], points: int = 32) -> Explanation:
    """What moved the forecasts from the end of the series in `names`."""
    place = {name: s for s, name in enumerate(panel.series)}
    series = np.array([place[name] for name in names], dtype=np.int64)
    return explain(model, panel, series, panel.lengths[series], points=points)


def usual_explanation(model: ForecastModel, panel: Panel, windows: int = _WINDOWS, points: int = 32) -> Explanation:
    """What moved forecasts from origins that are spread over the series and their last parts."""
    series, origins = _spread(panel, model, windows)
    return explain(model, panel, series, origins, points=points)


def _seen(member: WindowMember, model: ForecastModel) -> Watched:
    watched = member.watched()
    if watched.flows or not _has_a_way(member):
        return watched
    return _look(member, model)


def _has_a_way(member: WindowMember) -> bool:
    return member.shape.window > member.shape.block


def _look(member: WindowMember, model: ForecastModel) -> Watched:
    def loss_of() -> Tensor:
        series, origins = _spread(panel, model, _WINDOWS)
        reader = WindowReader(panel, member.shape, model.scaling)
        batch = reader.read(torch.from_numpy(series), torch.from_numpy(origins))
        return pinball_loss(member.network(batch)[0], batch.truth)

    panel = model.panel
    step = 0 if member.record is None else member.record.best_step
    return glanced(member.network, loss_of, step=step, seen=member.watched())


def _spread(panel: Panel, model: ForecastModel, windows: int) -> tuple[np.ndarray, np.ndarray]:
    """(series [n], origins [n]) with a whole horizon after them, the last ones of each series first of all."""
    horizon = model.recipe.horizon
    last = panel.lengths - horizon
    chosen = np.flatnonzero(last >= 1)
    if not len(chosen):
        raise InputError(
            _(
                "no series has more than {horizon} rows: expected a row before the {horizon} steps of a "
                "forecast; fit it to more rows",
                horizon=horizon,
            )
        )
    chosen = chosen[np.unique(np.linspace(0, len(chosen) - 1, min(len(chosen), windows)).astype(int))]
    each = -(-windows // len(chosen))
    pairs = []
    for s in chosen:
        least = max(1, min(model.window, int(last[s])))
        pairs += [(s, origin) for origin in np.unique(np.linspace(least, last[s], each).astype(int))]
    series, origins = zip(*pairs, strict=True)
    return np.array(series, dtype=np.int64), np.array(origins, dtype=np.int64)
