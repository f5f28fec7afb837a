"""How a forecaster is trained: with the last origins held out, then for as long on everything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.data.panel.panel import Ints, Panel
from recurra.data.panel.scaling import Scaling, fit_scaling
from recurra.data.panel.windows import WindowReader
from recurra.ensemble.members import Member, Seat
from recurra.errors import InputError
from recurra.evaluation.forecast.columns import TUNED
from recurra.evaluation.forecast.metrics import naive_scale
from recurra.formatting import count
from recurra.language import _
from recurra.nn.own import OwnParts
from recurra.nn.quantiles import QUANTILES
from recurra.options import option
from recurra.tasks.forecast.calibration import Calibration, calibrate
from recurra.tasks.forecast.fine_tuning import LEAST_EXAMPLES, LEAST_HORIZONS, enough, fine_tune, worsened
from recurra.tasks.forecast.model import ForecastModel, Recipe, WindowMember, ensemble_forecasts
from recurra.tasks.forecast.plan import Split, least_history, nothing_held_out, split, window_shapes
from recurra.tasks.forecast.problem import ForecastProblem, build_network
from recurra.training import Run
from recurra.training.run import pick_device

_OURS = OwnParts()

Floats = npt.NDArray[np.floating]


def fit_model(panel: Panel, recipe: Recipe, *, run: Run, name: str, own: OwnParts = _OURS) -> ForecastModel:
    """Train on `panel`, all of which lies in the past, but for its last origins: they end the training and calibrate.

    `name` tells this training's checkpoints from another's.
    """
    shapes = window_shapes(panel, recipe.horizon, recipe.seasons, recipe.block, recipe.members)
    parts = split(panel, recipe.horizon, least_history(shapes))
    scaling = _scaling_before(panel, parts, shapes[0].block if shapes[0].block in recipe.seasons else 1)
    members: list[WindowMember] = []
    for shape in shapes:
        reader = WindowReader(panel, shape, scaling)
        members.append(_train_member(reader, parts, recipe, len(members), run=run, name=name, own=own))
        if members[-1].interrupted:
            break
    held = ensemble_forecasts(members, scaling, panel, parts.held_out_series.numpy(), parts.held_out_origins.numpy())
    return ForecastModel(recipe, scaling, panel, tuple(members), calibrate(held), _naive_errors(panel, recipe))


def untrained_model(panel: Panel, recipe: Recipe) -> ForecastModel:
    """A model without a network of its own; what it forecasts is for its combination to say."""
    nothing = Calibration(1.0, 0, np.ones(len(QUANTILES) // 2))
    return ForecastModel(recipe, fit_scaling(panel, 1), panel, (), nothing, _naive_errors(panel, recipe))


def is_trained(method: str) -> bool:
    """Whether the method trains a network on the user's series."""
    return method in ("auto", "network")


def is_tuned(recipe: Recipe) -> bool:
    """Whether the pretrained network is fine-tuned on the user's series."""
    return recipe.method == "fine-tuned" or (recipe.method == "auto" and recipe.fine_tune)


def trainings_of(recipe: Recipe) -> int:
    """How many networks learn from the user's series."""
    return recipe.members * is_trained(recipe.method) + is_tuned(recipe)


def learnt(panel: Panel, recipe: Recipe, *, run: Run, name: str, own: OwnParts = _OURS) -> ForecastModel:
    """What is learnt of `panel` but for its last origins, before it is known what the forecast will be made of."""
    if not is_trained(recipe.method):
        return with_tuned(untrained_model(panel, recipe), run=run, name=name)
    return with_tuned(fit_model(panel, recipe, run=run, name=name, own=own), run=run, name=name)


def with_tuned(model: ForecastModel, *, run: Run, name: str) -> ForecastModel:
    """The model with the pretrained network fine-tuned on its panel, but for the last origins, where it wants that.

    Where it is to be combined it is left out if that made it clearly worse.

    Raises InputError where too little is there to learn from and the forecast was to be that network's alone.
    """
    recipe, panel = model.recipe, model.panel
    if not is_tuned(recipe) or model.interrupted:
        return model
    parts = split(panel, recipe.horizon, _least(model))
    if not enough(parts, recipe.horizon):
        if recipe.method == "auto":
            return model
        raise InputError(
            _(
                "the series have {windows} of {horizon} steps to fine-tune on: expected at least {need}; give more "
                "data, or use {method_option}",
                windows=count(parts.training.total, "window"),
                horizon=recipe.horizon,
                need=max(LEAST_EXAMPLES, LEAST_HORIZONS * recipe.horizon),
                method_option=option("method", "fast"),
            )
        )
    settings = recipe.horizon, recipe.seasons, recipe.training
    tuned = fine_tune(panel, parts, *settings, seed=recipe.seed, run=run, name=name)
    worse = worsened(tuned, panel, parts, recipe.horizon, recipe.seasons) if recipe.method == "auto" else None
    return replace(model, tuned=tuned) if worse is None else replace(model, tuned_worse=worse)


def without_unused(model: ForecastModel) -> ForecastModel:
    """The model without a fine-tuned network that is part of no forecast."""
    used = model.combination is not None and TUNED in model.combination.used
    return model if used else replace(model, tuned=None)


def first_held_out(model: ForecastModel) -> Ints:
    """For each series [S] of its panel the first origin whose truths the networks have not learnt, or `NEVER`."""
    return split(model.panel, model.recipe.horizon, _least(model)).unseen


