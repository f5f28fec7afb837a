"""A fitted forecaster that goes on learning from newer rows, and is kept only where it is better for it.

The networks start from their weights and learn, more slowly, the windows of what is known and what is new but for the
newest rows, by which the old and the new model are then evaluated; so are both by the windows that the old one knew, to
see what was forgotten. Statistics of the old training (scaling, weights of the combination) stay, since the weights
mean something in them alone.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.panel.panel import Ints, Panel
from recurra.data.panel.windows import WindowReader
from recurra.ensemble.members import Seat
from recurra.errors import InputError
from recurra.evaluation.shared.watching import Promise
from recurra.formatting import count, significant
from recurra.language import _, mark
from recurra.nn.forecast import ForecastNetwork
from recurra.tasks.forecast.fitting import kept
from recurra.tasks.forecast.frames import truth_after
from recurra.tasks.forecast.model import ForecastModel, WindowMember
from recurra.tasks.forecast.plan import least_history, split
from recurra.tasks.forecast.problem import ForecastProblem
from recurra.tasks.forecast.rivals import combined_baselines
from recurra.training import Run
from recurra.training.run import pick_device

Floats = npt.NDArray[np.floating]

FORGOTTEN = 0.05  # the error on what was known may rise by this share
_TESTED, _MOST = 0.3, 24  # of the new rows, those of the test part; windows of a series
_SLOWER, _SHORTER = 0.3, 0.5  # learning rate and steps, beside those of the first training
_LEAST_PROMISE = 5


@dataclass(frozen=True, eq=False)
class Updated:
    """What came of an update: the `model` that is kept, whether it is the `better` new one, in one `sentence`.

    `table` has a row for the rows that were known and one for the newest: windows, error before, error after.
    """

    model: ForecastModel
    better: bool
    sentence: str
    table: pd.DataFrame


def updated(model: ForecastModel, panel: Panel, *, run: Run) -> Updated:
    """Go on learning from `panel`, the rows that `model` keeps and newer ones.

    Raises InputError where nothing is learnt, or where there are too few new rows to evaluate on.
    """
    ours = [member for member in model.members if isinstance(member.network, ForecastNetwork)]
    if not model.network_counts or len(ours) < len(model.members):
        raise InputError(
            _(
                "the forecasts of this model do not come from a network of ours that was trained on "
                "these series: there is nothing to train further; `predict` with the newer rows "
                "forecasts from their end"
            )
        )
    horizon = model.recipe.horizon
    before = dict(zip(model.panel.series, model.panel.start + model.panel.lengths, strict=True))
    known = np.array([before.get(name, panel.start[s]) - panel.start[s] for s, name in enumerate(panel.series)])
    fresh = panel.lengths - known
    tested = np.maximum((fresh * _TESTED).astype(np.int64), np.minimum(fresh, horizon))
    ends = panel.lengths - tested
    if int(fresh.max()) < 2 * horizon:
        raise InputError(
            _(
                "there are {rows} after the data that the model was fitted on: an update needs at "
                "least {need}, half of them to evaluate on",
                rows=count(int(fresh.max()), "new row"),
                need=2 * horizon,
            )
        )
    candidate = _learnt(model, panel.cut(ends, horizon), run)
    newest = _origins(ends, panel.lengths - horizon, horizon)
    earlier = _origins(np.minimum(known, model.window), known - horizon, horizon)
    errors = {
        name: _errors((model, candidate), panel, *where, run)
        for name, where in (("known", earlier), ("newest", newest))
        if len(where[0])
    }
    table = pd.DataFrame(
        {
            "rows": [_("already known") if name == "known" else _("newest") for name in errors],
            "windows": [str(len(earlier[0] if name == "known" else newest[0])) for name in errors],
            "before": [significant(float(np.nanmean(pair[0]))) for pair in errors.values()],
            "after": [significant(float(np.nanmean(pair[1]))) for pair in errors.values()],
        }
    )
    said = {name: [float(np.nanmean(each)) for each in pair] for name, pair in errors.items()}
    old, new = said["newest"]
    figures = {"old": significant(old), "new": significant(new)}
    if not new < old:
        sentence = _(
            "The old model is kept: on the newest rows its MASE is {old}, that of the new one {new}.", **figures
        )
        return Updated(model, False, sentence, table)
    if "known" in said and said["known"][1] > (1.0 + FORGOTTEN) * said["known"][0]:
        sentence = _(
            "The old model is kept: the new one has forgotten what was known (MASE {after} there, "
            "{before} before), though it is better on the newest rows ({new}, {old} before).",
            before=significant(said["known"][0]),
            after=significant(said["known"][1]),
            **figures,
        )
        return Updated(model, False, sentence, table)
    sentence = _("The new model is kept: on the newest rows its MASE is {new}, that of the old one {old}.", **figures)
    final = replace(kept(candidate, panel, candidate.calibration), promise=_promise(model.promise, errors["newest"][1]))
    return Updated(final, True, sentence, table)


def _learnt(model: ForecastModel, panel: Panel, run: Run) -> ForecastModel:
    """The networks, from their weights on, after a slower training on `panel`; the calibration as it was."""
    panel = panel.recoded(model.panel.schema.categories)
    options = replace(model.recipe.training, learning_rate=_SLOWER * model.recipe.training.learning_rate)
    parts = split(panel, model.recipe.horizon, least_history(tuple(member.shape for member in model.members)))
    members = []
    for number, member in enumerate(model.members):
        network = copy.deepcopy(member.network)
        problem = ForecastProblem(
            network, WindowReader(panel, member.shape, model.scaling), parts, pick_device(run.device)
        )
        steps = max(1, int(_SHORTER * options.steps(problem.examples)))
        record = Seat(mark("update"), number, len(model.members), model.recipe.seed).train(
            problem, options.part(_SHORTER), run=run, watch=False, steps=steps
        )
        members.append(WindowMember(network, record, shape=member.shape))
    return replace(model, members=tuple(members))


def _origins(first: Ints, last: Ints, horizon: int) -> tuple[Ints, Ints]:
    """Series and origins from `first` [S] to `last` [S], a horizon apart, the latest of them."""
    series, found = [], []
    for s, (low, high) in enumerate(zip(first, last, strict=True)):
        mine = np.arange(int(high), max(int(low), 1) - 1, -horizon)[:_MOST][::-1]
        series.append(np.full(len(mine), s))
        found.append(mine)
    return np.concatenate(series).astype(np.int64), np.concatenate(found).astype(np.int64)


def _errors(models: Sequence[ForecastModel], panel: Panel, series: Ints, origins: Ints, run: Run) -> list[Floats]:
    """The scaled errors of each window [n] by each of `models`; of a series without a scale the errors themselves.

    Scales and baselines are those of the first of them.
    """
    like = models[0]
    baselines = combined_baselines(like, panel, series, origins, run)
    scales = dict(zip(like.panel.series, like.naive_error, strict=True))
    usual = float(np.nanmedian(like.naive_error)) if np.isfinite(like.naive_error).any() else 1.0
    scale = np.array([scales.get(name, usual) for name in panel.series])[series]
    scale = np.where(np.isfinite(scale), scale, usual)
    truth = truth_after(panel, series, origins, like.recipe.horizon).reshape(len(series), -1)
    known = np.isfinite(truth)
    errors = []
    for model in models:
        points, _quantiles = model.forecast(panel, series, origins, baselines)
        error = np.where(known, np.abs(points - np.where(known, truth, 0.0)), 0.0).sum(axis=1)
        errors.append(np.where(known.any(axis=1), error / np.maximum(known.sum(axis=1), 1), np.nan) / scale)
    return errors


def _promise(before: Promise | None, errors: Floats) -> Promise | None:
    """What later rows are held to: the newest windows where there are enough, else what was promised before."""
    errors = errors[np.isfinite(errors)]
    if before is None or len(errors) < _LEAST_PROMISE:
        return before
    level = float(before.missed.mean()) if before.missed.size else 0.0
    missed = np.full(len(errors), level) if before.missed.size else before.missed
    return replace(before, error=errors, missed=missed)
