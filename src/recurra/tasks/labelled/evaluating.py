"""A model of labelled sequences evaluated against its baselines, on examples that none of them has learnt from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recurra.data.encoders.reader import Encoded
from recurra.data.examples.ragged import Ragged
from recurra.evaluation.shared.bootstrap import DRAWS
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.tasks.labelled.model import SequenceModel

Floats = npt.NDArray[np.floating]


def evaluate_model(
    model: SequenceModel,
    encoded: Encoded,
    truth: npt.NDArray | Ragged,
    *,
    groups: npt.NDArray | None = None,
    outputs: Floats | None = None,
    leading: str | None = None,
    draws: int = DRAWS,
) -> Evaluation:
    """Evaluate `model` and its baselines on encoded examples with their encoded labels.

    `groups` [N] say which examples belong together; `outputs` are the model's, where they are known already. `leading`
    names the score that leads, where it is not to be the one that the model was made for.
    """
    own = model.outputs(encoded) if outputs is None else outputs
    theirs = {baseline.name: (baseline.outputs(encoded), baseline.offset) for baseline in model.baselines}
    return model.objective.evaluate(
        truth, own, theirs, groups=groups, leading=leading, seed=model.recipe.seed, draws=draws
    )
