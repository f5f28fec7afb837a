"""Texts written by a network with attention, which a network of CTC has to find in the frames as well.

    score(g) = (1 - w) sum_u log p(g_u | g_1 .. g_{u-1}) + w log P_CTC(g...)

`decoding.beam` searches it. The end has the blank's number, since a text has no blank; the beginning the one after the
last unit. Source: Watanabe et al. (2017), see `prefix_scores`.
"""

from __future__ import annotations

import math
from typing import Self

import torch
from torch import Tensor

from recurra.decoding.beam import Beam
from recurra.decoding.ctc.best_path import BLANK
from recurra.decoding.ctc.prefix_scores import NEVER, PrefixScores
from recurra.decoding.together import Together

END = BLANK


class Joint:
    """The state of both networks; `weight` is CTC's, above 0, and `most` units are looked at of each prefix."""

    def __init__(self, writing: Together, said: Tensor, lengths: Tensor, weight: float, most: int) -> None:
        self._writing, self._prefixes = writing, PrefixScores(said, lengths)
        self._weight, self._most = weight, min(most, said.shape[-1] - 1)
        self._known = torch.zeros(said.shape[1])  # log P of the present prefixes [R]
        self._next: Tensor | None = None  # that of each unit after them [R, V]

    def take(self, rows: Tensor, width: int) -> Self:
        """See `decoding.beam.Branching`."""
        self._writing = self._writing.take(rows, width)
        self._prefixes.take(rows)
        assert self._next is not None
        self._next = self._next[rows]
        return self

    def scores(self, tokens: Tensor) -> Tensor:
        """The last tokens [R] -> what each next one adds to the score [R, V]."""
        if self._next is not None:
            self._prefixes.add(tokens)
            self._known = self._next.gather(1, tokens.unsqueeze(1))[:, 0].clamp(min=NEVER)
        written = self._writing.logits(tokens).float().log_softmax(-1)  # [R, V], the beginning the last of V
        candidates = written[:, END + 1 : -1].topk(self._most, dim=1).indices + END + 1
        candidates = candidates.sort(dim=1).values
        after = torch.full_like(written, -math.inf)
        after.scatter_(1, candidates, self._prefixes.extended(candidates))
        ended = self._prefixes.ended()
        gained = (after - self._known.unsqueeze(1)).clamp_(max=0.0)
        gained[:, END] = (ended - self._known).clamp_(max=0.0)
        self._next = after
        return (1 - self._weight) * written + self._weight * gained

    @staticmethod
    def step(tokens: Tensor, state: Joint) -> tuple[Tensor, Joint]:
        """The same as a `decoding.decoder.Step`."""
        return state.scores(tokens), state


def write(writing: Together, said: Tensor, lengths: Tensor, *, size: int, weight: float) -> list[list[int]]:
    """The best units of each of B recordings, after log probabilities `said` [T, B, K] up to `lengths` [B].

    `size` prefixes go on from unit to unit. No text has more units than its recording has steps.
    """
    state = Joint(writing, said, lengths, weight, most=max(2 * size, 12))
    beam = Beam(
        begin=said.shape[-1], end=END, size=size, penalty=0.0, most=tuple(lengths.tolist()), ngram=0, scored=True
    )
    return [units.tolist() for units in beam.decode(Joint.step, state, len(lengths))]
