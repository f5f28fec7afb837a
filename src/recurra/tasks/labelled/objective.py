"""The objectives of labelled sequences: what the outputs of a network mean, what is made small, how they are decoded.

classes  one of K per example         softmax, cross entropy
labels   any of K per example         sigmoids, binary cross entropies
numbers  M numbers per example        in units of the training targets' spread, Huber's loss
tags     one of K per step            softmax, cross entropy
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import expit, softmax
from torch import Tensor

from recurra.data.encoders.batching import Steps
from recurra.data.examples.ragged import Ragged
from recurra.nn.losses import class_loss, label_loss, number_loss

Floats = npt.NDArray[np.floating]
Aim = Literal["classes", "labels", "numbers", "tags"]


@dataclass(frozen=True, eq=False)
class Objective:
    """What is learnt: `aim`, the number of `outputs`, the `weight` [K] of each class, and label `smoothing`.

    For numbers `mean` and `spread` [M] are those of the training targets. Of classes `metric` is what is to be large
    (`evaluation.labelled.decisions`), and `offset` [K] is added to the logits before the largest is chosen.
    """

    aim: Aim
    outputs: int
    weight: Floats | None = None
    smoothing: float = 0.0
    mean: Floats | None = None
    spread: Floats | None = None
    metric: str = ""
    offset: Floats | None = None

    @property
    def per_step(self) -> bool:
        """Whether every step has an output."""
        return self.aim == "tags"

    def loss(self, outputs: Tensor, truth: Tensor) -> Tensor:
        """What the training makes small, a scalar."""
        weight = None if self.weight is None else torch.as_tensor(self.weight, dtype=outputs.dtype).to(outputs.device)
        if self.aim == "numbers":
            return number_loss(outputs, truth)
        return (label_loss if self.aim == "labels" else class_loss)(outputs, truth, weight, self.smoothing)

    def held_out(self, outputs: Tensor, truth: Tensor) -> tuple[float, float]:
        """The loss on held-out examples without smoothing: its sum, and of how many known truths (by weight)."""
        plain = Objective(self.aim, self.outputs, self.weight)
        known = torch.isfinite(truth) if truth.is_floating_point() else truth >= 0
        if self.weight is None or self.aim == "labels":
            count = float(known.sum())
        else:
            count = float(torch.as_tensor(self.weight).to(truth.device)[truth[known]].sum())
        return (float(plain.loss(outputs, truth)) * count, count) if count else (0.0, 0.0)

    def chosen(self, outputs: Floats) -> npt.NDArray[np.int64]:
        """Class numbers [.] of logits [., K]; of several labels whether each applies [N, K]."""
        if self.aim == "labels":
            return (outputs > 0).astype(np.int64)
        return (outputs if self.offset is None else outputs + self.offset).argmax(axis=-1)

    def scaled(self, numbers: Floats) -> Floats:
        """Numbers [., M] in units of the training targets' spread."""
        assert self.mean is not None
        assert self.spread is not None
        return (numbers - self.mean) / self.spread

    def decoded(self, outputs: Floats) -> Floats:
        """Probabilities of logits [., K], or numbers [., M] in the targets' own units."""
        if self.aim == "numbers":
            assert self.mean is not None
            assert self.spread is not None
            return outputs * self.spread + self.mean
        return expit(outputs) if self.aim == "labels" else softmax(outputs, axis=-1)


class Truth:
    """The encoded labels of all examples; -1 or NaN where one is missing.

    Class codes [N], label matrix [N, K], scaled numbers [N, M], or a `Ragged` of tag codes.
    """

    def __init__(self, objective: Objective, labels: npt.NDArray | Ragged) -> None:
        self.labels = labels
        self._steps: Steps | None = None
        if isinstance(labels, Ragged):
            self._steps = Steps.of(Ragged(labels.values.astype(np.int64), labels.offsets))
        elif objective.aim == "classes":
            self._all = torch.from_numpy(labels.astype(np.int64))
        elif objective.aim == "labels":
            self._all = torch.from_numpy(np.where(labels < 0, np.nan, labels).astype(np.float32))
        else:
            self._all = torch.from_numpy(objective.scaled(labels).astype(np.float32))

    def read(self, numbers: Tensor) -> Tensor:
        """Those of the examples `numbers` [B]: [B], [B, K] or, for tags, [T, B]."""
        return self._all[numbers.long()] if self._steps is None else self._steps.padded(numbers.long(), -1).values
