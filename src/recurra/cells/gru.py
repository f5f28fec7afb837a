"""The gated recurrent unit of Cho et al. (2014), in the form of torch and cuDNN: the reset gate after the product.

    r = sigmoid(W_r x_t + b_r + U_r h_{t-1} + b_Ur)
    z = sigmoid(W_z x_t + b_z + U_z h_{t-1} + b_Uz)
    n = tanh(W_n x_t + b_n + r * (U_n h_{t-1} + b_Un))
    h_t = (1 - z) * n + z * h_{t-1}

Shapes, one step: `projected_input` = W x_t + b [B, 3H]; state (h [B, H]); U [3H, H]; b_U [3H]. Gate order r, z, n.
"""

from __future__ import annotations

from torch import Tensor, nn

GATES = 3
STATES = 1


def step(projected_input: Tensor, state: tuple[Tensor, ...], weights: tuple[Tensor, Tensor | None]) -> tuple[Tensor]:
    """One time step: `projected_input` [B, 3H], state (h,), weights (U, b_U) -> (h,)."""
    (h,) = state
    recurrent, bias = weights
    x_r, x_z, x_n = projected_input.chunk(3, dim=-1)
    u_r, u_z, u_n = nn.functional.linear(h, recurrent, bias).chunk(3, dim=-1)
    z = (x_z + u_z).sigmoid()
    n = (x_n + (x_r + u_r).sigmoid() * u_n).tanh()
    return ((1 - z) * n + z * h,)
