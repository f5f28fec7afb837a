"""One class of K for each example: softmax and cross entropy, calibrated, chosen by the metric that is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, final

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.encoders.reader import Fixed
from recurra.data.examples.ragged import Ragged
from recurra.data.labels.classes import Classes
from recurra.data.labels.label_values import Origin, Y
from recurra.data.schema.facts import Fact
from recurra.errors import InputError
from recurra.evaluation.labelled.decisions import METRICS, fit_offset
from recurra.evaluation.labelled.evaluation import evaluate_classes
from recurra.evaluation.labelled.joint import JointModel, fit_joint_classifier
from recurra.evaluation.labelled.leading import leading_of_classes
from recurra.evaluation.labelled.linear import fit_ngram_classifier
from recurra.evaluation.labelled.majority import Constant, fit_class_shares
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.evaluation.labelled.scores import known_rows, score_classes
from recurra.evaluation.labelled.series_summary import SummaryModel, fit_summary_classifier
from recurra.evaluation.shared.evaluation import MODEL, Evaluation
from recurra.language import _, listing, mark
from recurra.objectives.class_weights import Weights, checked_smoothing, weight_of_classes
from recurra.objectives.objective import Floats, Ints, Orders
from recurra.objectives.weighed import SoftmaxObjective
from recurra.objectives.weighing import (
    code_counts,
    probability_columns,
)
from recurra.options import option

_OFFSET = ("balanced_accuracy", "macro_f1")  # metrics for which another class than the likeliest may be chosen


@final
@dataclass(frozen=True, eq=False)
class ClassObjective(SoftmaxObjective):
    """Codes [N] of `labels`; `weight` [K] of each class, the share of label `smoothing`.

    `metric` is what is to be large (`evaluation.labelled.decisions`); `offset` [K] is added to the logits before the
    largest is chosen.
    """

    aim: ClassVar[str] = "classes"
    page: ClassVar[str] = "classification"
    title: ClassVar[str] = mark("Classification")
    tallied: ClassVar[bool] = True

    labels: Classes
    weight: Floats | None = None
    smoothing: float = 0.0
    metric: str = "accuracy"
    offset: Floats | None = None

    @classmethod
    def read(cls, y: Any, *, what: Origin = Y) -> Classes:
        """The classes of labels [N]."""
        return Classes.of(y, what=what)

    @classmethod
    def learn(  # pyright: ignore[reportIncompatibleMethodOverride]  # its own settings
        cls,
        labels: Classes,
        truth: npt.NDArray,
        *,
        class_weight: Weights = None,
        label_smoothing: float = 0.0,
        metric: str = "auto",
    ) -> Self:
        """With the metric that suits the shares of the classes, where it is "auto"."""
        smoothing = checked_smoothing(label_smoothing)
        if metric not in ("auto", *METRICS):
            raise InputError(
                _("metric is {metric!r}: expected one of auto, {metrics}", metric=metric, metrics=listing(METRICS))
            )
        weight = weight_of_classes(class_weight, labels, truth)
        counts = np.bincount(truth[truth >= 0], minlength=len(labels))
        chosen = leading_of_classes(counts).replace(" ", "_") if metric == "auto" else metric
        return cls(labels, weight, smoothing, chosen)

    def settings(self) -> dict[str, Any]:
        """class_weight, label_smoothing and metric."""
        return {**super().settings(), "metric": self.metric}

    def targets(self, truth: npt.NDArray) -> Ints:
        """Codes as int64."""
        return truth.astype(np.int64)

    @property
    def wants_offset(self) -> bool:
        """For balanced accuracy and macro F1."""
        return self.metric in _OFFSET

    def fit_offset(self, outputs: Floats, truth: npt.NDArray, learnt: npt.NDArray) -> Floats | None:
        """By the metric: see `evaluation.labelled.decisions`."""
        return fit_offset(outputs, truth, self.metric, self._shares(learnt))

    def choosing(self, offset: Floats | None) -> ClassObjective:
        """With another offset."""
        return replace(self, offset=offset)

    def chosen(self, outputs: Floats) -> Ints:
        """Codes [.] of logits [., K]."""
        return (outputs if self.offset is None else outputs + self.offset).argmax(axis=-1)

    def decided(self, outputs: Floats) -> Floats:
        """The logits [N, K] that choose a class; of two, by how much the second exceeds the first [N]."""
        outputs = outputs if self.offset is None else outputs + self.offset
        return outputs[:, 1] - outputs[:, 0] if outputs.shape[1] == 2 else outputs

    def decode(self, outputs: Floats, offsets: Ints | None = None) -> npt.NDArray:
        """The classes [N]."""
        return self.labels.decode(self.chosen(outputs))

    def explained(self, outputs: Floats) -> Ints:
        """The class that is chosen."""
        return self.chosen(outputs)

    def evaluate(
        self,
        truth: npt.NDArray,
        outputs: Floats,
        baselines: Mapping[str, tuple[Floats, Floats | None]],
        *,
        groups: npt.NDArray | None = None,
        leading: str | None = None,
        **way: Any,
    ) -> Evaluation:
        """The metric that was asked for leads, unless `leading` names another."""
        chosen = {MODEL: self.chosen(outputs)}
        chosen |= {name: self.choosing(offset).chosen(found) for name, (found, offset) in baselines.items()}
        return evaluate_classes(
            truth,
            self.decoded(outputs),
            {name: self.decoded(found) for name, (found, _unused) in baselines.items()},
            names=list(map(str, self.labels.names)),
            groups=groups,
            leading=leading or METRICS.get(self.metric),
            chosen=chosen,
            **way,
        )

    def score(self, name: str, outputs: Floats, truth: npt.NDArray) -> float:
        """Of `score_classes`."""
        known = known_rows(truth)
        found = score_classes(truth[known], self.decoded(outputs)[known], chosen=self.chosen(outputs[known]))
        return found[name].value

    def constant(self, truth: npt.NDArray) -> tuple[str, Constant]:
        """The shares of the classes."""
        return "most frequent class", fit_class_shares(truth, self.outputs)

    def fit_ngrams(self, tokens: Ragged, truth: npt.NDArray, orders: Sequence[int]) -> NGramModel:
        """Logistic regression, naive-Bayes scaled."""
        return fit_ngram_classifier(tokens, truth, self.outputs, orders=orders, class_weights=self.weight)

    def fit_summary(self, series: Ragged, truth: npt.NDArray) -> SummaryModel:
        """Logistic regression."""
        return fit_summary_classifier(series, truth, self.outputs, class_weights=self.weight)

    def fit_joint(self, inputs: Mapping[str, Ragged | Fixed], truth: npt.NDArray, orders: Orders) -> JointModel:
        """Logistic regression."""
        return fit_joint_classifier(inputs, truth, self.outputs, orders=orders, class_weights=self.weight)

    def facts(self) -> list[Fact]:
        """The metric, and how a class is chosen for it."""
        said = _("the likeliest class is chosen")
        if self.offset is not None:
            share = np.exp(-float(np.ptp(self.offset)))
            said = _("the rarest class is chosen from {share:.2g} of the commonest one's probability on", share=share)
        return [Fact("metric", _("{names}: {why}", names=_(METRICS[self.metric]), why=said), option("metric"))]

    def truth_columns(self, truth: npt.NDArray, separator: str) -> dict[str, Any]:
        """truth."""
        return {"truth": list(self.labels.decode(truth))}

    def predicted_columns(self, outputs: Floats, offsets: Ints | None, separator: str) -> dict[str, Any]:
        """predicted (as objects, so that no class turns into 1.0), its probability, and p_NAME of each class."""
        decoded, chosen = self.decoded(outputs), self.chosen(outputs)
        sure = decoded[np.arange(len(decoded)), chosen]
        predicted = pd.Series(self.labels.decode(chosen)).astype(object)
        return {"predicted": predicted, "probability": sure, **probability_columns(self.labels.names, decoded)}

    def right_column(self, outputs: Floats, truth: npt.NDArray) -> dict[str, Any]:
        """right."""
        found = np.where(truth >= 0, (self.chosen(outputs) == truth).astype(object), None)
        return {"right": pd.Series(found).astype("boolean")}

    def how_wrong(self, outputs: Floats, truth: npt.NDArray) -> Floats:
        """One less the probability of the truth, where another class is chosen."""
        decoded, known = self.decoded(outputs), truth >= 0
        chance = decoded[np.arange(len(truth)), np.maximum(truth, 0)]
        return np.where(~known, np.nan, np.where(self.chosen(outputs) == truth, 0.0, 1.0 - chance))

    def outcome(self, outputs: Floats, truth: npt.NDArray) -> tuple[Any, Any, Floats]:
        """Names of classes."""
        names, said = np.array([*map(str, self.labels.names), None], dtype=object), self.chosen(outputs)
        return names[truth], names[said], self.decoded(outputs)[np.arange(len(said)), said]

    def classes_of(self, truth: npt.NDArray) -> npt.NDArray:
        """Names of classes."""
        return np.array([*map(str, self.labels.names), None], dtype=object)[truth]

    def counts(self, truth: npt.NDArray) -> list[tuple[str | None, int]]:
        """Of each class."""
        return code_counts(self.labels.names, truth)

    def suspect_targets(self, truth: npt.NDArray) -> tuple[Floats, str]:
        """1 for the class of each example; of two classes one tells all."""
        one_hot = (truth[:, None] == np.arange(self.outputs)).astype(np.float64)
        one_hot[truth < 0] = np.nan
        return (one_hot[:, 1:] if self.outputs == 2 else one_hot), "ROC-AUC"

    def flaw(self) -> str | None:
        """Of weights, metric and offset."""
        if self.metric not in METRICS:
            return _("a metric {metric!r}", metric=self.metric)
        if self.offset is not None and (not self.wants_offset or self.offset.shape != (self.outputs,)):
            return _("an offset that no metric asks for")
        return super().flaw()

    def _shares(self, codes: npt.NDArray) -> Floats:
        """How much each class [K] counts in training: its share among codes, times its weight."""
        counts = np.bincount(codes[codes >= 0], minlength=self.outputs) + 1.0 / self.outputs
        counts = counts if self.weight is None else counts * np.maximum(self.weight, 1e-6)
        return counts / counts.sum()
