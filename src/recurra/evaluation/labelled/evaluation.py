"""A labelled task judged: every method's scores and intervals, the verdict, and where the model errs.

The leading score decides the verdict. Classes: the metric that the model was made for, else accuracy, or balanced
accuracy where they are very unequal (`verdict.leading_of_classes`). Tags: the accuracy over steps (Q3, Q8), as the
field has it. Labels: the macro AUC, for it needs no threshold, and a rare label counts as much as a common one. Values:
R2, for it has no unit, so that outputs can be averaged, and it is what `score` is in scikit-learn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.errors import InputError
from recurra.evaluation.labelled.mistakes import confusion, per_class, per_label, per_output
from recurra.evaluation.labelled.reliability import reliability, top_class
from recurra.evaluation.labelled.scores import known_rows, score_classes, score_labels, score_values
from recurra.evaluation.labelled.verdict import Verdict, decide, leading_of_classes
from recurra.evaluation.shared.bootstrap import DRAWS, Score, interval, of_units, resample
from recurra.evaluation.shared.showing import Shown, named_parts
from recurra.language import _

if TYPE_CHECKING:
    from recurra.report import ReportContent

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

MODEL = "Recurra"


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Shown):
    """What a test part says of a model and its baselines.

    `table`: index method (the model first, then the baselines as given), a column per score. `intervals`: method,
    score, low, high (95 %). `leading` is the score that the `verdict` is about. `per_class`: class, count, precision,
    recall, f1, auc of the model (values: output, count and the scores). `confusion`: truth, predicted, count;
    of more than 25 classes the most confused pairs only. `reliability`: bin, confidence, right, count. The last two
    are empty where they mean nothing. `notes` are sentences on what makes the scores doubtful, such as examples that
    were learnt from too; `unseen` is then the table of the other examples.
    """

    table: pd.DataFrame
    intervals: pd.DataFrame
    leading: str
    verdict: Verdict
    per_class: pd.DataFrame
    confusion: pd.DataFrame
    reliability: pd.DataFrame
    notes: tuple[str, ...] = ()
    unseen: pd.DataFrame | None = None

    def content(self, **head: Any) -> ReportContent:
        """What the page and the picture show: scores, confusion, classes, calibration."""
        from recurra.report import ReportContent

        name, sentence, _table, _notes = self._shown()
        data: dict[str, Any] = {
            "table": self.table,
            "intervals": self.intervals,
            "leading": self.leading,
            "baselines": tuple(map(str, self.table.index[1:])),
            "best_baseline": self.verdict.best_baseline,
            "confusion": self.confusion,
            "reliability": self.reliability,
        }
        if {"class", "precision"} <= set(self.per_class.columns):
            data["per_class"] = self.per_class
        return ReportContent(
            title=head.pop("title", name),
            panels=("cards", "methods", "confusion", "classes", "calibration"),
            data=data,
            verdict=sentence,
            better=self.verdict.better,
            notes=self.notes,
            **head,
        )

    def _shown(self) -> tuple[str, str, pd.DataFrame, str]:
        rest = {
            "intervals": "95 % of every score",
            "per_class": "by class or output",
            "confusion": "what is predicted for what",
            "reliability": "confidence against truth",
        }
        there = {name: what for name, what in rest.items() if not getattr(self, name).empty}
        return f"Evaluation by {self.leading}", self.verdict.sentence, self.table, named_parts(there)


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
    """Judge probabilities [N, K] of classes `truth` [N] (0 .. K-1; -1: missing) beside those of the baselines.

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
    """Judge probabilities [N_total, K] of the tags [N_total] of sequences of these `lengths` [N]; -1: missing.

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
    """Judge the probabilities [N, K] of labels that hold or not, `truth` [N, K] of 1 and 0 (NaN or -1: missing)."""
    target = np.asarray(truth, dtype=np.float64)
    target = np.where(target < 0, np.nan, target)
    target, methods, units = _prepared(target, probabilities, baselines, groups, model, 2)
    ours, known = methods[model], ~np.isnan(target)
    return _judged(
        {method: score_labels(target, p) for method, p in methods.items()},
        units,
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
    """Judge values [N, K] against `truth` [N, K] (NaN: missing); `names` [K] are the outputs'."""
    target = np.asarray(truth, dtype=np.float64)
    target, methods, units = _prepared(target, values, baselines, groups, model, 2)
    return _judged(
        {method: score_values(target, f) for method, f in methods.items()},
        units,
        leading="R2",
        unit="test example" if groups is None else "test group",
        draws=draws,
        seed=seed,
        per_class=per_output(target, methods[model], names),
    )


def evaluate_scores(
    scores: Mapping[str, Mapping[str, Score]],
    *,
    leading: str,
    groups: npt.ArrayLike | None = None,
    unit: str = "test example",
    draws: int = DRAWS,
    seed: int = 0,
) -> Evaluation:
    """Judge by scores of one's own: by method, the model's first, scores by name, as sums over the same examples.

    Of the score `leading`, which decides, higher is better. `groups` [N] are drawn together; `unit` is what is drawn.

    >>> from recurra.evaluation.shared.bootstrap import mean_score
    >>> right = np.arange(40) % 4 > 0
    >>> scores = {MODEL: {"hits": mean_score(right)}, "guess": {"hits": mean_score(~right)}}
    >>> evaluate_scores(scores, leading="hits").table["hits"].tolist()
    [0.75, 0.25]
    """
    units = None if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    found = {method: dict(each) for method, each in scores.items()}
    none = pd.DataFrame(columns=["class", "count", "precision", "recall", "f1"])
    return _judged(found, units, leading=leading, unit=unit, draws=draws, seed=seed, per_class=none)


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
    return _judged(
        {method: score_classes(truth, p, chosen=said.get(method)) for method, p in methods.items()},
        units,
        leading=leading,
        unit=unit,
        draws=draws,
        seed=seed,
        per_class=per_class(truth, ours, names, own),
        confusion=confusion(truth, own, names),
        reliability=reliability(*top_class(ours, truth)),
    )


def _judged(
    scores: dict[str, dict[str, Score]],
    units: Ints | None,
    *,
    leading: str,
    unit: str,
    draws: int,
    seed: int,
    per_class: pd.DataFrame,
    confusion: pd.DataFrame | None = None,
    reliability: pd.DataFrame | None = None,
) -> Evaluation:
    """Put together what follows from the scores of every method, the model's first."""
    if units is not None:
        scores = {method: of_units(found, units) for method, found in scores.items()}
    flat = {(method, name): score for method, found in scores.items() for name, score in found.items()}
    drawn = resample(flat, draws=draws, seed=seed)
    table = pd.DataFrame({m: {n: score.value for n, score in found.items()} for m, found in scores.items()}).T
    table.index.name = "method"
    rows = [(method, name, *interval(values)) for (method, name), values in drawn.items()]
    model = next(iter(scores))
    return Evaluation(
        table=table,
        intervals=pd.DataFrame(rows, columns=["method", "score", "low", "high"]),
        leading=leading,
        verdict=decide(
            {method: found[leading] for method, found in scores.items()},
            {method: drawn[method, leading] for method in scores},
            model=model,
            name=leading,
            unit=unit,
        ),
        per_class=per_class,
        confusion=pd.DataFrame(columns=["truth", "predicted", "count"]) if confusion is None else confusion,
        reliability=(
            pd.DataFrame(columns=["bin", "confidence", "right", "count"]) if reliability is None else reliability
        ),
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
        raise InputError(_("truth holds no known value: there is nothing to judge"))
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
