"""Labelled examples as they are learnt from: read, encoded, with their encoded labels and what is to be learnt."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recurra.data.encoders.batching import Batches
from recurra.data.encoders.reader import Encoded, Reader, step_counts
from recurra.data.examples.ragged import Ragged
from recurra.objectives.objective import Objective
from recurra.objectives.truth import Truth

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class LabelledData:
    """N examples: how they are read, their inputs and labels as numbers, and the objective.

    `labels` are class codes [N], a label matrix [N, K], numbers [N, M] or a `Ragged` of tag codes; -1 or NaN: missing.
    """

    reader: Reader
    encoded: Encoded
    labels: npt.NDArray | Ragged
    objective: Objective
    known: npt.NDArray[np.int64]  # the numbers of the examples with a label
    held: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))  # of them, not learnt from

    @cached_property
    def batches(self) -> Batches:
        """The inputs, to be read by numbers."""
        return Batches(self.encoded)

    @cached_property
    def truth(self) -> Truth:
        """The labels, to be read by numbers."""
        return Truth(self.objective, self.labels)

    @cached_property
    def lengths(self) -> Tensor:
        """Steps of each example [N]."""
        return torch.from_numpy(step_counts(self.encoded, least=not self.objective.per_step))

    def labels_of(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray:
        """Some examples' labels as the outputs of a network are compared with them; of tags, for all steps."""
        if isinstance(self.labels, Ragged):
            return self.labels.take(numbers).values
        return self.objective.compared(self.labels[numbers])

    def offset_of(self, outputs: Floats) -> Floats | None:
        """What is added to outputs [n, K] of the held-out examples before one is chosen."""
        if not self.objective.wants_offset:
            return None
        assert isinstance(self.labels, np.ndarray)
        return self.objective.fit_offset(outputs, self.labels_of(self.held), self.labels[self.known])

    def steps_of(self, column: str, numbers: npt.NDArray[np.int64]) -> Ragged:
        """A sequence of some examples."""
        sequence = self.encoded[column]
        assert isinstance(sequence, Ragged)
        return sequence.take(numbers)
