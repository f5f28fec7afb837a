"""Any number of K labels for each example: sigmoids and binary cross entropies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from torch import Tensor

from recurra.data.encoders.reader import Fixed
from recurra.data.examples.ragged import Ragged
from recurra.data.labels.label_sets import LabelSets, is_label_sets
from recurra.data.labels.label_values import Origin, Y
from recurra.errors import InputError
from recurra.evaluation.labelled.evaluation import evaluate_labels
from recurra.evaluation.labelled.joint import JointModel, fit_joint_labels
from recurra.evaluation.labelled.linear import fit_ngram_labels
from recurra.evaluation.labelled.majority import Constant, fit_label_shares
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.evaluation.labelled.scores import known_rows, score_labels
from recurra.evaluation.labelled.series_summary import SummaryModel, fit_summary_labels
from recurra.evaluation.shared.calibration import Blend, fit_label_blend
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.language import _, mark
from recurra.nn.losses import label_loss
from recurra.objectives.class_weights import Weights, checked_smoothing, weight_of_labels
from recurra.objectives.objective import Floats, Ints, Orders
from recurra.objectives.weighed import WeighedObjective
from recurra.objectives.weighing import probability_columns, weight_tensor


@final
@dataclass(frozen=True, eq=False)
class LabelObjective(WeighedObjective):
    """A matrix [N, K] of 1, 0 and -1 for missing; `weight` [K] of the ones, the share of label `smoothing`."""

    aim: ClassVar[str] = "labels"
    page: ClassVar[str] = "labels"
    title: ClassVar[str] = mark("Classification")

    labels: LabelSets
    weight: Floats | None = None
    smoothing: float = 0.0

    @classmethod
    def takes(cls, y: Any) -> bool:
        """Lists of labels, or a matrix of 0 and 1."""
        return is_label_sets(y)

    @classmethod
    def read(cls, y: Any, *, what: Origin = Y) -> LabelSets:
        """The labels that occur."""
        return LabelSets.of(y, what=what)

    @classmethod
    def learn(  # pyright: ignore[reportIncompatibleMethodOverride]  # its own settings
        cls,
        labels: LabelSets,
        truth: npt.NDArray,
        *,
        class_weight: Weights = None,
        label_smoothing: float = 0.0,
        metric: str = "auto",
    ) -> Self:
        """The macro AUC leads, and no other metric may be asked for."""
        if metric != "auto":
            raise InputError(
                _(
                    "metric is {metric!r}, which is about one class per example, and the examples have "
                    "several labels: expected auto (their macro AUC)",
                    metric=metric,
                )
            )
        return cls(labels, weight_of_labels(class_weight, labels, truth), checked_smoothing(label_smoothing))

    def targets(self, truth: npt.NDArray) -> npt.NDArray[np.float32]:
        """1, 0 and NaN."""
        return np.where(truth < 0, np.nan, truth).astype(np.float32)

    def entropy(self, outputs: Tensor, targets: Tensor, smoothing: float) -> Tensor:
        """Binary ones, over all labels."""
        return label_loss(outputs, targets, weight_tensor(self.weight, outputs), smoothing)

    def known(self, targets: Tensor) -> float:
        """Whatever they weigh."""
        return float(targets.isfinite().sum())

    def fit_blend(self, network: Floats, stacked: Floats | None, truth: npt.NDArray) -> Blend:
        """By the log loss."""
        return fit_label_blend(network, stacked, truth)

    def chosen(self, outputs: Floats) -> Ints:
        """Whether each label applies [N, K]."""
        return (outputs > 0).astype(np.int64)

    def decided(self, outputs: Floats) -> Floats:
        """The logits as they are."""
        return outputs

    def decoded(self, outputs: Floats) -> Floats:
        """Probabilities."""
        return expit(outputs)

    def decode(self, outputs: Floats, offsets: Ints | None = None) -> Any:
        """The sets of labels, as they were given."""
        return self.labels.decode(self.chosen(outputs))

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
        """The macro AUC leads."""
        others = {name: self.decoded(found) for name, (found, _unused) in baselines.items()}
        names = list(map(str, self.labels.names))
        return evaluate_labels(truth, self.decoded(outputs), others, names=names, groups=groups, **way)

    def score(self, name: str, outputs: Floats, truth: npt.NDArray) -> float:
        """Of `score_labels`."""
        known, target = known_rows(truth), np.where(truth < 0, np.nan, truth.astype(np.float64))
        return score_labels(target[known], self.decoded(outputs)[known])[name].value

    def constant(self, truth: npt.NDArray) -> tuple[str, Constant]:
        """The shares of examples that have each label."""
        return "share of each label", fit_label_shares(truth)

    def fit_ngrams(self, tokens: Ragged, truth: npt.NDArray, orders: Sequence[int]) -> NGramModel:
        """Logistic regression for each label."""
        return fit_ngram_labels(tokens, truth, orders=orders, class_weights=self.weight)

    def fit_summary(self, series: Ragged, truth: npt.NDArray) -> SummaryModel:
        """Logistic regression for each label."""
        return fit_summary_labels(series, truth, class_weights=self.weight)

    def fit_joint(self, inputs: Mapping[str, Ragged | Fixed], truth: npt.NDArray, orders: Orders) -> JointModel:
        """Logistic regression for each label."""
        return fit_joint_labels(inputs, truth, orders=orders, class_weights=self.weight)

    def truth_columns(self, truth: npt.NDArray, separator: str) -> dict[str, Any]:
        """truth: the labels of an example in a cell."""
        return {"truth": sets_as_text(self.labels, truth, separator)}

    def predicted_columns(self, outputs: Floats, offsets: Ints | None, separator: str) -> dict[str, Any]:
        """predicted: all labels in a cell, and p_NAME of each."""
        decoded = self.decoded(outputs)
        found = {"predicted": sets_as_text(self.labels, decoded > 0.5, separator)}
        return {**found, **probability_columns(self.labels.names, decoded)}

    def right_column(self, outputs: Floats, truth: npt.NDArray) -> dict[str, Any]:
        """right: whether all labels are."""
        found, known = ((outputs > 0) == truth).all(axis=1), (truth >= 0).all(axis=1)
        return {"right": pd.Series(np.where(known, found.astype(object), None)).astype("boolean")}

    def how_wrong(self, outputs: Floats, truth: npt.NDArray) -> Floats:
        """How sure the model was of its worst mistake."""
        decoded = self.decoded(outputs)
        most = np.where(truth > 0, 1.0 - decoded, decoded).max(axis=1)
        return np.where((truth < 0).any(axis=1), np.nan, np.where(most > 0.5, most, 0.0))

    def outcome(self, outputs: Floats, truth: npt.NDArray) -> tuple[Any, Any, Floats]:
        """The labels of each, and the probability of the likeliest one."""
        decoded = self.decoded(outputs)
        known, said = (sets_as_text(self.labels, matrix, ", ") for matrix in (truth, decoded > 0.5))
        return known, said, decoded.max(axis=1)

    def counts(self, truth: npt.NDArray) -> list[tuple[str | None, int]]:
        """Of each label."""
        counts = (truth > 0).sum(axis=0)
        return [(str(name), int(count)) for name, count in zip(self.labels.names, counts, strict=True)]


def sets_as_text(labels: LabelSets, matrix: npt.NDArray, separator: str) -> list[str | None]:
    """The labels of each row of a matrix of 0 and 1, as a cell holds them; None where they are not known."""
    names = np.array(list(map(str, labels.names)), dtype=object)
    return [None if (row < 0).any() else separator.join(names[row > 0]) for row in np.asarray(matrix).astype(np.int8)]
