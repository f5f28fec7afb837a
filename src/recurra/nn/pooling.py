"""From the outputs of a recurrence [T, B, C] to one vector per row [B, C']: what is kept of all the steps.

last       the outputs at the two ends: forward at the last step, backward at the first
mean       sum_t y_t / T
max        max_t y_t
attention  sum_t softmax_t(v . tanh(A y_t)) y_t         Bahdanau et al. (2015), Yang et al. (2016)
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from recurra.errors import InputError

POOLINGS = ("last", "mean", "max", "attention")


class Pooling(nn.Module):
    """One or several of `POOLINGS` side by side, such as "mean+max"."""

    def __init__(self, kind: str, features: int, directions: int) -> None:
        super().__init__()
        self.kinds = parse_pooling(kind)
        self.directions, self.width = directions, features * len(self.kinds)
        self.score: nn.Module | None = None
        if "attention" in self.kinds:
            hidden = max(1, features // 2)
            self.score = nn.Sequential(nn.Linear(features, hidden), nn.Tanh(), nn.Linear(hidden, 1, bias=False))

    def forward(self, outputs: Tensor, lengths: Tensor, alive: Tensor) -> Tensor:
        """`outputs` are zero after a row's end; `alive` [T, B]. A row without a step gives zeros."""
        return torch.cat([getattr(self, f"_{kind}")(outputs, lengths, alive) for kind in self.kinds], dim=-1)

    def _last(self, outputs: Tensor, lengths: Tensor, alive: Tensor) -> Tensor:
        rows = torch.arange(outputs.shape[1], device=outputs.device)
        end = outputs[(lengths - 1).clamp(min=0), rows]
        if self.directions == 1:
            return end
        half = outputs.shape[-1] // 2
        return torch.cat([end[:, :half], outputs[0, :, half:]], dim=-1)

    def _mean(self, outputs: Tensor, lengths: Tensor, alive: Tensor) -> Tensor:
        return outputs.sum(0) / lengths.clamp(min=1).unsqueeze(-1)

    def _max(self, outputs: Tensor, lengths: Tensor, alive: Tensor) -> Tensor:
        # As `amax`, whose gradient goes by way of booleans and integers: half the time of both passes. Of a row without
        # a step none is largest, and the sum is 0.
        ended = torch.zeros_like(outputs[..., :1]).masked_fill_(~alive.unsqueeze(-1), -math.inf)
        reached = outputs.detach() + ended
        largest = reached.ge_(reached.amax(0).clamp_(min=torch.finfo(outputs.dtype).min))
        return (outputs * (largest / largest.sum(0).clamp_(min=1))).sum(0)

    def _attention(self, outputs: Tensor, lengths: Tensor, alive: Tensor) -> Tensor:
        assert self.score is not None
        scores = self.score(outputs).masked_fill(~alive.unsqueeze(-1), torch.finfo(outputs.dtype).min)
        return (scores.softmax(0) * outputs).sum(0)


def parse_pooling(kind: str) -> tuple[str, ...]:
    """ "mean+max" -> ("mean", "max"); `InputError` for what is no pooling."""
    kinds = tuple(part.strip() for part in kind.split("+")) if isinstance(kind, str) else ()
    if not kinds or len(set(kinds)) < len(kinds) or not set(kinds) <= set(POOLINGS):
        raise InputError(
            f"pooling is {kind!r}: expected one of {', '.join(POOLINGS)}, or several of them with + between, such as "
            "mean+max"
        )
    return kinds
