"""Blocks of a Transformer behind the interface of a recurrent layer, so that either may stand in a network.

    y_1 = W x + positions;  y_{k+1} = block_k(y_k);  y = norm(y_n)          see `nn.transformer.Block`

Of one direction it sees the steps so far, and its state is every key and value that it has computed: unlike a
recurrence's it grows with each step. Of both directions it sees all steps. With a `span` it sees so many steps, the
present one among them, and keeps no more; there are no positions then, but the scores fall with the distance, at
another slope in each head (Press et al. 2022, "Train short, test long"), so that it may go on for ever.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from recurra.errors import InputError
from recurra.language import _
from recurra.nn.front_ends import step_mask
from recurra.nn.regularisation import Regularisation
from recurra.nn.transformer import Block, positions
from recurra.nn.transformer_stream import TransformerStream

_HEADS = 4


class TransformerLayer(nn.Module):
    """`num_layers` blocks, D = `hidden_size` wide, twice that with `bidirectional`; layer norms are always there.

    regularisation    its recurrent dropout is the dropout of what blocks add; it takes nothing else
    dropout           used in its place where there is none
    span              the steps that are seen, where not all before

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
        span: int | None = None,
    ) -> None:
        super().__init__()
        if regularisation is not None:
            if regularisation != Regularisation(recurrent_dropout=regularisation.recurrent_dropout):
                raise InputError(f"{regularisation}: of these a Transformer takes recurrent_dropout alone")
            dropout = regularisation.recurrent_dropout or dropout
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bidirectional, self.span = bool(bidirectional), span
        if span is not None and (span < 1 or bidirectional):
            raise InputError(_("span is {span}: expected at least 1 step, of one direction", span=span))
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
        """x [T, B, F] -> y [T, B, D], zero after a row's end, and the state for what follows; () in both directions.

        A state is the keys and values [B, heads, P, d] of each block, and which of them are there [B, P].
        """
        if self.span is not None and len(x) > 2 * self.span:  # in pieces, since a score is computed of every pair
            return self._by_pieces(x, hx, lengths)
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
        if self.span is None:
            places = first.unsqueeze(1) + torch.arange(steps, device=x.device)
            y = y + positions(places.to(y.dtype), self.width).to(y.dtype)
        else:
            seen = self._falling(seen, there, steps)
        state: list[Tensor] = []
        blocks: Any = self.blocks
        for k, block in enumerate(blocks):
            y, past = block.own(y, seen, None if hx is None else (hx[2 * k], hx[2 * k + 1]))
            y = block.last(y)
            state += past
        y = self.norm(y).transpose(0, 1) * alive.unsqueeze(-1)
        if self.bidirectional:
            return y, ()
        return y, (*state, there) if self.span is None else self._latest(state, there, sort=lengths is not None)

    def step(self, x: Tensor, hx: tuple[Tensor, ...] | None = None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The next step x [B, F] -> y [B, D] and the state, one step longer."""
        if self.bidirectional:
            raise InputError("the layer is bidirectional: expected one direction, since the other begins at the end")
        y, state = self(x.unsqueeze(0), hx)
        return y[0], state

    @property
    def state_parts(self) -> int:
        """How many tensors a state has."""
        return 0 if self.bidirectional else 2 * self.num_layers + 1

    def nothing(self, batch: int) -> tuple[Tensor, ...]:
        """The state of `batch` rows that have seen nothing, as wide as it will ever be; for a layer with a span."""
        assert self.span is not None
        weight, past = self.enter.weight, self.span - 1
        heads: Any = self.blocks[0].heads
        keys = [weight.new_zeros(batch, heads, past, self.width // heads) for _ in range(2 * self.num_layers)]
        return *keys, torch.zeros(batch, past, dtype=torch.bool, device=weight.device)

    def stream(self, batch: int = 1, *, threads: int | None = None, head: nn.Linear | None = None) -> TransformerStream:
        """The layer a step at a time, as `recurra.nn` layers have it; PyTorch computes, on its own number of threads.

        Raises InputError without a span, since the state would grow with every step.
        """
        if self.span is None:
            raise InputError(_("a Transformer keeps every step, and more with each: give it a span to stream it"))
        return TransformerStream(self, head, batch)

    def _by_pieces(
        self, x: Tensor, hx: tuple[Tensor, ...] | None, lengths: Tensor | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        assert self.span is not None
        found: list[Tensor] = []
        for first in range(0, len(x), self.span):
            rest = None if lengths is None else (lengths - first).clamp(0, self.span)
            y, hx = self(x[first : first + self.span], hx, lengths=rest)
            found.append(y)
        assert hx is not None
        return torch.cat(found), hx

    def _falling(self, seen: Tensor, there: Tensor, steps: int) -> Tensor:
        """What is added to the scores [B or 1, heads, T, S]: less with the distance, nothing beyond the span."""
        assert self.span is not None
        if bool(there.all()):
            seen, there = seen[:1], there[:1]  # every row alike
        place = there.cumsum(1)
        far = (place[:, -steps:, None] - place[:, None]).unsqueeze(1)
        heads: Any = self.blocks[0].heads
        slopes = 2.0 ** (-8.0 * torch.arange(1, heads + 1, device=there.device) / heads)
        falling = -slopes.view(-1, 1, 1) * far.abs()
        return falling.masked_fill(~seen | (far >= self.span) & there[:, None, -steps:, None], -math.inf)

    def _latest(self, state: list[Tensor], there: Tensor, *, sort: bool) -> tuple[Tensor, ...]:
        """A state of at most `span` - 1 steps; with `sort` the last that are there, of rows that ended."""
        assert self.span is not None
        most = self.span - 1
        first = max(there.shape[1] - most, 0)
        if not sort or not first:
            return *(part[:, :, first:] for part in state), there[:, first:]
        order = there.to(torch.uint8).argsort(dim=1, stable=True)[:, first:]
        rows = order[:, None, :, None]
        return *(p.gather(2, rows.expand(-1, p.shape[1], -1, p.shape[3])) for p in state), there.gather(1, order)
