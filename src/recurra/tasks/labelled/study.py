"""A model of labelled sequences judged beside its baselines, on examples that none of them has learnt from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.data.encoders.reader import Encoded
from recurra.data.examples.ragged import Ragged
from recurra.data.labels.labels import Classes, Labels, LabelSets
from recurra.evaluation.labelled.decisions import METRICS
from recurra.evaluation.labelled.evaluation import (
    MODEL,
    Evaluation,
    evaluate_classes,
    evaluate_labels,
    evaluate_tags,
    evaluate_values,
)
from recurra.evaluation.labelled.scores import known_rows, score_classes, score_labels, score_values
from recurra.evaluation.shared.bootstrap import DRAWS
from recurra.tasks.labelled.baselines import fit_baselines
from recurra.tasks.labelled.data import LabelledData
from recurra.tasks.labelled.model import SequenceModel
from recurra.tasks.labelled.objective import Objective
from recurra.training import Run
from recurra.training.progress import following

Floats = npt.NDArray[np.floating]


def judge(
    model: SequenceModel,
    labels: Labels,
    encoded: Encoded,
    truth: npt.NDArray | Ragged,
    *,
    groups: npt.NDArray | None = None,
    outputs: Floats | None = None,
    leading: str | None = None,
    draws: int = DRAWS,
) -> Evaluation:
    """Judge `model` and its baselines on encoded examples with their encoded labels.

    `groups` [N] say which examples belong together; `outputs` are the model's, where they are known already. Of classes
    the metric that the model was made for leads, unless `leading` names another.
    """
    decoded = model.objective.decoded
    own = model.outputs(encoded) if outputs is None else outputs
    theirs = {baseline.name: baseline.outputs(encoded) for baseline in model.baselines}
    ours, others = decoded(own), {name: decoded(found) for name, found in theirs.items()}
    way: dict[str, Any] = dict(names=[str(name) for name in labels.names], seed=model.recipe.seed, draws=draws)
    if isinstance(truth, Ragged):
        return evaluate_tags(truth.values, ours, others, lengths=truth.lengths, **way)
    match labels:
        case Classes():
            leading = leading or METRICS.get(model.objective.metric)
            chosen = {MODEL: model.objective.chosen(own)}
            for baseline in model.baselines:
                chosen[baseline.name] = baseline.objective(model.objective).chosen(theirs[baseline.name])
            return evaluate_classes(truth, ours, others, groups=groups, leading=leading, chosen=chosen, **way)
        case LabelSets():
            return evaluate_labels(truth, ours, others, groups=groups, **way)
        case _:
            return evaluate_values(truth, ours, others, groups=groups, **way)


def score_of(outputs: Floats, truth: npt.NDArray, labels: Labels, objective: Objective, name: str) -> float:
    """One score of outputs [N, K] against encoded truths, by its name in the table."""
    known, decoded = known_rows(truth), objective.decoded(outputs)
    match labels:
        case Classes():
            scores = score_classes(truth[known], decoded[known], chosen=objective.chosen(outputs[known]))
        case LabelSets():
            scores = score_labels(np.where(truth < 0, np.nan, truth.astype(np.float64))[known], decoded[known])
        case _:
            scores = score_values(truth[known], decoded[known])
    return scores[name].value


def with_baselines(model: SequenceModel, data: LabelledData, run: Run) -> SequenceModel:
    """The model with the baselines of what it learnt from, which take a while where there is much."""
    with following(run.progress, "baselines", 1) as progress:
        baselines = fit_baselines(data, model.stacked)
        progress.update(1, ", ".join(baseline.name for baseline in baselines))
    return replace(model, baselines=baselines)
