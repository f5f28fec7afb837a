"""What the page says and draws of a generator of series: decisions, and real beside generated series."""

from __future__ import annotations

from typing import Any

import numpy as np

from recurra.data.schema.facts import Fact
from recurra.formatting import NumberStyle
from recurra.language import _, listing
from recurra.options import option
from recurra.report.panels.made import Shown
from recurra.tasks.series.model import SeriesModel
from recurra.tasks.series.rows import SeriesRoles
from recurra.tasks.studied import Tested

_COLUMNS, _PAIRS, _PICTURES = 6, 4, 24


def how_evaluated(window: int, *, whole: bool) -> str:
    """What was compared, in a sentence."""
    if whole:
        return _(
            "Each series is generated from its start on; the first {window} rows are compared with those of series "
            "that were not learnt.",
            window=window,
        )
    return _(
        "Windows of {window} rows that go on from later real rows are compared with the real ones; replayed "
        "rows begin elsewhere, so that they also show how far the data have drifted. The rows that are written begin "
        "anew and go on for long, drawn back to their mean: slow cycles are not in them.",
        window=window,
    )


def model_facts(model: SeriesModel) -> list[Fact]:
    """Method, network."""
    recipe, style = model.recipe, NumberStyle(3)
    names = {"likelihood": _("likelihood"), "gan": _("adversary")}
    told = names[recipe.method]
    if model.held_out:
        told += _("; told apart on held-out rows: {scores}").format(
            scores=listing(f"{names[name]} {style.text(score)}" for name, score in model.held_out.items())
        )
    facts = [Fact("method", told, option("method"))]
    told = _(
        "{cell}, {units} units; each column a mixture of {components} Gaussians given the columns before it",
        cell=recipe.cell,
        units=recipe.network.hidden,
        components=recipe.network.components,
    )
    return [*facts, Fact("network", told, option("cell"))]


def made_panel(tested: Tested, roles: SeriesRoles) -> dict[str, Any]:
    """What was generated beside what is real: `real` and `made` windows in the user's units."""
    scaling = tested.model.scaling
    made, real = (scaling.values(tested.produced[name]) for name in (next(iter(tested.produced)), ""))
    return {"made": Shown(roles.numbers, *(part[_spaced(len(part))] for part in (real, made)))}


def _spaced(count: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, _PICTURES).astype(int))
