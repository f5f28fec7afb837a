"""The simple recurrent cell of Elman (1990), "Finding structure in time".

    h_t = f(W x_t + b + U h_{t-1} + b_U)            f = tanh, relu, or any function of a tensor

Shapes, one step: `projected_input` = W x_t + b [B, H]; state (h [B, H]); U [H, H]; b_U [H].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from recurra.cells.weights import Weights, drop, recur

NONLINEARITIES: dict[str, Callable[[Tensor], Tensor]] = {"tanh": torch.tanh, "relu": torch.relu}


@dataclass(frozen=True)
class RNN:
    """The cell and its variant: "tanh", "relu", or a callable [B, H] -> [B, H], which runs on the reference only."""

    nonlinearity: str | Callable[[Tensor], Tensor] = "tanh"

    GATES: ClassVar[int] = 1
    STATES: ClassVar[int] = 1
    NAMES: ClassVar[tuple[str, ...]] = ("n",)

    def step(
        self, projected_input: Tensor, state: tuple[Tensor, ...], weights: Weights, dropout: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """One time step: `projected_input` [B, H], state (h,), `dropout` [B, H] on the h that enters U -> (h,)."""
        return self.update(self.gates(projected_input, state, weights, dropout), state, weights)

    def gates(
        self, projected_input: Tensor, state: tuple[Tensor, ...], weights: Weights, dropout: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """The first half of a step: the new value, which no gate guards."""
        (h,) = state
        f = NONLINEARITIES[self.nonlinearity] if isinstance(self.nonlinearity, str) else self.nonlinearity
        return (f(projected_input + recur(drop(h, dropout), weights)),)

    def update(self, gates: tuple[Tensor, ...], state: tuple[Tensor, ...], weights: Weights) -> tuple[Tensor, ...]:
        """The second half: (n,) -> (h,)."""
        return gates
