"""How sure the networks may be, and how much the linear model of n-grams adds to them.

Both weights are fitted to examples that neither the network nor the linear model has learnt from.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recurra.evaluation.shared.calibration import Blend
from recurra.tasks.labelled.baselines import Baseline, fit_linear
from recurra.tasks.labelled.data import LabelledData
from recurra.tasks.labelled.plan import Plan

Floats = npt.NDArray[np.floating]


def fit_blended(data: LabelledData, plan: Plan, network: Floats) -> tuple[Baseline | None, Blend, Floats]:
    """The linear model, where it helps, the two weights, and the blended outputs of the examples `plan.held`.

    `network` holds what the networks say of these.
    """
    if not len(plan.held):
        return None, Blend(1.0), network
    fit, known = data.objective.fit_blend, data.labels_of(plan.held)
    if data.reader.tokens is None or data.objective.per_step:
        blend = fit(network, None, known)
        return None, blend, blend(network)
    before = fit_linear(data, plan.learnt)
    linear = before.outputs({name: column.take(plan.held) for name, column in data.encoded.items()})
    blend = fit(network, linear, known)
    return (fit_linear(data, plan.known) if blend.stacked else None), blend, blend(network, linear)
