"""What `tasks.tuning` asks of a forecaster: what is learnt from, what is searched, and what a training is worth."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from recurra.data.panel.panel import Panel
from recurra.nn.forecast import NetworkOptions
from recurra.tasks.forecast.fitting import fit_model
from recurra.tasks.forecast.frames import backtest_origins
from recurra.tasks.forecast.model import Recipe
from recurra.tasks.forecast.month_ends import with_month_ends
from recurra.tasks.parameters import chosen_options
from recurra.tasks.tuning import Between, Choices, OneOf
from recurra.training import Run, TrainingOptions

_CELLS = ("lstm", "gru", "rnn")
_LEARNING: Choices = {
    "training__learning_rate": Between(5e-4, 1.5e-2, log=True),
    "training__weight_decay": Between(1e-4, 0.3, log=True),
}
_NETWORK: Choices = {
    "network__hidden": OneOf((16, 32, 64, 128, 256)),
    "network__layers": OneOf((1, 2)),
    "network__context": OneOf((8, 16, 32, 64)),
    "network__dropout": Between(0.0, 0.4),
}


def part_before(panel: Panel, horizon: int, windows: int | None) -> Panel:
    """The panel before the first origin of its test part, as a backtest of so many windows learns from it."""
    _origins, known = backtest_origins(panel, horizon, windows)
    before = panel.cut(known)
    return with_month_ends(before, before)


def choices_for(part: Panel, *, networks_of_ours: bool) -> Choices:
    """Cell, size and regularisation of our network, and how it learns; of a network of one's own the learning alone."""
    if not networks_of_ours:
        return _LEARNING
    several = {"network__series_embedding": OneOf((0, 4, 16))} if len(part) > 1 else {}
    return {"cell": OneOf(_CELLS), **_NETWORK, **several, **_LEARNING}


def settings_of(forecaster: Any, names: Iterable[str]) -> dict[str, Any]:
    """The settings as they are, defaults where none were given."""
    network = None if callable(forecaster.network) else forecaster.network
    groups = {
        "network": chosen_options(network, NetworkOptions()),
        "training": chosen_options(forecaster.training, TrainingOptions()),
    }
    found = {}
    for name in names:
        group, _unused, inner = name.partition("__")
        found[name] = getattr(groups[group], inner) if inner else getattr(forecaster, name)
    return found


def loss_of(recipe: Recipe, part: Panel, run: Run) -> float:
    """The validation loss of the network of `recipe`, trained on `part` but for its last origins."""
    model = fit_model(part, recipe, run=run, name="tuning")
    if model.interrupted:
        return math.nan
    return float(np.mean([member.record.best for member in model.members if member.record is not None]))
