"""A labelled task evaluated: every method's scores and intervals, the verdict, and where the model errs.

The leading score decides the verdict. Classes: the metric that the model was made for, else accuracy, or balanced
accuracy where they are very unequal (`leading.leading_of_classes`). Tags: the accuracy over steps (Q3, Q8), as the
field has it. Labels: the macro AUC, for it needs no threshold, and a rare label counts as much as a common one. Values:
R2, for it has no unit, so that outputs can be averaged, and it is what `score` is in scikit-learn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError
from recurra.evaluation.labelled.leading import leading_of_classes
from recurra.evaluation.labelled.mistakes import confusion, per_class, per_label, per_output
from recurra.evaluation.labelled.reliability import reliability, top_class
from recurra.evaluation.labelled.scores import known_rows, score_classes, score_labels, score_values
from recurra.evaluation.shared.bootstrap import DRAWS
from recurra.evaluation.shared.evaluation import MODEL, Evaluation, evaluate_scores
from recurra.language import _

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]


def evaluate_classes(
    truth: npt.ArrayLike,
    probabilities: Floats,
    baselines: Mapping[str, Floats],
    *,
    names: Sequence[object],
    groups: npt.ArrayLike | None = None,
    model: str = MODEL,
    leading: str | None = None,
    chosen: Mapping[str, Ints] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Evaluation:
    """Evaluate probabilities [N, K] of classes `truth` [N] (0 .. K-1; -1: missing) against those of the baselines.

    `baselines` are given from the simplest to the most elaborate, `names` [K] are the classes' own, `groups` [N] say
    which examples belong together and are drawn together. `leading` is the score that decides; `chosen` [N] by method
    the classes that are said, by default the likeliest. Raises InputError where shapes do not fit, a probability is
    not finite, or no truth is known.

    >>> truth = np.arange(200) % 2
    >>> sure = np.where(truth[:, None] == [0, 1], 0.9, 0.1)
    >>> evaluate_classes(truth, sure, {"shares": np.full((200, 2), 0.5)}, names=["no", "yes"]).verdict.better
    True
    """
    known = known_rows(np.asarray(truth)) if np.ndim(truth) == 1 else np.zeros(0, dtype=bool)
    truth, methods, units = _prepared(truth, probabilities, baselines, groups, model, 1)
    said = {method: classes[known] for method, classes in (chosen or {}).items()}
    leading = leading or leading_of_classes(np.bincount(truth, minlength=len(names)))
    unit = "test example" if groups is None else "test group"
    return _of_classes(truth, methods, units, names, leading, unit, draws, seed, said)


def evaluate_tags(
    truth: npt.ArrayLike,
    probabilities: Floats,
    baselines: Mapping[str, Floats],
    *,
    lengths: npt.ArrayLike,
    names: Sequence[object],
    model: str = MODEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> Evaluation:
    """Evaluate probabilities [N_total, K] of the tags [N_total] of sequences of these `lengths` [N]; -1: missing.

    Whole sequences are drawn. Else as `evaluate_classes`.
    """
    lengths = np.asarray(lengths)
    sequences = np.repeat(np.arange(len(lengths)), lengths)
    truth, methods, units = _prepared(truth, probabilities, baselines, sequences, model, 1)
    return _of_classes(truth, methods, units, names, "accuracy", "test sequence", draws, seed)


def evaluate_labels(
    truth: npt.ArrayLike,
    probabilities: Floats,
    baselines: Mapping[str, Floats],
    *,
    names: Sequence[object],
    groups: npt.ArrayLike | None = None,
    model: str = MODEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> Evaluation:
    """Evaluate the probabilities [N, K] of labels that hold or not, `truth` [N, K] of 1 and 0 (NaN or -1: missing)."""
    target = np.asarray(truth, dtype=np.float64)
    target = np.where(target < 0, np.nan, target)
    target, methods, units = _prepared(target, probabilities, baselines, groups, model, 2)
    ours, known = methods[model], ~np.isnan(target)
    return evaluate_scores(
        {method: score_labels(target, p) for method, p in methods.items()},
        groups=units,
        leading="macro AUC",
        unit="test example" if groups is None else "test group",
        draws=draws,
        seed=seed,
        per_class=per_label(target, ours, names),
        reliability=reliability(ours[known], target[known]),
    )


def evaluate_values(
    truth: npt.ArrayLike,
    values: Floats,
    baselines: Mapping[str, Floats],
    *,
    names: Sequence[object],
    groups: npt.ArrayLike | None = None,
    model: str = MODEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> Evaluation:
    """Evaluate values [N, K] against `truth` [N, K] (NaN: missing); `names` [K] are the outputs'."""
    target = np.asarray(truth, dtype=np.float64)
    target, methods, units = _prepared(target, values, baselines, groups, model, 2)
    return evaluate_scores(
        {method: score_values(target, f) for method, f in methods.items()},
        groups=units,
        leading="R2",
        unit="test example" if groups is None else "test group",
        draws=draws,
        seed=seed,
        per_class=per_output(target, methods[model], names),
    )


def _of_classes(
    truth: Ints,
    methods: dict[str, Floats],
    units: Ints | None,
    names: Sequence[object],
    leading: str,
    unit: str,
    draws: int,
    seed: int,
    chosen: Mapping[str, Ints] | None = None,
) -> Evaluation:
    (first, ours), said = next(iter(methods.items())), chosen or {}
    own = said[first] if first in said else ours.argmax(axis=1)
    return evaluate_scores(
        {method: score_classes(truth, p, chosen=said.get(method)) for method, p in methods.items()},
        groups=units,
        leading=leading,
        unit=unit,
        draws=draws,
        seed=seed,
        per_class=per_class(truth, ours, names, own),
        confusion=confusion(truth, own, names),
        reliability=reliability(*top_class(ours, truth)),
    )


def _prepared(
    truth: npt.ArrayLike,
    ours: Floats,
    baselines: Mapping[str, Floats],
    groups: npt.ArrayLike | None,
    model: str,
    dimensions: int,
) -> tuple[npt.NDArray, dict[str, Floats], Ints | None]:
    """Truth, every method's outputs (the model's first) and the unit of each row, where a truth is known."""
    truth = np.asarray(truth)
    if truth.ndim != dimensions:
        raise InputError(
            _(
                "truth has shape {shape}: expected {dimensions}",
                shape=truth.shape,
                dimensions="[N]" if dimensions == 1 else "[N, K]",
            )
        )
    if model in baselines:
        raise InputError(_("model={model!r} is also the name of a baseline: give it another name", model=model))
    known = known_rows(truth)
    if not known.any():
        raise InputError(_("truth holds no known value: there is nothing to evaluate"))
    methods = {}
    for name, outputs in {model: ours, **baselines}.items():
        outputs = np.asarray(outputs, dtype=np.float64)
        if outputs.ndim != 2 or len(outputs) != len(truth) or (dimensions == 2 and outputs.shape != truth.shape):
            raise InputError(
                _(
                    "{name!r} has outputs of shape {shape}, the truth {expected}: one row for each",
                    name=name,
                    shape=outputs.shape,
                    expected=truth.shape,
                )
            )
        if not np.isfinite(outputs[known]).all():
            row = np.flatnonzero(known & ~np.isfinite(outputs).all(axis=1))[0]
            raise InputError(
                _("{name!r} is not finite in row {row}: a number is expected for each test example", name=name, row=row)
            )
        methods[name] = outputs[known]
    if groups is None:
        return truth[known], methods, None
    units = np.unique(np.asarray(groups)[known], return_inverse=True)[1]
    return truth[known], methods, units
