"""Blocks of a Transformer behind the interface of a recurrent layer, so that either may stand in a network.

    y_1 = W x + positions;  y_{k+1} = block_k(y_k);  y = norm(y_n)          see `nn.transformer.Block`

Of one direction it sees the steps so far, and its state is every key and value that it has computed: unlike a
recurrence's it grows with each step. Of both directions it sees all steps.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from recurra.errors import InputError
from recurra.nn.front_ends import step_mask
from recurra.nn.regularisation import Regularisation
from recurra.nn.transformer import Block, positions

_HEADS = 4


class TransformerLayer(nn.Module):
    """`num_layers` blocks, D = `hidden_size` wide, twice that with `bidirectional`; layer norms are always there.

    regularisation    its recurrent dropout is the dropout of what blocks add; it takes nothing else
    dropout           used in its place where there is none

    Raises InputError for another regularisation.

    >>> layer = TransformerLayer(3, 8).eval()
    >>> x = torch.randn(5, 2, 3)
    >>> y, state = layer(x[:4])
    >>> last, _ = layer.step(x[4], state)
    >>> bool((last - layer(x)[0][4]).abs().max() < 1e-5)
    True
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        dropout: float = 0.0,
        bidirectional: bool = False,
        layer_norm: bool = True,
        regularisation: Regularisation | None = None,
    ) -> None:
        super().__init__()
        if regularisation is not None:
            if regularisation != Regularisation(recurrent_dropout=regularisation.recurrent_dropout):
                raise InputError(f"{regularisation}: of these a Transformer takes recurrent_dropout alone")
            dropout = regularisation.recurrent_dropout or dropout
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bidirectional = bool(bidirectional)
        self.width = hidden_size * (2 if bidirectional else 1)
        heads = next(count for count in range(_HEADS, 0, -1) if self.width % count == 0)
        self.enter = nn.Linear(input_size, self.width)
        self.blocks = nn.ModuleList(Block(self.width, heads, dropout) for _ in range(num_layers))
        self.norm = nn.LayerNorm(self.width)

    def open_gates(self) -> None:
        """Do nothing: there are none."""

    def forward(
        self, x: Tensor, hx: tuple[Tensor, ...] | None = None, *, lengths: Tensor | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """x [T, B, F] -> y [T, B, D], zero after a row's end, and the state for what follows; () in both directions."""
        steps, batch = x.shape[:2]
        alive = step_mask(lengths, steps) if lengths is not None else x.new_ones(steps, batch, dtype=torch.bool)
        there = alive.T  # [B, T]
        if self.bidirectional:
            if hx:
                raise InputError("the layer is bidirectional and was given a state: it begins anew with every sequence")
            seen, first = there[:, None, None], x.new_zeros(batch, dtype=torch.long)
        else:
            before = x.new_zeros(batch, 0, dtype=torch.bool) if hx is None else hx[-1]
            first = before.sum(1)
            causal = torch.ones(steps, steps, dtype=torch.bool, device=x.device).tril()
            seen = torch.cat([before[:, None].expand(-1, steps, -1), causal & there[:, None]], dim=-1)[:, None]
            seen = seen | ~there[:, None, :, None]  # an ended row looks anywhere: it is zero in the end
            there = torch.cat([before, there], dim=1)
        y = self.enter(x.transpose(0, 1))
        places = first.unsqueeze(1) + torch.arange(steps, device=x.device)
        y = y + positions(places.to(y.dtype), self.width).to(y.dtype)
        state: list[Tensor] = []
        blocks: Any = self.blocks
        for k, block in enumerate(blocks):
            y, past = block.own(y, seen, None if hx is None else (hx[2 * k], hx[2 * k + 1]))
            y = block.last(y)
            state += past
        y = self.norm(y).transpose(0, 1) * alive.unsqueeze(-1)
        return y, () if self.bidirectional else (*state, there)

    def step(self, x: Tensor, hx: tuple[Tensor, ...] | None = None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The next step x [B, F] -> y [B, D] and the state, one step longer."""
        if self.bidirectional:
            raise InputError("the layer is bidirectional: expected one direction, since the other begins at the end")
        y, state = self(x.unsqueeze(0), hx)
        return y[0], state
