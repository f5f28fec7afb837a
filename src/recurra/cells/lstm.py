"""The long short-term memory of Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000).

    i, f, g, o = split(W x_t + b + U h_{t-1} + b_U)
    c_t = sigmoid(f) * c_{t-1} + sigmoid(i) * tanh(g)
    h_t = sigmoid(o) * tanh(c_t)

Shapes, one step: `projected_input` = W x_t + b [B, 4H]; state (h [B, H], c [B, H]); U [4H, H]; b_U [4H].
Gate order i, f, g, o, as in torch.
"""

from __future__ import annotations

from torch import Tensor, nn

GATES = 4
STATES = 2


def step(
    projected_input: Tensor, state: tuple[Tensor, ...], weights: tuple[Tensor, Tensor | None]
) -> tuple[Tensor, Tensor]:
    """One time step: `projected_input` [B, 4H], state (h, c), weights (U, b_U) -> (h, c)."""
    h, c = state
    recurrent, bias = weights
    i, f, g, o = (projected_input + nn.functional.linear(h, recurrent, bias)).chunk(4, dim=-1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c
