"""The simple recurrent cell of Elman (1990), "Finding structure in time".

    h_t = f(W x_t + b + U h_{t-1} + b_U)            f = tanh, relu, or any function of a tensor

Shapes, one step: `projected_input` = W x_t + b [B, H]; state (h [B, H]); U [H, H]; b_U [H].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from recurra.cells.cell import Cell, Gate, State
from recurra.cells.weights import Weights, drop, recur

NONLINEARITIES: dict[str, Callable[[Tensor], Tensor]] = {"tanh": torch.tanh, "relu": torch.relu}
_GATES = {name: (Gate("n", "new value", name, is_state=True),) for name in ("tanh", "relu", "own")}


@dataclass(frozen=True)
class RNN(Cell):
    """The cell and its variant: "tanh", "relu", or a callable [B, H] -> [B, H], which runs on the reference only."""

    nonlinearity: str | Callable[[Tensor], Tensor] = "tanh"

    name = "rnn"
    states = (State("h", "hidden state", memory=True),)
    options = frozenset({"bias", "layer_norm", "recurrent_dropout", "zoneout"})
    blocks = 1

    @property
    def gates(self) -> tuple[Gate, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]  # by the nonlinearity
        """The new value, which no gate guards."""
        return _GATES["own" if callable(self.nonlinearity) else self.nonlinearity]

    def parameters(self, hidden: int, width: int) -> dict[str, tuple[int, ...]]:
        """U and b_U; with layer norm its gains."""
        return {"recurrent": (hidden, width), **dict.fromkeys(("bias", "norm", "norm_input"), (hidden,))}

    def activate(
        self, projected_input: Tensor, state: tuple[Tensor, ...], weights: Weights, dropout: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """The first half of a step: the new value, which no gate guards."""
        (h,) = state
        f = NONLINEARITIES[self.nonlinearity] if isinstance(self.nonlinearity, str) else self.nonlinearity
        return (f(projected_input + recur(drop(h, dropout), weights)),)

    def update(self, gates: tuple[Tensor, ...], state: tuple[Tensor, ...], weights: Weights) -> tuple[Tensor, ...]:
        """The second half: (n,) -> (h,)."""
        return gates
