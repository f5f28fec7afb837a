"""Numbers for each example: learnt in units of the training targets' spread, by Huber's loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, final

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import Tensor

from recurra.data.encoders.reader import Fixed
from recurra.data.encoders.standardising import moments
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.splits import strata_of
from recurra.data.labels.label_values import Origin, Y
from recurra.data.labels.numbers import Numbers
from recurra.evaluation.labelled.evaluation import evaluate_values
from recurra.evaluation.labelled.joint import JointModel, fit_joint_ridge
from recurra.evaluation.labelled.majority import Constant, fit_mean
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.evaluation.labelled.ridge import fit_ngram_ridge
from recurra.evaluation.labelled.scores import known_rows, score_values
from recurra.evaluation.labelled.series_summary import SummaryModel, fit_summary_ridge
from recurra.evaluation.shared.calibration import Blend, fit_value_blend
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.language import _, mark
from recurra.nn.losses import number_loss
from recurra.objectives.objective import Floats, Ints, Objective, Orders


class RealObjective(Objective):
    """What objectives with numbers as truths [N, M] have in common, whatever loss they learn by; abstract."""

    page: ClassVar[str] = "regression"
    title: ClassVar[str] = mark("Regression")
    regression: ClassVar[str] = "ridge regression"
    closed: ClassVar[bool] = False
    ordered: ClassVar[bool] = True
    centred: ClassVar[bool] = True
    explanation: ClassVar[str] = mark(
        "An attribution says how much a step moved the prediction, in standard deviations of the target "
        "(integrated gradients{})."
    )

    labels: Numbers

    @classmethod
    def read(cls, y: Any, *, what: Origin = Y) -> Numbers:
        """The targets of numbers [N] or [N, M]."""
        return Numbers.of(y, what=what)

    @classmethod
    def strata(cls, truth: npt.NDArray) -> npt.NDArray | None:
        """Tenths of the first number; nothing where one is missing."""
        return None if np.isnan(truth).any() else strata_of(truth)

    def targets(self, truth: npt.NDArray) -> npt.NDArray[np.float32]:
        """As they are compared."""
        return self.compared(truth).astype(np.float32)

    def fit_blend(self, network: Floats, stacked: Floats | None, truth: npt.NDArray) -> Blend:
        """By least squares."""
        return fit_value_blend(network, stacked, truth)

    def decode(self, outputs: Floats, offsets: Ints | None = None) -> npt.NDArray:
        """Numbers in the form in which they were given."""
        return self.labels.decode(self.decoded(outputs))

    def explained(self, outputs: Floats) -> Ints:
        """The first target."""
        return np.zeros(len(outputs), dtype=np.int64)

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
        """R2 leads."""
        others = {name: self.decoded(found) for name, (found, _unused) in baselines.items()}
        names = list(self.labels.names)
        return evaluate_values(truth, self.decoded(outputs), others, names=names, groups=groups, **way)

    def score(self, name: str, outputs: Floats, truth: npt.NDArray) -> float:
        """Of `score_values`."""
        known = known_rows(truth)
        return score_values(truth[known], self.decoded(outputs)[known])[name].value

    def constant(self, truth: npt.NDArray) -> tuple[str, Constant]:
        """The mean."""
        return "mean", fit_mean(truth)

    def fit_ngrams(self, tokens: Ragged, truth: npt.NDArray, orders: Sequence[int]) -> NGramModel:
        """Ridge regression."""
        return fit_ngram_ridge(tokens, truth, orders=orders)

    def fit_summary(self, series: Ragged, truth: npt.NDArray) -> SummaryModel:
        """Ridge regression."""
        return fit_summary_ridge(series, truth)

    def fit_joint(self, inputs: Mapping[str, Ragged | Fixed], truth: npt.NDArray, orders: Orders) -> JointModel:
        """Ridge regression."""
        return fit_joint_ridge(inputs, truth, orders=orders)

    def truth_columns(self, truth: npt.NDArray, separator: str) -> dict[str, Any]:
        """truth; of several targets truth_NAME."""
        return self._named("truth", truth)

    def predicted_columns(self, outputs: Floats, offsets: Ints | None, separator: str) -> dict[str, Any]:
        """predicted; of several targets predicted_NAME."""
        return self._named("predicted", self.decoded(outputs))

    def right_column(self, outputs: Floats, truth: npt.NDArray) -> dict[str, Any]:
        """error, of a single target: the prediction less the truth."""
        return {"error": self.decoded(outputs)[:, 0] - truth[:, 0]} if truth.shape[1] == 1 else {}

    def how_wrong(self, outputs: Floats, truth: npt.NDArray) -> Floats:
        """The mean size of the errors, as outputs are measured."""
        return np.abs(self.compared(self.decoded(outputs)) - self.compared(truth)).mean(axis=1)

    def outcome(self, outputs: Floats, truth: npt.NDArray) -> tuple[Any, Any, Floats]:
        """The first target."""
        return truth[:, 0], self.decoded(outputs)[:, 0], np.full(len(truth), np.nan)

    def values(self, outputs: Floats, truth: npt.NDArray) -> pd.DataFrame:
        """truth and predicted, where both are known."""
        return pd.DataFrame({"truth": truth[:, 0], "predicted": self.decoded(outputs)[:, 0]}).dropna()

    def suspect_targets(self, truth: npt.NDArray) -> tuple[Floats, str]:
        """The first target."""
        return truth[:, :1].astype(np.float64), "R2"

    def _named(self, what: str, numbers: Floats) -> dict[str, Any]:
        names = self.labels.names
        return {what if len(names) == 1 else f"{what}_{name}": numbers[:, k] for k, name in enumerate(names)}


@final
@dataclass(frozen=True, eq=False)
class NumberObjective(RealObjective):
    """Numbers [N, M]; `mean` and `spread` [M] are those of the training targets."""

    aim: ClassVar[str] = "numbers"

    labels: Numbers
    mean: Floats
    spread: Floats

    @classmethod
    def learn(cls, labels: Numbers, truth: npt.NDArray, **settings: Any) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride]
        """With the mean and spread of the truths."""
        mean, spread = map(np.array, moments(truth))
        return cls(labels, mean, spread, **settings)

    def compared(self, truth: npt.NDArray) -> Floats:
        """In units of the spread."""
        return (truth - self.mean) / self.spread

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Huber's, of what is known."""
        return number_loss(outputs, targets)

    def decoded(self, outputs: Floats) -> Floats:
        """In the targets' own units."""
        return outputs * self.spread + self.mean

    def flaw(self) -> str | None:
        """Of mean and spread."""
        for name in ("mean", "spread"):
            if getattr(self, name).shape != (self.outputs,):
                return _("another number of outputs in its {name}", name=name)
        return None if bool((self.spread > 0).all()) else _("a spread that is not above 0")
