"""What a study adds to a model of labelled sequences: its baselines, and what may flatter its scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from recurra.data.encoders.reader import Encoded
from recurra.data.examples.examples import Examples
from recurra.data.examples.ragged import Ragged
from recurra.language import _, listing
from recurra.methods import method_name
from recurra.tasks.labelled.baselines import fit_baselines
from recurra.tasks.labelled.data import LabelledData
from recurra.tasks.labelled.evaluating import evaluate_model
from recurra.tasks.labelled.holdout import HoldoutResult
from recurra.tasks.labelled.model import SequenceModel
from recurra.tasks.labelled.repeats import find_repeats, with_repeats
from recurra.tasks.labelled.suspects import find_suspects, suspects_note
from recurra.training import Run
from recurra.training.progress import following


def evaluate_later(
    model: SequenceModel,
    data: LabelledData,
    before: Examples,
    later: Examples,
    encoded: Encoded,
    truth: npt.NDArray | Ragged,
    *,
    groups: npt.NDArray | None,
    rows: npt.NDArray[np.int64],
    given: bool,
) -> HoldoutResult:
    """Evaluate a model trained on `data`, which are the examples `before`, on `later` ones, whose numbers are `rows`.

    What may flatter is said: examples that were learnt from too, and columns that alone nearly give the label. `given`:
    the test part was the user's choice, and no grouping would change it.
    """
    outputs = model.outputs(encoded)
    evaluation = evaluate_model(model, encoded, truth, groups=groups, outputs=outputs)
    repeats = find_repeats(before, data.encoded, later, encoded, data.reader)
    evaluation = with_repeats(evaluation, repeats, model, encoded, truth, outputs, given=given)
    if isinstance(truth, np.ndarray) and isinstance(data.labels, np.ndarray):
        suspects = find_suspects(before, data.labels, data.objective)
        if suspects:
            note = suspects_note(suspects, evaluation, model.baselines, data, before, later, encoded, truth)
            evaluation = replace(evaluation, notes=(*evaluation.notes, note))
    return HoldoutResult(model, later, truth, outputs, evaluation, rows, repeats.pairs, data.labels)


def with_baselines(model: SequenceModel, data: LabelledData, run: Run) -> SequenceModel:
    """The model with the baselines of what it learnt from, which take a while where there is much."""
    with following(run.progress, _("baselines"), 1) as progress:
        baselines = fit_baselines(data, model.stacked)
        progress.update(1, listing(method_name(baseline.name) for baseline in baselines))
    return replace(model, baselines=baselines)