def refit_model(
    model: ForecastModel, panel: Panel, calibration: Calibration, *, run: Run, name: str, own: OwnParts = _OURS
) -> ForecastModel:
    """Train again as `model` was, for as long as was best there, on everything in `panel`; nothing is held out.

    Each network is trained again where it is part of the forecast. Trained networks that are not stay as they were
    evaluated, to be looked into; a fine-tuned one is left out.
    `calibration` comes from forecasts that `model` made before their truths: of the new networks there are none. If
    the user stops it, `model` itself is kept.
    """
    recipe, model = model.recipe, without_unused(model)
    parts = nothing_held_out(panel, recipe.horizon, _least(model))
    if model.members and not model.network_counts:
        again = kept(model, panel, calibration)
    else:
        again = _trained_again(model, panel, parts, calibration, run=run, name=name, own=own)
    if again.tuned is not None and not again.interrupted:
        settings, steps = (recipe.horizon, recipe.seasons, recipe.training), _as_long(again.tuned)
        tuned = fine_tune(panel, parts, *settings, seed=recipe.seed, run=run, name=name, steps=steps)
        again = replace(again, tuned=tuned)
    return kept(model, panel, calibration) if again.interrupted else again


def _trained_again(
    model: ForecastModel, panel: Panel, parts: Split, calibration: Calibration, *, run: Run, name: str, own: OwnParts
) -> ForecastModel:
    """Its networks, but for the fine-tuned one, trained on `parts` of `panel`, or as many as the user waited for."""
    recipe = model.recipe
    scaling = fit_scaling(panel, model.scaling.season, _logs_for(model.scaling, panel))
    members: list[WindowMember] = []
    for before in model.members:
        reader = WindowReader(panel, before.shape, scaling)
        steps = _as_long(before)
        members.append(_train_member(reader, parts, recipe, len(members), run=run, name=name, steps=steps, own=own))
        if members[-1].interrupted:
            break
    errors = _naive_errors(panel, recipe)
    return replace(
        model, scaling=scaling, panel=panel, members=tuple(members), calibration=calibration, naive_error=errors
    )


def _logs_for(scaling: Scaling, panel: Panel) -> npt.NDArray[np.bool_]:
    """Whether each series of `panel`, and a stranger, is taken in logarithms, as `scaling` decided; never zeros."""
    logs = np.append(scaling.in_logarithms[scaling.number(panel.series)], scaling.log)
    positive = [not bool((panel.values(s) <= 0).any()) for s in range(len(panel))]
    return logs & np.array([*positive, True])


def kept(model: ForecastModel, panel: Panel, calibration: Calibration) -> ForecastModel:
    """The networks of `model` as they are, for forecasts from the end of `panel`."""
    errors = _naive_errors(panel, model.recipe)
    return replace(
        model, panel=panel.recoded(model.panel.schema.categories), calibration=calibration, naive_error=errors
    )


def recalibrated(model: ForecastModel, panel: Panel, series: Ints, origins: Ints) -> Calibration:
    """The calibration of `model` by its held-out origins and by later ones of `panel` [n] together."""
    if not model.members:
        return model.calibration
    parts = split(model.panel, model.recipe.horizon, _least(model))
    place = {name: s for s, name in enumerate(panel.series)}
    known = np.array([place[name] for name in model.panel.series])[parts.held_out_series.numpy()]
    every = np.concatenate([known, series]), np.concatenate([parts.held_out_origins.numpy(), origins])
    recoded = panel.recoded(model.panel.schema.categories)
    return calibrate(ensemble_forecasts(model.members, model.scaling, recoded, *every))


def _as_long(member: Member[Any]) -> int | None:
    """The steps of a training like that of `member`: all of its schedule, which left half-way would be unsettled."""
    return (member.record.best_step or member.record.steps) if member.record else None


def _least(model: ForecastModel) -> int:
    """Rows that lie before an origin at least."""
    shapes = tuple(member.shape for member in model.members)
    recipe = model.recipe
    return least_history(
        shapes or window_shapes(model.panel, recipe.horizon, recipe.seasons, recipe.block, recipe.members)
    )


def _train_member(
    reader: WindowReader,
    parts: Split,
    recipe: Recipe,
    number: int,
    *,
    run: Run,
    name: str,
    own: OwnParts,
    steps: int | None = None,
) -> WindowMember:
    seat, shape = Seat(name, number, recipe.members, recipe.seed), reader.shape
    with seat.drawing():
        network = build_network(reader.panel, reader, parts, recipe.cell, recipe.network, own.network)
    problem = ForecastProblem(network, reader, parts, pick_device(run.device), own.loss)
    # Where the window is a single block, there is no way through time to watch.
    training = recipe.training if steps is None else replace(recipe.training, seconds=None)
    record = seat.train(problem, training, run=run, watch=shape.window > shape.block, steps=steps)
    return WindowMember(network, record, shape=shape)


def _naive_errors(panel: Panel, recipe: Recipe) -> Floats:
    return np.array([naive_scale(panel.values(s), recipe.season) for s in range(len(panel))])


def _scaling_before(panel: Panel, parts: Split, season: int) -> Scaling:
    """Statistics of what lies before the held-out origins; of all of a series that has none."""
    return fit_scaling(panel, season, ends=np.minimum(panel.lengths, parts.unseen))
