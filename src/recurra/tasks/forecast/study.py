"""A model and what its forecast is made of: training against the baselines, then weights from what was held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.panel.panel import Ints, Panel
from recurra.evaluation.forecast.backtest import Backtest, assemble
from recurra.evaluation.forecast.columns import BASELINES, NETWORK, NETWORKS, PRETRAINED, TUNED, quantile_column
from recurra.evaluation.forecast.combination import Combination
from recurra.evaluation.forecast.intermittent import NAMES as INTERMITTENT
from recurra.evaluation.forecast.intermittent import which_intermittent
from recurra.evaluation.forecast.metrics import naive_scale
from recurra.nn.quantiles import MEDIAN, QUANTILES
from recurra.tasks.forecast.combining import (
    asked,
    fit_combination,
    from_frame,
    pairs,
    pretrained_quantiles,
    single,
    validation_origins,
)
from recurra.tasks.forecast.fitting import first_held_out
from recurra.tasks.forecast.frames import backtest_frame, truth_after
from recurra.tasks.forecast.model import ForecastModel, Recipe
from recurra.tasks.forecast.plan import NEVER, steps_of
from recurra.tasks.forecast.widths import Asked, past_origins

Floats = npt.NDArray[np.floating]

SPARSE = (PRETRAINED, "mean", "Croston", "TSB", "ADIDA")  # what forecasts data that are mostly zero


@dataclass(frozen=True, eq=False)
class Compared:
    """Quantiles [n, H, Q] of each forecast (NaN where not evaluated) at pairs of `series` and `origins` [n]."""

    members: dict[str, Floats]
    series: Ints
    origins: Ints
    left_out: Mapping[str, str] = field(default_factory=dict)  # baselines, and why they are not there
    past: Asked | None = None  # the pretrained network before all of these origins

    def only(self, names: Sequence[str]) -> Compared:
        """Some of the forecasts."""
        return replace(self, members={name: values for name, values in self.members.items() if name in names})

    def at(self, rows: npt.NDArray[np.bool_]) -> Compared:
        """Some of the pairs."""
        members = {name: values[rows] for name, values in self.members.items()}
        return replace(self, members=members, series=self.series[rows], origins=self.origins[rows])


def evaluated_before(panel: Panel, recipe: Recipe) -> list[Ints]:
    """The validation origins of each series; none where the method is the trained network alone, which has its own."""
    if recipe.method == "network":
        return [np.zeros(0, dtype=np.int64) for _ in range(len(panel))]
    return validation_origins(panel.lengths, recipe.horizon, recipe.season)


def together(first: Sequence[Ints], second: Sequence[Ints]) -> list[Ints]:
    """Both origins of each series, increasing."""
    return [np.union1d(a, b).astype(np.int64) for a, b in zip(first, second, strict=True)]


def compared(
    model: ForecastModel, panel: Panel, origins: Sequence[Ints], frame: pd.DataFrame, *, held_out: bool
) -> Compared:
    """What every forecast says from `origins` of `panel`, whose series are those of the model, in its order.

    `frame` holds the baselines. With `held_out` a network is NaN where it has learnt from the truth.
    """
    recipe = model.recipe
    series, ends = pairs(origins)
    steps = steps_of(panel, recipe.seasons)
    members = from_frame(frame, series, ends, recipe.horizon)
    members[PRETRAINED] = pretrained_quantiles(panel, series, ends, recipe.horizon, steps)
    past = None
    if held_out and recipe.method != "network":  # which is combined with nothing
        before = pairs(past_origins(origins, recipe.horizon, recipe.season, steps))
        past = asked(pretrained_quantiles(panel, *before, recipe.horizon, steps), panel, *before)
    learnt = {}
    if model.tuned is not None and len(series):
        learnt[TUNED] = model.tuned_quantiles(panel, series, ends)
    if model.members and len(series):
        learnt[NETWORK] = model.network_quantiles(panel, series, ends)
    if held_out and learnt:
        unseen = (ends >= _first(model, panel)[series])[:, None, None]
        learnt = {name: np.where(unseen, values, np.nan) for name, values in learnt.items()}
    members |= learnt
    return Compared(members, series, ends, frame.attrs.get("left_out", {}), past)


def combination_of(model: ForecastModel, panel: Panel, seen: Compared) -> Combination | None:
    """The weights and the stretch that `seen` justifies, for the model's method; None: the network alone."""
    method, count = model.recipe.method, len(model.scaling.series)
    if method == "network":
        return None
    names = [name for name in seen.members if name not in INTERMITTENT]
    if method != "auto":
        names = [{"fast": PRETRAINED, "fine-tuned": TUNED}.get(method, method)]
        if names == [TUNED] and TUNED in seen.members:
            seen = seen.at(np.asarray(np.isfinite(seen.members[TUNED]).all(axis=(1, 2))))
        if not len(seen.series) or names[0] not in seen.members:
            return single(names[0], count)
    elif not len(seen.series):
        return Combination((PRETRAINED, NETWORK), np.full((count + 1, 2), 0.5), single("", 0).stretch)
    numbers = model.scaling.number(panel.series)
    errors = dict(zip(model.panel.series, model.naive_error, strict=True))
    scale = np.array([errors.get(name, np.nan) for name in panel.series])
    sparse = which_intermittent([panel.values(s) for s in range(len(panel))])
    usual = ~sparse if method == "auto" else np.ones_like(sparse)
    dense = seen.at(usual[seen.series])
    found = single(PRETRAINED, count)
    if len(dense.series):
        where = dense.series, dense.origins
        found = fit_combination(
            dense.only(names).members,
            panel,
            *where,
            scale[dense.series],
            count,
            numbers[dense.series],
            asked(dense.members[PRETRAINED], panel, *where),
            None if dense.past is None else dense.past.at(usual[dense.past.series]),
        )
    return _with_sparse(found, sparse, numbers, tuple(seen.members) if method == "auto" else ())


