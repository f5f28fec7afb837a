"""Learning labelled sequences: encoded examples as a `training.Problem`, and the outputs of a network for many."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from recurra.data.encoders.batching import Batches, Padded, like_with_like, moved
from recurra.nn.own import Loss, OwnNetwork, checked_loss
from recurra.nn.sequence import InputBatch, SequenceNetwork
from recurra.tasks.labelled.data import LabelledData
from recurra.training.threads import fitting_threads

Floats = npt.NDArray[np.floating]

STEPS_AT_ONCE, ROWS_AT_ONCE = 1 << 15, 512  # padded steps and rows of a batch without gradients


class Batch(NamedTuple):
    """The inputs by name and the truth of some examples."""

    inputs: dict[str, InputBatch]
    truth: Tensor


class SequenceProblem:
    """The `training.Problem` of labelled sequences: examples of about equal length are learnt together.

    `training` and `held` are the numbers of the examples of `data` that are learnt from and held out; `loss` of outputs
    and truth takes the place of the objective's.
    """

    def __init__(
        self,
        network: nn.Module,
        data: LabelledData,
        training: Tensor,
        held: Tensor,
        device: torch.device,
        loss: Loss | None = None,
    ) -> None:
        self.own_loss = loss
        self.network, self.data, self.training, self.device = network.to(device), data, training, device
        self.examples, self.lengths = len(training), data.lengths[training]
        self._held = [held[part] for part in like_with_like(data.lengths[held], STEPS_AT_ONCE, ROWS_AT_ONCE)]

    def batch(self, numbers: Tensor) -> Batch:
        """The training examples `numbers` [B]."""
        return self._read(self.training[numbers.long()])

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        """The objective's loss, or the user's own, a scalar."""
        if self.own_loss is not None:
            return checked_loss(self.own_loss(network(batch.inputs)[0], batch.truth), self.own_loss)
        return self.data.objective.loss(network(batch.inputs)[0], batch.truth)

    def validate(self, network: nn.Module) -> float:
        """The mean loss of the held-out examples; NaN where there are none."""
        total = count = 0.0
        for numbers in self._held:
            batch = self._read(numbers)
            outputs, _state = network(batch.inputs)
            loss, known = self.data.objective.held_out(outputs, batch.truth)
            if self.own_loss is not None:
                loss = known * float(checked_loss(self.own_loss(outputs, batch.truth), self.own_loss))
            total, count = total + loss, count + known
        return total / count if count else math.nan

    def _read(self, numbers: Tensor) -> Batch:
        return Batch(
            given(moved(self.data.batches.read(numbers), self.device)), self.data.truth.read(numbers).to(self.device)
        )


def given(batch: dict[str, Padded]) -> dict[str, InputBatch]:
    """A batch as the network takes it."""
    return {name: InputBatch(*padded) for name, padded in batch.items()}


@torch.no_grad()
def network_outputs(
    network: SequenceNetwork | OwnNetwork,
    batches: Batches,
    lengths: Tensor,
    numbers: Tensor,
    per_step: bool,
    *,
    hidden: bool = False,
) -> Floats:
    """What a network gives for the examples `numbers` [n]: [n, K], or for every step end to end [n_total, K].

    With `hidden` what enters its head in place of its outputs.
    """
    found = torch.zeros(0, dtype=torch.float64)
    own = lengths[numbers]
    starts = torch.cat([own.new_zeros(1), own.cumsum(0)])
    rows = int(starts[-1]) if per_step else len(numbers)
    with fitting_threads(network):
        for places in like_with_like(own, STEPS_AT_ONCE, ROWS_AT_ONCE):
            batch = given(batches.read(numbers[places]))
            outputs = network.hidden(batch).double() if hidden else network.evaluated(batch)
            if not len(found):
                found = outputs.new_zeros(rows, outputs.shape[-1])
            if per_step:
                alive = torch.arange(len(outputs)).unsqueeze(1) < own[places]
                at = starts[places] + torch.arange(len(outputs)).unsqueeze(1)
                found[at[alive]] = outputs[alive]
            else:
                found[places] = outputs
    return found.numpy()
