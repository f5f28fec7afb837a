"""The long short-term memory of Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000).

    i, f, g, o = split(W x_t + b + U h_{t-1} + b_U)
    c_t = sigmoid(f) * c_{t-1} + sigmoid(i) * tanh(g)
    h_t = sigmoid(o) * tanh(c_t)

Its variants show by their weights being there:

    peepholes   i + p_i * c_{t-1},  f + p_f * c_{t-1},  o + p_o * c_t       Gers and Schmidhuber (2000)
    layer norm  norm * LN(U h_{t-1}) in place of U h_{t-1},
                h_t = sigmoid(o) * tanh(gain * LN(c_t) + bias)              Ba et al. (2016), equations 20 to 22
    projection  h_t = P (sigmoid(o) * tanh(c_t))                            Sak et al. (2014)

Shapes, one step: `projected_input` = W x_t + b [B, 4H]; state (h [B, R], c [B, H]); U [4H, R]; b_U [4H].
Gate order i, f, g, o, as in torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn import functional

from recurra.cells.weights import EPSILON, Weights, drop, recur


@dataclass(frozen=True)
class LSTM:
    """The cell; it has no variant of its own."""

    GATES: ClassVar[int] = 4
    STATES: ClassVar[int] = 2

    def step(
        self, projected_input: Tensor, state: tuple[Tensor, ...], weights: Weights, dropout: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """One time step: `projected_input` [B, 4H], state (h, c), `dropout` [B, R] on the h that enters U -> (h, c)."""
        h, c = state
        i, f, g, o = (projected_input + recur(drop(h, dropout), weights)).chunk(4, dim=-1)
        if weights.peephole is not None:
            p_i, p_f, p_o = weights.peephole
            i, f = i + p_i * c, f + p_f * c
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            o = o + p_o * c
        else:
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        if weights.norm_cell is not None:
            gain, bias = weights.norm_cell
            h = o.sigmoid() * functional.layer_norm(c, c.shape[-1:], gain, bias, EPSILON).tanh()
        else:
            h = o.sigmoid() * c.tanh()
        if weights.projection is not None:
            h = functional.linear(h, weights.projection)
        return h, c