def _with_sparse(
    found: Combination, sparse: npt.NDArray[np.bool_], numbers: Ints, names: tuple[str, ...]
) -> Combination:
    """The combination with the rows of series that are mostly zero, of the forecasts `names` (none: as they are).

    Medians are all nothing there and tell nothing apart: what forecasts such data counts alike, with its quantiles as
    they are. A series never seen is as most are.
    """
    marked = np.zeros(len(found.weights), dtype=bool)
    marked[numbers[sparse]] = True
    marked[-1] = 2 * int(sparse.sum()) > len(sparse)
    members = [name for name in names if name in SPARSE]
    if not marked.any() or not members:
        return replace(found, sparse=marked)
    joined = (*found.names, *(name for name in members if name not in found.names))
    weights = np.zeros((len(found.weights), len(joined)))
    weights[:, : len(found.names)] = found.weights
    weights[marked] = [1.0 / len(members) if name in members else 0.0 for name in joined]
    return replace(found, names=joined, weights=weights, sparse=marked)


def evaluated(
    model: ForecastModel, panel: Panel, origins: Sequence[Ints], frame: pd.DataFrame, tested: Compared
) -> Backtest:
    """The backtest of `model` from `origins` of each series of `panel`.

    `frame` holds the baselines, there and maybe elsewhere; `tested` is what every forecast says at these origins.
    """
    horizon, series, ends = model.recipe.horizon, tested.series, tested.origins
    points, quantiles = model.forecast(panel, series, ends, tested.members)
    ours = backtest_frame(panel, series, ends, horizon)
    ours["y"] = truth_after(panel, series, ends, horizon)
    ours["forecast"] = points.ravel()
    shown = {"": quantiles}
    if model.recipe.method == "auto":
        shown |= {name: tested.members[name] for name in NETWORKS if name in tested.members}
    columns = {name: values[..., MEDIAN].ravel() for name, values in shown.items() if name}
    for name, values in shown.items():
        columns |= {quantile_column(level, name): values[..., k].ravel() for k, level in enumerate(QUANTILES)}
    errors = dict(zip(model.panel.series, model.naive_error, strict=True))
    scale = [
        errors[name] if name in errors else naive_scale(panel.values(s)[: o[0] if len(o) else 0], model.recipe.season)
        for s, (name, o) in enumerate(zip(panel.series, origins, strict=True))
    ]
    there = frame.merge(pd.DataFrame({"series": series, "origin": ends}), on=["series", "origin"])
    return assemble(ours.assign(**columns), there, series=panel.series, scale=scale)


def needed(recipe: Recipe) -> tuple[str, ...]:
    """The baselines that have to be there whatever the budget."""
    return (recipe.method,) if recipe.method in BASELINES else ()


def joined(first: Compared, second: Compared) -> Compared:
    """Both, one after the other, and what lies before the first; what one of them does not have is NaN there."""
    members = {}
    for name in dict.fromkeys([*first.members, *second.members]):
        members[name] = np.concatenate([_or_nothing(part, name) for part in (first, second)])
    return Compared(
        members,
        np.concatenate([first.series, second.series]),
        np.concatenate([first.origins, second.origins]),
        {**first.left_out, **second.left_out},
        first.past,
    )


def places_in(origins: Sequence[Ints], names: Sequence[str], series: Sequence[str]) -> list[Ints]:
    """Origins of the series `names`, for each of `series`; none for the others."""
    found = dict(zip(names, origins, strict=True))
    return [found.get(name, np.zeros(0, dtype=np.int64)) for name in series]


def renumbered(combination: Combination | None, old: Sequence[str], new: Sequence[str]) -> Combination | None:
    """Weights of the series `old` as those of `new`; a stranger has the overall ones."""
    if combination is None:
        return None
    place = {name: k for k, name in enumerate(old)}
    rows = [*(place.get(name, len(old)) for name in new), len(old)]
    sparse = None if combination.sparse is None else combination.sparse[rows]
    return replace(combination, weights=combination.weights[rows], sparse=sparse)


def _or_nothing(part: Compared, name: str) -> Floats:
    if name in part.members:
        return part.members[name]
    return np.full_like(next(iter(part.members.values())), np.nan)


def _first(model: ForecastModel, panel: Panel) -> Ints:
    found = dict(zip(model.panel.series, first_held_out(model).tolist(), strict=True))
    return np.array([found.get(name, NEVER) for name in panel.series])
