"""The network of what comes next: a causal recurrence over items and what comes with them, and a score for every item.

    e_i = m_i v_i + W_f f_i                          of item i: its vector where it was seen, and its features
    x_t = dropout([e_(i_t), inputs_t])
    h_t = recurrence(x_t, h_(t-1))                   one or several layers
    q_t = W_q dropout(h_t)
    z_i = <e_i, q_t> + b_i                           one table of items for what went in and what comes out
    r_t = W_r h_t + b_r                              quantiles of the gap until then, and of other numbers

One table for both: Press, Wolf (2017), "Using the output embedding to improve language models".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from recurra.checking import require
from recurra.nn.cell_layer import endless_layer_of
from recurra.nn.network import Network
from recurra.nn.regularisation import Regularisation

LEVELS = (0.1, 0.5, 0.9)  # of the quantiles of numbers that come next


@dataclass(frozen=True)
class NextEventOptions:
    """Sizes, and noise in training.

    hidden             units in each of the `layers`
    embedding          E, features of an item
    dropout            the share of features dropped before the recurrence and before the query
    item_dropout       the share of past items read as unknown (by their features alone, where they have some)
    recurrent_dropout  that of h inside the recurrence
    negatives          items that are drawn against the true one in training; 0 for all of them
    """

    hidden: int = 100
    layers: int = 1
    embedding: int = 64
    dropout: float = 0.3
    item_dropout: float = 0.0
    recurrent_dropout: float = 0.0
    negatives: int = 0

    def check(self) -> None:
        """Refuse sizes and shares that are none."""
        require(min(self.hidden, self.layers, self.embedding) >= 1 and self.negatives >= 0, "sizes of a network")
        shares = (self.dropout, self.item_dropout, self.recurrent_dropout)
        require(all(0 <= share < 1 for share in shares), f"dropout of {shares}")


class NextEventNetwork(Network):
    """V items, of which the first `seen` have a vector; `features` [V, F] of items, K `inputs`, `numbers` to come."""

    features: Tensor

    def __init__(
        self, items: int, seen: int, features: Tensor, inputs: int, numbers: int, cell: str, options: NextEventOptions
    ) -> None:
        super().__init__()
        width = options.embedding
        self.options, self.items, self.seen, self.inputs, self.numbers = options, items, seen, inputs, numbers
        self.vectors = nn.Parameter(nn.init.normal_(torch.empty(items, width), std=width**-0.5))
        self.bias = nn.Parameter(torch.zeros(items))
        self.register_buffer("features", features)
        self.described = nn.Linear(features.shape[1], width, bias=False) if features.shape[1] else None
        settings: dict[str, Any] = {}
        if options.recurrent_dropout:
            settings["regularisation"] = Regularisation(recurrent_dropout=options.recurrent_dropout)
        kind: Any = endless_layer_of(cell)
        self.recurrence = kind(width + inputs, options.hidden, num_layers=options.layers, **settings)
        self.query = nn.Linear(options.hidden, width)
        self.following = nn.Linear(options.hidden, numbers * len(LEVELS)) if numbers else None
        self.dropout = nn.Dropout(options.dropout)

    @property
    def table(self) -> Tensor:
        """e [V, E] of all items."""
        seen = torch.arange(self.items, device=self.vectors.device) < self.seen
        table = self.vectors * seen.unsqueeze(1)
        return table if self.described is None else table + self.described(self.features)

    @property
    def cold_bias(self) -> Tensor:
        """b [V]: that of a rarely bought item for items that were never seen."""
        bias = self.bias.clone()
        if self.seen < self.items:
            bias[self.seen :] = self.bias[: self.seen].quantile(0.1)
        return bias

    def read(self, codes: Tensor, inputs: Tensor, table: Tensor | None = None) -> Tensor:
        """x [..., E + K] of codes [...] (0: unknown) and inputs [..., K]."""
        table = self.table if table is None else table
        own = functional.embedding(codes, functional.pad(table, (0, 0, 1, 0)))
        if self.training and self.options.item_dropout:
            hidden = torch.rand(codes.shape, device=codes.device) < self.options.item_dropout
            bare = torch.zeros_like(own)
            if self.described is not None:
                bare = functional.embedding(codes, functional.pad(self.described(self.features), (0, 0, 1, 0)))
            own = torch.where(hidden.unsqueeze(-1), bare, own)
        return torch.cat([own, inputs], dim=-1)

    def forward(
        self,
        codes: Tensor,
        inputs: Tensor,
        lengths: Tensor | None = None,
        table: Tensor | None = None,
        state: Any = None,
    ) -> tuple[Tensor, Any]:
        """h [T, B, H] of codes [T, B] and inputs [T, B, K], zero after a row's end, and the state there."""
        return self.recurrence(self.dropout(self.read(codes, inputs, table)), state, lengths=lengths)

    def step(self, codes: Tensor, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """h [B, H] after the next event of each row, codes [B] and inputs [B, K], and the next state."""
        self.refuse_steps()
        return self.recurrence.step(self.read(codes, inputs), state)

    def queries(self, hidden: Tensor) -> Tensor:
        """q [..., E]."""
        return self.query(self.dropout(hidden))

    def scores(self, hidden: Tensor) -> Tensor:
        """z [..., V] of h [..., H], items never seen among them."""
        return functional.linear(self.query(hidden), self.table, self.cold_bias)

    def next_numbers(self, hidden: Tensor) -> Tensor:
        """r [..., numbers, levels], rising."""
        assert self.following is not None
        return self.following(hidden).unflatten(-1, (self.numbers, len(LEVELS))).sort(dim=-1).values


@torch.no_grad()
def hidden_of(
    network: NextEventNetwork, codes: np.ndarray, inputs: np.ndarray, offsets: np.ndarray, places: np.ndarray
) -> Tensor:
    """h [M, H] after the events at `places` [M] of histories that lie end to end, each read once and in full."""
    found = torch.zeros(len(places), network.options.hidden)
    if not len(places):
        return found
    lengths = np.diff(offsets)
    owner = np.searchsorted(offsets, places, side="right") - 1
    order = np.argsort(owner, kind="stable")
    wanted, firsts = np.unique(owner[order], return_index=True)
    lasts = np.append(firsts[1:], len(order))
    by_length = np.argsort(-lengths[wanted], kind="stable")
    table = network.table
    at = 0
    while at < len(by_length):
        size = max(1, min(512, 2**15 // max(int(lengths[wanted[by_length[at]]]), 1)))
        rows = by_length[at : at + size]
        at += size
        users = wanted[rows]
        own = lengths[users]
        steps = np.arange(own.max())[:, None]
        inside = steps < own
        take = np.where(inside, offsets[users] + steps, 0)
        x = torch.from_numpy(np.where(inside, codes[take], 0))
        outputs, _state = network(x, torch.from_numpy(inputs[take]), torch.from_numpy(own), table)
        for column, row in enumerate(rows.tolist()):
            mine = order[firsts[row] : lasts[row]]
            found[torch.from_numpy(mine)] = outputs[torch.from_numpy(places[mine] - offsets[wanted[row]]), column]
    return found
