"""The long short-term memory (Hochreiter and Schmidhuber 1997; Gers et al. 2000), forward, and backward by hand.

    a_i, a_f, a_g, a_o = split(W x_t + b + U h_{t-1} + b_U)
    i = sigmoid(a_i)   f = sigmoid(a_f)   g = tanh(a_g)   o = sigmoid(a_o)
    c_t = f * c_{t-1} + i * g
    h_t = o * tanh(c_t)

c_t is a state of its own here, and the sum is what keeps its gradient alive: dJ/dc_{t-1} has the summand dJ/dc_t * f.

Shapes: x [T, F]; c, h and every gate [T, H]; W = weight_ih [4H, F]; U = weight_hh [4H, H];
b = bias_ih and b_U = bias_hh [4H].
Names and gate order i, f, g, o as in torch.nn.LSTMCell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recurra.textbook.arrays import Array, as_gated, sigmoid, zeros


@dataclass(frozen=True, eq=False)
class LSTM:
    """The parameters: weight_ih [4H, F], weight_hh [4H, H], bias_ih [4H], bias_hh [4H].

    Errors: InputError for shapes that do not fit each other, and numbers that are not finite.

    >>> cell = LSTM(np.ones((4, 1)), np.ones((4, 1)), np.zeros(4), np.zeros(4))
    >>> cell.forward(np.array([[1.0]]), (np.zeros(1), np.zeros(1))).c.round(4)
    array([[0.5568]])
    """

    weight_ih: Array
    weight_hh: Array
    bias_ih: Array
    bias_hh: Array

    PARAMETERS: ClassVar[tuple[str, ...]] = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    STATES: ClassVar[tuple[str, ...]] = ("h", "c")
    GATES: ClassVar[str] = "ifgo"

    def __post_init__(self) -> None:
        for name, array in as_gated(4, {name: getattr(self, name) for name in self.PARAMETERS}).items():
            object.__setattr__(self, name, array)

    @property
    def units(self) -> int:
        """H."""
        return self.weight_hh.shape[1]

    @property
    def inputs(self) -> int:
        """F."""
        return self.weight_ih.shape[1]

    def forward(self, x: Array, state: tuple[Array, ...]) -> Forward:
        """All steps of x [T, F] from the state (h_0 [H], c_0 [H])."""
        W, U, b, b_U = self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
        a = np.zeros((len(x), 4 * self.units))
        i, f, g, o, c, h = zeros(6, len(x), self.units)
        h_before, c_before = state
        for t in range(len(x)):
            a[t] = W @ x[t] + b + U @ h_before + b_U
            a_i, a_f, a_g, a_o = np.split(a[t], 4)
            i[t], f[t], g[t], o[t] = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
            c[t] = c_before = f[t] * c_before + i[t] * g[t]
            h[t] = h_before = o[t] * np.tanh(c[t])
        return Forward(self, x, state[0], state[1], a, i, f, g, o, c, h)


@dataclass(frozen=True, eq=False)
class Forward:
    """What the forward pass computed: a [T, 4H]; i, f, g, o, c and h [T, H]; beside the cell, x, h_0 and c_0."""

    cell: LSTM
    x: Array
    h_0: Array
    c_0: Array
    a: Array
    i: Array
    f: Array
    g: Array
    o: Array
    c: Array
    h: Array

    @property
    def h_before(self) -> Array:
        """h_{t-1} for every t [T, H]."""
        return np.concatenate([self.h_0[np.newaxis], self.h])[:-1]

    @property
    def c_before(self) -> Array:
        """c_{t-1} for every t [T, H]."""
        return np.concatenate([self.c_0[np.newaxis], self.c])[:-1]

    def state(self, t: int) -> tuple[Array, ...]:
        """(h_t, c_t) after t steps; t = 0 is the initial state."""
        return (self.h[t - 1], self.c[t - 1]) if t else (self.h_0, self.c_0)

    def backward(self, from_output: Array, later: tuple[Array, ...]) -> Backward:
        """Back through time.

            dJ/dh_t = (from the output at t) + U^T dJ/da_{t+1}
            dJ/dc_t = dJ/dh_t * o * (1 - tanh(c_t)^2) + dJ/dc_{t+1} * f_{t+1}
            dJ/di = dJ/dc_t * g    dJ/df = dJ/dc_t * c_{t-1}    dJ/dg = dJ/dc_t * i    dJ/do = dJ/dh_t * tanh(c_t)
            dJ/da = each times the slope of its own sigmoid or tanh

        `from_output` [T, H] is what each step's own loss sends to h_t; `later` ([H], [H]) is what reaches h_T and c_T
        from beyond.
        """
        U = self.cell.weight_hh
        c_before = self.c_before
        da = np.zeros_like(self.a)
        dh, dc, dc_from_h, h_from_later, c_from_later = zeros(5, *self.h.shape)
        h_arriving, c_arriving = later
        for t in reversed(range(len(self.h))):
            i, f, g, o, tanh_c = self.i[t], self.f[t], self.g[t], self.o[t], np.tanh(self.c[t])
            h_from_later[t], c_from_later[t] = h_arriving, c_arriving
            dh[t] = from_output[t] + h_from_later[t]
            dc_from_h[t] = dh[t] * o * (1 - tanh_c**2)
            dc[t] = dc_from_h[t] + c_from_later[t]
            di, df, dg, do = dc[t] * g, dc[t] * c_before[t], dc[t] * i, dh[t] * tanh_c
            da[t] = np.concatenate([di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)])
            h_arriving, c_arriving = U.T @ da[t], dc[t] * f
        return Backward(self, from_output, h_from_later, c_from_later, dc_from_h, dh, dc, da, h_arriving, c_arriving)


@dataclass(frozen=True, eq=False)
class Backward:
    """The gradients of J: dh = from_output + h_from_later, dc = dc_from_h + c_from_later [T, H], da [T, 4H]."""

    run: Forward
    from_output: Array
    h_from_later: Array
    c_from_later: Array
    dc_from_h: Array
    dh: Array
    dc: Array
    da: Array
    dh_0: Array
    dc_0: Array

    @property
    def dx(self) -> Array:
        """dJ/dx_t = W^T dJ/da_t [T, F]."""
        return self.da @ self.run.cell.weight_ih

    @property
    def dstate(self) -> tuple[Array, ...]:
        """The gradient by the initial state."""
        return (self.dh_0, self.dc_0)

    def summands(self) -> dict[str, Array]:
        """What each step adds to the gradient of each parameter [T, ...].

        dJ/dW = sum_t dJ/da_t x_t^T,   dJ/dU = sum_t dJ/da_t h_{t-1}^T,   dJ/db = dJ/db_U = sum_t dJ/da_t
        """
        return {
            "weight_ih": np.einsum("ti,tj->tij", self.da, self.run.x),
            "weight_hh": np.einsum("ti,tj->tij", self.da, self.run.h_before),
            "bias_ih": self.da,
            "bias_hh": self.da,
        }
