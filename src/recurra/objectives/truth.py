"""The encoded labels of all examples, to be read a batch at a time."""

from __future__ import annotations

import torch
from torch import Tensor

from recurra.data.encoders.batching import Steps
from recurra.data.examples.ragged import Ragged
from recurra.objectives.objective import Objective, Truths


class Truth:
    """The targets of all examples; -1 or NaN where one is missing."""

    def __init__(self, objective: Objective, labels: Truths) -> None:
        targets = objective.targets(labels)
        self._steps = Steps.of(targets) if isinstance(targets, Ragged) else None
        self._all = torch.zeros(0) if isinstance(targets, Ragged) else torch.from_numpy(targets)

    def read(self, numbers: Tensor) -> Tensor:
        """Those of the examples `numbers` [B]: [B], [B, K] or, of steps, [T, B]."""
        return self._all[numbers.long()] if self._steps is None else self._steps.padded(numbers.long(), -1).values
