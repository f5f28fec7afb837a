"""The gated recurrent unit of Cho et al. (2014).

    r = sigmoid(W_r x_t + b_r + U_r h_{t-1} + b_Ur)
    z = sigmoid(W_z x_t + b_z + U_z h_{t-1} + b_Uz)
    n = tanh(W_n x_t + b_n + r * (U_n h_{t-1} + b_Un))      reset_after: the form of torch and cuDNN
    n = tanh(W_n x_t + b_n + U_n (r * h_{t-1}) + b_Un)      else: the form of the paper, and ONNX's default
    h_t = (1 - z) * n + z * h_{t-1}

Layer norm (Ba et al. 2016) takes norm * LN(U h_{t-1}) in place of U h_{t-1}, over all three blocks together.

Shapes, one step: `projected_input` = W x_t + b [B, 3H]; state (h [B, H]); U [3H, H]; b_U [3H]. Gate order r, z, n.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from recurra.cells.cell import Cell, Gate, State
from recurra.cells.weights import Weights, drop, recur


@dataclass(frozen=True)
class GRU(Cell):
    """The cell and its variant: whether the reset gate comes after the product with U_n, or before it."""

    reset_after: bool = True

    name = "gru"
    states = (State("h", "hidden state", memory=True),)
    gates = (Gate("r", "reset gate"), Gate("z", "update gate", keeps="open"), Gate("n", "new value", "tanh"))
    options = frozenset({"bias", "layer_norm", "recurrent_dropout", "zoneout"})

    def parameters(self, hidden: int, width: int) -> dict[str, tuple[int, ...]]:
        """U and b_U; with layer norm its gains."""
        return {"recurrent": (3 * hidden, width), **dict.fromkeys(("bias", "norm", "norm_input"), (3 * hidden,))}

    def activate(
        self, projected_input: Tensor, state: tuple[Tensor, ...], weights: Weights, dropout: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """The first half of a step: r, z, n."""
        (h,) = state
        x_r, x_z, x_n = projected_input.chunk(3, dim=-1)
        if not self.reset_after:
            return _reset_before(x_r, x_z, x_n, drop(h, dropout), weights)
        u_r, u_z, u_n = recur(drop(h, dropout), weights).chunk(3, dim=-1)
        r, z = (x_r + u_r).sigmoid(), (x_z + u_z).sigmoid()
        return r, z, (x_n + r * u_n).tanh()

    def update(self, gates: tuple[Tensor, ...], state: tuple[Tensor, ...], weights: Weights) -> tuple[Tensor, ...]:
        """The second half: (r, z, n) and the old (h,) -> (h,)."""
        _, z, n = gates
        (h,) = state
        return ((1 - z) * n + z * h,)


def _reset_before(x_r: Tensor, x_z: Tensor, x_n: Tensor, h: Tensor, weights: Weights) -> tuple[Tensor, Tensor, Tensor]:
    assert weights.recurrent is not None
    hidden = h.shape[-1]
    gates, new = weights.recurrent.split([2 * hidden, hidden])
    b_gates, b_new = (None, None) if weights.bias is None else weights.bias.split([2 * hidden, hidden])
    u_r, u_z = functional.linear(h, gates, b_gates).chunk(2, dim=-1)
    r, z = (x_r + u_r).sigmoid(), (x_z + u_z).sigmoid()
    return r, z, (x_n + functional.linear(r * h, new, b_new)).tanh()
