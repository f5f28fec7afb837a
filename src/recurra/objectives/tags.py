"""One tag of K for every step: softmax and cross entropy over all steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, final

import numpy as np
import numpy.typing as npt

from recurra.data.encoders.reader import Fixed
from recurra.data.examples.ragged import Ragged
from recurra.data.labels.label_values import Origin, Y
from recurra.data.labels.tags import Tags
from recurra.evaluation.labelled.evaluation import evaluate_tags
from recurra.evaluation.labelled.joint_window import fit_joint_window
from recurra.evaluation.labelled.majority import Constant, fit_class_shares
from recurra.evaluation.labelled.scores import known_rows, score_classes
from recurra.evaluation.labelled.windows import SymbolWindow, ValueWindow, fit_usual_tag, fit_window
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.language import _, mark
from recurra.objectives.class_weights import Weights, checked_smoothing, weight_of_classes
from recurra.objectives.objective import Floats, Ints
from recurra.objectives.weighed import SoftmaxObjective
from recurra.objectives.weighing import code_counts


@final
@dataclass(frozen=True, eq=False)
class TagObjective(SoftmaxObjective):
    """Codes of every step, a `Ragged`; `weight` [K] of each tag, the share of label `smoothing`."""

    aim: ClassVar[str] = "tags"
    page: ClassVar[str] = "tagging"
    title: ClassVar[str] = mark("Tagging")
    per_step: ClassVar[bool] = True
    ordered: ClassVar[bool] = True

    labels: Tags
    weight: Floats | None = None
    smoothing: float = 0.0

    @classmethod
    def read(cls, y: Any, *, what: Origin = Y) -> Tags:
        """The tags that occur."""
        return Tags.of(y, what=what)

    @classmethod
    def learn(  # pyright: ignore[reportIncompatibleMethodOverride]  # its own settings
        cls, labels: Tags, truth: Ragged, *, class_weight: Weights = None, label_smoothing: float = 0.0
    ) -> Self:
        """With weights by the steps of each tag."""
        weight = weight_of_classes(class_weight, labels, truth.values)
        return cls(labels, weight, checked_smoothing(label_smoothing))

    @classmethod
    def encode(cls, labels: Tags, y: Any, steps: npt.ArrayLike | None = None, *, what: Origin = Y) -> Ragged:
        """A tag for each of the `steps` of every sequence."""
        return labels.encode(y, steps, what=what)

    def targets(self, truth: Ragged) -> Ragged:
        """Codes as int64."""
        return Ragged(truth.values.astype(np.int64), truth.offsets)

    def decode(self, outputs: Floats, offsets: Ints | None = None) -> Any:
        """The tags of every sequence; without `offsets` those of all steps [N_total]."""
        codes = outputs.argmax(axis=-1)
        return self.labels.values[codes] if offsets is None else self.labels.decode(Ragged(codes, offsets))

    def evaluate(
        self,
        truth: Ragged,
        outputs: Floats,
        baselines: Mapping[str, tuple[Floats, Floats | None]],
        *,
        groups: npt.NDArray | None = None,
        leading: str | None = None,
        **way: Any,
    ) -> Evaluation:
        """The accuracy over steps leads; whole sequences are drawn."""
        others = {name: self.decoded(found) for name, (found, _unused) in baselines.items()}
        names = list(map(str, self.labels.names))
        return evaluate_tags(truth.values, self.decoded(outputs), others, lengths=truth.lengths, names=names, **way)

    def score(self, name: str, outputs: Floats, truth: npt.NDArray) -> float:
        """Of `score_classes`, over the tags of steps."""
        known = known_rows(truth)
        return score_classes(truth[known], self.decoded(outputs)[known])[name].value

    def fit_steps(
        self, sequence: Ragged, beside: Mapping[str, Fixed], truth: npt.NDArray, features: str
    ) -> list[tuple[str, Any]]:
        """The shares of the tags, the usual tag of each symbol, and logistic regression on a window around a step."""
        shares = _each_step(fit_class_shares(truth, self.outputs), sequence)
        found: list[tuple[str, Any]] = [("most frequent tag", shares)]
        if sequence.values.ndim == 1:
            found.append(("usual tag of each symbol", fit_usual_tag(sequence, truth, self.outputs)))
        if beside:
            window = fit_joint_window(sequence, beside, truth, self.outputs)
        else:
            window = fit_window(sequence, truth, self.outputs)
        return [*found, (f"{features} with {self.regression}", window)]

    def truth_columns(self, truth: Ragged, separator: str) -> dict[str, Any]:
        """truth: the tags of a sequence in a cell."""
        return {"truth": list(self.labels.decode(truth))}

    def predicted_columns(self, outputs: Floats, offsets: Ints | None, separator: str) -> dict[str, Any]:
        """predicted, and the mean probability of the tags that are said."""
        assert offsets is not None
        decoded, lengths = self.decoded(outputs), np.diff(offsets)
        owner = np.repeat(np.arange(len(lengths)), lengths)
        sure = np.bincount(owner, weights=decoded.max(axis=1), minlength=len(lengths)) / np.maximum(lengths, 1)
        return {"predicted": list(self.labels.decode(Ragged(decoded.argmax(axis=1), offsets))), "probability": sure}

    def right_column(self, outputs: Floats, truth: Ragged) -> dict[str, Any]:
        """right: which share of the tags."""
        right = (outputs.argmax(axis=1) == truth.values).astype(np.float64)
        known = truth.values >= 0
        owner = np.repeat(np.arange(len(truth)), truth.lengths)
        count = np.bincount(owner[known], minlength=len(truth))
        sums = np.bincount(owner[known], weights=right[known], minlength=len(truth))
        return {"right": np.where(count > 0, sums / np.maximum(count, 1), np.nan)}

    def how_wrong(self, outputs: Floats, truth: Ragged) -> Floats:
        """The share of wrong tags."""
        return 1.0 - self.right_column(outputs, truth)["right"]

    def outcome(self, outputs: Floats, truth: Ragged) -> tuple[Any, Any, Floats]:
        """How many tags there are, and which share of them is right."""
        right = self.right_column(outputs, truth)["right"]
        told = [
            _("{share:.1f} % of {n:,} tags right", share=100 * share, n=n)
            for share, n in zip(right, truth.lengths, strict=True)
        ]
        return [_("{n:,} tags", n=n) for n in truth.lengths], told, np.full(len(truth), np.nan)

    def counts(self, truth: Ragged) -> list[tuple[str | None, int]]:
        """Steps of each tag."""
        return code_counts(self.labels.names, truth.values)


def _each_step(constant: Constant, sequence: Ragged) -> SymbolWindow | ValueWindow:
    """The same outputs for every step, as a window of one place that weighs nothing."""
    outputs = len(constant.values)
    if sequence.values.ndim == 1:
        return SymbolWindow(np.zeros(0, np.int64), np.zeros((1, 2, outputs)), constant.values)
    width = sequence.values.shape[1]
    return ValueWindow(np.zeros(width), np.ones(width), np.zeros((1, width + 1, outputs)), constant.values)
