"""The scalar LSTM of Beck et al. (2024), "xLSTM: extended long short-term memory", arXiv 2405.04517, section 2.2.

    i, f, z, o = split(W x_t + b + R h_{t-1})
    m_t = max(log f + m_{t-1}, i)                     the stabiliser: exponential gates without overflow
    i' = exp(i - m_t),   f' = exp(log f + m_{t-1} - m_t)
    c_t = f' * c_{t-1} + i' * tanh(z)                 the memory
    n_t = f' * n_{t-1} + i'                           the normaliser: the sum of the weights in c
    h_t = sigmoid(o) * c_t / n_t

log f = log sigmoid(f), or f itself with `forget` "exp". As long as nothing has been remembered (n = 0) m_t = i: states
of zeros are the empty memory, and n_t >= 1 afterwards. R is block-diagonal: with `heads` (section 2.2, "new memory
mixing") a unit sees the h of its own head alone, H / heads units; 1 head is a full R.

Shapes, one step: `projected_input` = W x_t + b [B, 4H]; state (h, c, n, m), each [B, H]; R [4H, H / heads], the rows of
each gate head by head. Gate order i, f, z, o; states and their order as in the authors' code.
Weights start as there (github.com/NX-AI/xlstm): R = 0; b = 0 but for f, whose bias falls from 5 to -7 over the units of
a head by a power law that is the flatter the deeper the layer; W from N(0, 2 / (5 F)) (Nguyen and Salazar 2019).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from recurra.cells.cell import Cell, Gate, State
from recurra.cells.weights import Weights, drop
from recurra.errors import InputError


@dataclass(frozen=True)
class SLSTM(Cell):
    """The cell and its variant: the number of heads, and the forget gate, "sigmoid" or "exp".

    InputError for heads below 1, another `forget`, and a number of units that the heads do not divide.
    """

    heads: int = 1
    forget: str = "sigmoid"

    name = "slstm"
    states = (
        State("h", "hidden state"),
        State("c", "cell state", memory=True),
        State("n", "normaliser"),
        State("m", "stabiliser"),
    )
    gates = (
        Gate("i", "input gate", "exp"),
        Gate("f", "forget gate", "exp", keeps="open"),
        Gate("z", "new value", "tanh"),
        Gate("o", "output gate"),
    )
    options = frozenset({"bias", "recurrent_dropout"})
    refusals = {  # noqa: RUF012  # of a dataclass: not a field, being without annotation
        "zoneout": "c, n and m are one memory in three parts, of which none can keep its old value alone",
    }

    def __post_init__(self) -> None:
        if isinstance(self.heads, bool) or not isinstance(self.heads, int) or self.heads < 1:
            raise InputError(f"heads is {self.heads!r}: expected a whole number of at least 1")
        if self.forget not in ("sigmoid", "exp"):
            raise InputError(f"forget is {self.forget!r}: expected 'sigmoid' or 'exp'")

    def activate(
        self, projected_input: Tensor, state: tuple[Tensor, ...], weights: Weights, dropout: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """The first half of a step: i', f', tanh(z), sigmoid(o), and m_t."""
        h, _, n, m = state
        i, f, z, o = (projected_input + self._mixed(drop(h, dropout), weights)).chunk(4, dim=-1)
        past = (functional.logsigmoid(f) if self.forget == "sigmoid" else f) + m
        m = torch.where(n == 0, i, torch.maximum(past, i))
        return (i - m).exp(), torch.where(n == 0, 0, past - m).exp(), z.tanh(), o.sigmoid(), m

    def update(self, gates: tuple[Tensor, ...], state: tuple[Tensor, ...], weights: Weights) -> tuple[Tensor, ...]:
        """The second half: (i', f', z, o, m) and the old (h, c, n, m) -> the new one."""
        i, f, z, o, m = gates
        c, n = f * state[1] + i * z, f * state[2] + i
        return o * c / n, c, n, m

    def _mixed(self, h: Tensor, weights: Weights) -> Tensor:
        """R h: [B, H] -> [B, 4H], head by head."""
        assert weights.recurrent is not None
        if self.heads == 1:
            return functional.linear(h, weights.recurrent)
        blocks = weights.recurrent.view(4, self.heads, -1, weights.recurrent.shape[1])
        parts = h.reshape(len(h), self.heads, -1)
        return torch.einsum("bkj,gkij->bgki", parts, blocks).reshape(len(h), -1)

    # ---- the weights

    def parameters(self, hidden: int, width: int) -> dict[str, tuple[int, ...]]:
        """R."""
        if hidden % self.heads:
            raise InputError(f"hidden_size is {hidden}: expected a multiple of heads, {self.heads}")
        return {"recurrent": (4 * hidden, hidden // self.heads)}

    def initialise(self, name: str, parameter: Tensor, hidden: int, depth: float, features: int) -> None:
        """As the authors' code."""
        if name == "input_weight":
            nn.init.normal_(parameter, std=(2 / (5 * features)) ** 0.5)
            return
        nn.init.zeros_(parameter)
        if name == "input_bias":
            units = hidden // self.heads
            place = torch.arange(units, dtype=torch.float64) / max(units - 1, 1)
            falling = 5 - 12 * place ** (0.3 + 1.3 * depth)
            with torch.no_grad():
                parameter[hidden : 2 * hidden].copy_(falling.repeat(self.heads))

    # ---- what inspection sees

    def memory(self, state: tuple[Tensor, ...]) -> Tensor:
        """c / n: what is remembered, in a scale of its own at every step otherwise; 0 where nothing is."""
        _, c, n, _ = state
        return c / torch.where(n == 0, 1, n)

    def with_memory(self, state: tuple[Tensor, ...], memory: Tensor) -> tuple[Tensor, ...]:
        """The state with another c / n."""
        h, _, n, m = state
        return h, memory * n, n, m

    def kept(self, gates: tuple[Tensor, ...], old: tuple[Tensor, ...], new: tuple[Tensor, ...]) -> Tensor:
        """f' n_{t-1} / n_t: how much of c_t / n_t is c_{t-1} / n_{t-1}."""
        return gates[1] * old[2] / new[2]
