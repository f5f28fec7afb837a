"""Learning what comes next: histories as a `training.Problem`, and what a network says of any of them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from recurra.data.events.reader import EncodedLog, windows
from recurra.nn.next_event import NextEventNetwork, hidden_of
from recurra.objectives.next_item import chances, full_loss, number_loss, sampled_loss

Ints = npt.NDArray[np.int64]

LONGEST = 100  # events that a training example holds; longer histories are cut
NUMBERS = 0.2  # of the loss of numbers that come next, beside the item's
_HELD = 2_000  # held-out events that are looked at


class Batch(NamedTuple):
    """codes [T, B], inputs [T, B, K], lengths [B]; targets [n], where they are asked for (time first), numbers."""

    codes: Tensor
    inputs: Tensor
    lengths: Tensor
    asked: Tensor
    targets: Tensor
    numbers: Tensor


class NextEventProblem:
    """Histories that are cut into examples of at most `LONGEST` events; their events at `learnt` [N] are targets.

    `values` [N, M] are numbers of each event that are learnt beside the item. Those at `held` validate.
    """

    def __init__(
        self,
        network: NextEventNetwork,
        log: EncodedLog,
        values: npt.NDArray[np.float32],
        learnt: npt.NDArray[np.bool_],
        held: Ints,
        device: torch.device,
    ) -> None:
        self.network: nn.Module = network.to(device)
        self.log, self.values, self.device = log, values, device
        starts, ends = windows(log.offsets, LONGEST)
        usable = learnt & (log.codes > 0) & (log.codes <= network.seen)
        counts = np.concatenate([[0], np.cumsum(usable)])
        some = counts[ends] - counts[np.minimum(starts + 1, ends)] > 0
        self._starts, self._ends, self._usable = starts[some], ends[some], usable
        self.examples = len(self._starts)
        self.lengths = torch.from_numpy(self._ends - self._starts)
        learned = log.codes[usable] - 1
        self._chances = chances(torch.from_numpy(np.bincount(learned, minlength=network.seen)[: network.seen]))
        known = held[(log.codes[held] > 0) & (log.codes[held] <= network.seen)]
        self._held = (
            known[np.linspace(0, len(known) - 1, min(len(known), _HELD)).astype(np.int64)] if len(known) else known
        )

    def batch(self, numbers: Tensor) -> Batch:
        """The training examples `numbers` [B]."""
        rows = numbers.numpy()
        starts, ends = self._starts[rows], self._ends[rows]
        lengths = ends - starts - 1
        steps = np.arange(lengths.max())[:, None]
        inside = steps < lengths
        places = np.where(inside, starts + steps, 0)
        following = np.where(inside, places + 1, 0)
        asked = inside & self._usable[following]
        codes = np.where(inside, self.log.codes[places], 0)
        return Batch(
            torch.from_numpy(codes).to(self.device),
            torch.from_numpy(self.log.inputs[places]).to(self.device),
            torch.from_numpy(lengths),
            torch.from_numpy(np.flatnonzero(asked)).to(self.device),
            torch.from_numpy(self.log.codes[following[asked]] - 1).to(self.device),
            torch.from_numpy(self.values[following[asked]]).to(self.device),
        )

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        """The mean log loss of the items, and a share of that of the numbers."""
        assert isinstance(network, NextEventNetwork)
        table = network.table
        outputs, _state = network(batch.codes, batch.inputs, batch.lengths, table)
        hidden = outputs.flatten(0, 1)[batch.asked]
        queries, seen, negatives = network.queries(hidden), network.seen, network.options.negatives
        candidates, bias = table[:seen], network.bias[:seen]
        if 0 < negatives < seen:
            chance = self._chances.to(self.device)
            drawn = torch.multinomial(chance, negatives, replacement=True)
            loss = sampled_loss(queries, candidates, bias, batch.targets, drawn, chance.log())
        else:
            loss = full_loss(queries, candidates, bias, batch.targets)
        if network.numbers:
            loss = loss + NUMBERS * number_loss(network.next_numbers(hidden), batch.numbers)
        return loss

    def validate(self, network: nn.Module) -> float:
        """The mean log loss of held-out events over all items; NaN where there are none."""
        assert isinstance(network, NextEventNetwork)
        if not len(self._held):
            return math.nan
        log, seen = self.log, network.seen
        device = next(network.parameters()).device
        own = network.cpu()
        hidden = hidden_of(own, log.codes, log.inputs, log.offsets, self._held - 1)
        queries, table, targets = own.queries(hidden), own.table[:seen], torch.from_numpy(log.codes[self._held] - 1)
        total = sum(
            float(full_loss(q, table, own.bias[:seen], t)) * len(t)
            for q, t in zip(queries.split(256), targets.split(256), strict=True)
        )
        network.to(device)
        return total / len(targets)
