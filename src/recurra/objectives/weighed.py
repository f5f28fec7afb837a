"""What objectives with a weight for each class, label or tag share: smoothed in training, and not when held out."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy.typing as npt
from scipy.special import softmax
from torch import Tensor

from recurra.evaluation.shared.calibration import Blend, fit_blend
from recurra.nn.losses import class_loss
from recurra.objectives.class_weights import settings_of
from recurra.objectives.objective import Floats, Objective
from recurra.objectives.weighing import weighed_count, weighing_flaw, weight_tensor


class WeighedObjective(Objective):
    """`weight` [K], None for equal ones, and the share of label `smoothing`; abstract."""

    regression: ClassVar[str] = "logistic regression"

    weight: Floats | None
    smoothing: float

    @abstractmethod
    def entropy(self, outputs: Tensor, targets: Tensor, smoothing: float) -> Tensor:
        """The weighed cross entropy, a mean over the known targets."""

    @abstractmethod
    def known(self, targets: Tensor) -> float:
        """How many targets that mean is over, by weight."""

    def settings(self) -> dict[str, Any]:
        """class_weight and label_smoothing."""
        return settings_of(self.weight, self.smoothing, self.labels)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Cross entropy, weighed and smoothed."""
        return self.entropy(outputs, targets, self.smoothing)

    def held_out(self, outputs: Tensor, targets: Tensor) -> tuple[float, float]:
        """Without smoothing."""
        known = self.known(targets)
        return (float(self.entropy(outputs, targets, 0.0)) * known, known) if known else (0.0, 0.0)

    def flaw(self) -> str | None:
        """Of weights."""
        return weighing_flaw(self.weight, self.smoothing, self.outputs)


class SoftmaxObjective(WeighedObjective):
    """One of K, of an example or of a step; abstract."""

    def entropy(self, outputs: Tensor, targets: Tensor, smoothing: float) -> Tensor:
        """That of softmax."""
        return class_loss(outputs, targets, weight_tensor(self.weight, outputs), smoothing)

    def known(self, targets: Tensor) -> float:
        """By the weights of the classes."""
        return weighed_count(self.weight, targets)

    def fit_blend(self, network: Floats, stacked: Floats | None, truth: npt.NDArray) -> Blend:
        """By the log loss."""
        return fit_blend(network, stacked, truth)

    def decoded(self, outputs: Floats) -> Floats:
        """Probabilities."""
        return softmax(outputs, axis=-1)
