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

from torch import Tensor
from torch.nn import functional

from recurra.cells.cell import Cell, Gate, State
from recurra.cells.weights import EPSILON, Weights, drop, recur


@dataclass(frozen=True)
class LSTM(Cell):
    """The cell; it has no variant of its own."""

    name = "lstm"
    states = (State("h", "hidden state"), State("c", "cell state", memory=True))
    gates = (
        Gate("i", "input gate"),
        Gate("f", "forget gate", keeps="open", opened=1.0),  # Jozefowicz et al. (2015)
        Gate("g", "new value", "tanh"),
        Gate("o", "output gate"),
    )
    options = frozenset({"bias", "layer_norm", "peepholes", "proj_size", "recurrent_dropout", "zoneout"})

    def parameters(self, hidden: int, width: int) -> dict[str, tuple[int, ...]]:
        """U and b_U; then what its variants add."""
        return {
            "recurrent": (4 * hidden, width), "bias": (4 * hidden,), "projection": (width, hidden),
            "peephole": (3, hidden), "norm": (4 * hidden,), "norm_cell": (2, hidden), "norm_input": (4 * hidden,),
        }  # fmt: skip

    def activate(
        self, projected_input: Tensor, state: tuple[Tensor, ...], weights: Weights, dropout: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """The first half of a step: sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)."""
        h, c = state
        i, f, g, o = (projected_input + recur(drop(h, dropout), weights)).chunk(4, dim=-1)
        if weights.peephole is None:
            return i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        p_i, p_f, p_o = weights.peephole
        i, f, g = (i + p_i * c).sigmoid(), (f + p_f * c).sigmoid(), g.tanh()
        return i, f, g, (o + p_o * (f * c + i * g)).sigmoid()

    def update(self, gates: tuple[Tensor, ...], state: tuple[Tensor, ...], weights: Weights) -> tuple[Tensor, ...]:
        """The second half: (i, f, g, o) and the old (h, c) -> (h, c)."""
        i, f, g, o = gates
        c = f * state[1] + i * g
        if weights.norm_cell is not None:
            gain, bias = weights.norm_cell
            h = o * functional.layer_norm(c, c.shape[-1:], gain, bias, EPSILON).tanh()
        else:
            h = o * c.tanh()
        if weights.projection is not None:
            h = functional.linear(h, weights.projection)
        return h, c
