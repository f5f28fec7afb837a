"""A model of labelled sequences judged beside its baselines, on examples that none of them has learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.data.encoders.reader import Encoded
from recurra.data.examples.ragged import Ragged
from recurra.data.labels.labels import Classes, Labels, LabelSets
from recurra.evaluation.labelled.evaluation import (
    Evaluation,
    evaluate_classes,
    evaluate_labels,
    evaluate_tags,
    evaluate_values,
)
from recurra.tasks.labelled.model import SequenceModel

Floats = npt.NDArray[np.floating]


def judge(
    model: SequenceModel,
    labels: Labels,
    encoded: Encoded,
    truth: npt.NDArray | Ragged,
    *,
    groups: npt.NDArray | None = None,
    outputs: Floats | None = None,
) -> Evaluation:
    """Judge `model` and its baselines on encoded examples with their encoded labels.

    `groups` [N] say which examples belong together; `outputs` are the model's, where they are known already.
    """
    decoded = model.objective.decoded
    ours = decoded(model.outputs(encoded) if outputs is None else outputs)
    others: Mapping[str, Floats] = {b.name: decoded(b.outputs(encoded)) for b in model.baselines}
    way: dict[str, Any] = dict(names=[str(name) for name in labels.names], seed=model.recipe.seed)
    if isinstance(truth, Ragged):
        return evaluate_tags(truth.values, ours, others, lengths=truth.lengths, **way)
    match labels:
        case Classes():
            return evaluate_classes(truth, ours, others, groups=groups, **way)
        case LabelSets():
            return evaluate_labels(truth, ours, others, groups=groups, **way)
        case _:
            return evaluate_values(truth, ours, others, groups=groups, **way)
