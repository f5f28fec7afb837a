"""The simple recurrent cell of Elman (1990), "Finding structure in time".

    h_t = tanh(W x_t + b + U h_{t-1} + b_U)

Shapes, one step: `projected_input` = W x_t + b [B, H]; state (h [B, H]); U [H, H]; b_U [H].
"""

from __future__ import annotations

from torch import Tensor, nn

GATES = 1
STATES = 1


def step(projected_input: Tensor, state: tuple[Tensor, ...], weights: tuple[Tensor, Tensor | None]) -> tuple[Tensor]:
    """One time step: `projected_input` [B, H], state (h,), weights (U, b_U) -> (h,)."""
    (h,) = state
    recurrent, bias = weights
    return ((projected_input + nn.functional.linear(h, recurrent, bias)).tanh(),)
