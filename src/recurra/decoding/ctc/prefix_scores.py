"""How likely texts begin with a prefix, after a network of CTC: unit by unit, beside another network that writes them.

With n_t(g) and b_t(g) the probability of all paths of t frames that spell g and end in its last unit or in a blank:

    n_t(gc) = (n_{t-1}(gc) + f_{t-1}) y_t(c),  f_t = b_t(g) + [c is not g's last unit] n_t(g)
    b_t(gc) = (b_{t-1}(gc) + n_{t-1}(gc)) y_t(blank)
    P(gc...) = sum_t f_{t-1} y_t(c),  P(g) = n_T(g) + b_T(g)

A text that repeats without end has no path, and no probability. Source: Watanabe, Hori, Kim, Hershey, Hayashi (2017),
"Hybrid CTC/attention architecture for end-to-end speech recognition", algorithm 2. All are logarithms here.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recurra.decoding.ctc.best_path import BLANK

NEVER = -1e30  # its sums stay finite, as those of -inf would not


class PrefixScores:
    """Prefixes [R] of the texts of B recordings, one of each to begin with: the empty one.

    said     [T, B, K], log probabilities
    lengths  [B]
    """

    def __init__(self, said: Tensor, lengths: Tensor) -> None:
        steps, rows, _units = said.shape
        after = torch.arange(steps).unsqueeze(1) >= lengths
        self._said = said.float().masked_fill(after.unsqueeze(-1), NEVER)
        self._said[..., BLANK].masked_fill_(after, 0.0)  # nothing is added after the end
        blank = self._said[..., BLANK].cumsum(0)
        self._paths = torch.stack([torch.full_like(blank, NEVER), blank], dim=-1)  # [T, R, (unit, blank)]
        self._owners, self._last = torch.arange(rows), torch.full((rows,), -1)
        self._empty = torch.ones(rows, dtype=torch.bool)
        self._extended: tuple[Tensor, Tensor] | None = None  # candidates [R, M], their paths [T, R, M, 2]

    def ended(self) -> Tensor:
        """log P of each prefix as the whole text [R]."""
        return self._paths[-1].logsumexp(-1)

    def extended(self, candidates: Tensor) -> Tensor:
        """log P of the texts that begin with each prefix and one of its `candidates` [R, M]: [R, M]."""
        told = self._said[:, self._owners].gather(2, candidates.expand(len(self._said), -1, -1))  # [T, R, M]
        blank = self._said[:, self._owners, BLANK].unsqueeze(-1)
        unit, gap = self._paths[..., 0:1], self._paths[..., 1:2]
        again = candidates == self._last.unsqueeze(1)
        before = torch.where(again, gap, torch.logaddexp(unit, gap))  # f, [T, R, M]
        first = torch.where(self._empty, 0.0, NEVER).unsqueeze(1).expand_as(candidates)
        before = torch.cat([first.unsqueeze(0), before[:-1]])
        paths = torch.empty(*told.shape, 2)
        n, b = torch.full_like(told[0], NEVER), torch.full_like(told[0], NEVER)
        for t in range(len(told)):
            n, b = torch.logaddexp(n, before[t]) + told[t], torch.logaddexp(n, b) + blank[t]
            paths[t, ..., 0], paths[t, ..., 1] = n, b
        self._extended = candidates, paths
        found = (before + told).logsumexp(0)
        return found.masked_fill_(found < NEVER / 2, -math.inf)

    def take(self, rows: Tensor) -> None:
        """Go on with these prefixes of the present ones [R']; each is then extended by `add`."""
        self._owners, self._last, self._empty = self._owners[rows], self._last[rows], self._empty[rows]
        if self._extended is None:
            self._paths = self._paths[:, rows]
        else:
            candidates, paths = self._extended
            self._extended = candidates[rows], paths[:, rows]

    def add(self, units: Tensor) -> None:
        """Extend each prefix by one of its candidates [R]."""
        assert self._extended is not None
        candidates, paths = self._extended
        place = (candidates == units.unsqueeze(1)).int().argmax(1)
        self._paths = paths[:, torch.arange(len(place)), place]
        self._last, self._empty, self._extended = units, torch.zeros_like(self._empty), None
