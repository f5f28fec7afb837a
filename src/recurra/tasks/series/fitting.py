"""A generator of series by likelihood, by an adversary, or by the better of both on held-out rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recurra.errors import InputError
from recurra.evaluation.generation.series import told_apart
from recurra.language import _, mark
from recurra.options import option
from recurra.tasks.series.adversarial import PAST, fit_adversary
from recurra.tasks.series.likelihood import fit_likelihood
from recurra.tasks.series.model import SeriesModel
from recurra.tasks.series.recipe import METHODS, Recipe
from recurra.tasks.series.rows import Rows
from recurra.tasks.series.scaling import Scaling
from recurra.tasks.series.windows import Stretches, is_whole, pairs_of
from recurra.training import Run
from recurra.training.threads import fitting_threads

_COMPARED, _FEWEST = 400, 60  # held-out windows that decide between methods
# What the training of the adversary is called.
_ADVERSARY = {"study": mark("study of the adversary"), "training": mark("training of the adversary")}
_AFFORDABLE = 128  # columns up to which both methods are tried


def methods_of(method: str, columns: int) -> tuple[str, ...]:
    """Which are trained, one after the other: an adversary begins where likelihood ends."""
    if method == "likelihood" or (method == "auto" and columns > _AFFORDABLE):
        return METHODS[:1]
    return METHODS


def fit_series(rows: Rows, recipe: Recipe, method: str, *, run: Run, name: str) -> SeriesModel:
    """Learn series; `recipe.method` and `recipe.whole` are set here, and the window of whole series to their length."""
    lengths = np.diff(rows.ends)
    whole = is_whole(lengths, recipe.window)
    window = min(recipe.window, int(np.median(lengths))) if whole else recipe.window
    recipe = replace(recipe, whole=whole, window=window)
    scaling = Scaling.of(rows.values, rows.ends)
    found = Stretches(scaling.scaled(rows.values), rows.ends)
    parts = found.split(whole)
    models: dict[str, SeriesModel] = {}
    tried = methods_of(method, len(scaling.own))
    if not len(pairs_of(parts[0], window, 1, whole=whole, history=PAST)[1]):
        if method == "gan":
            raise InputError(
                _(
                    "{rows} rows hold no window of {window} rows and as many before: give more rows, a smaller "
                    "{option}, or {method}",
                    rows=len(rows),
                    window=window,
                    option=option("window"),
                    method=option("method", "likelihood"),
                )
            )
        tried = METHODS[:1]
    for each in tried:
        own = replace(recipe, method=each)
        label = name if each == "likelihood" else _ADVERSARY[name]
        if each == "gan":
            member, said = fit_adversary(models["likelihood"].members[0], parts, scaling, own, run=run, name=label)
            models[each] = SeriesModel(own, scaling, (member,), lengths, said=said)
        else:
            member = fit_likelihood(parts, scaling, own, run=run, name=label)
            models[each] = SeriesModel(own, scaling, (member,), lengths)
        if models[each].interrupted and each == METHODS[0]:
            break
    if len(models) == 1 or method == "gan":
        return models[next(reversed(models))].with_beginnings(found)
    scores = {each: _held_out_score(model, parts[1]) for each, model in models.items()}
    if any(np.isnan(score) for score in scores.values()):
        kept, scores = "likelihood", {}
    else:
        kept = min(scores, key=scores.__getitem__)
    rival = next(model for each, model in models.items() if each != kept)
    said = tuple(sentence for model in models.values() for sentence in model.said)
    if models["gan"].interrupted:
        said = (*said, _("The training of the adversary was interrupted: it is compared as it was by then."))
    if not scores:
        said = (*said, _("Too few held-out rows to compare the methods: likelihood is kept."))
    return replace(models[kept], held_out=scores, said=said, rival=rival).with_beginnings(found)


def _held_out_score(model: SeriesModel, held: Stretches) -> float:
    """The discriminative score on rows that ended the training; NaN where they are too few."""
    histories, real = pairs_of(held, model.recipe.window, _COMPARED, whole=model.recipe.whole)
    if len(real) < _FEWEST:
        return float("nan")
    made = model.scaling.again(model.go_on(histories, real.shape[1], model.recipe.seed))
    with fitting_threads(model.members[0].network):  # of the classifier, which is no larger
        right = told_apart(model.scaling.again(real), made, seed=model.recipe.seed)
    return float(abs(right.mean() / 2 - 0.5))
