"""Keras' masks, which may leave out any step, as rows that end early.

At a step that is masked Keras keeps the state and repeats the last output (zero before the first). So a row's steps
that count are moved together to its front, the kernel runs over as many, and each output is then put where it
belongs: exact for padding at the end, at the beginning, and for holes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Compaction:
    """What a mask [B, T] asks for.

    lengths  [B] int64, how many steps of each row count
    order    [B, T] int64, the steps that count first, each part in its order; None where they stand first already
    mask     [B, T], the mask itself
    """

    lengths: Tensor
    order: Tensor | None
    mask: Tensor

    def gather(self, x: Tensor) -> Tensor:
        """x [B, T, F] with the steps that count first."""
        return x if self.order is None else x.gather(1, self.order.unsqueeze(-1).expand_as(x))

    def scatter(self, outputs: Tensor, zero_for_mask: bool) -> Tensor:
        """The outputs [B, T, H] of gathered steps, where Keras has them; at masked steps the last one, or zero."""
        last = self.mask.cumsum(1) - 1
        spread = outputs.gather(1, last.clamp(min=0).unsqueeze(-1).expand_as(outputs))
        there = self.mask if zero_for_mask else last >= 0
        return torch.where(there.unsqueeze(-1), spread, torch.zeros((), dtype=spread.dtype))

    def last(self, h: Tensor, zero_for_mask: bool) -> Tensor:
        """The output of the last step, of the last hidden state h [B, H]; zero where none counts, or not this one."""
        there = self.mask[:, -1] if zero_for_mask else self.lengths > 0
        return torch.where(there.unsqueeze(-1), h, torch.zeros((), dtype=h.dtype))


def compact(mask: Tensor) -> Compaction | None:
    """What a mask [B, T] (bool) asks for; None where every step counts."""
    lengths = mask.sum(1)
    if bool(mask.all()):
        return None
    at_the_front = torch.arange(mask.shape[1]) < lengths.unsqueeze(1)
    order = None if torch.equal(at_the_front, mask) else torch.argsort(~mask, dim=1, stable=True)
    return Compaction(lengths, order, mask)
