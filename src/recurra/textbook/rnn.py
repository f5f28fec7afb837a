"""The simple recurrent network of Elman (1990), forward, and backward through time by hand (Werbos 1990).

    c_t = W_xh x_t + W_hh h_{t-1} + b_h
    h_t = tanh(c_t)

c_t is a pre-activation and nothing that the network remembers: all that goes on to step t+1 is h_t.

Shapes: F inputs, H hidden units, T steps of one sequence. x [T, F]; c, h [T, H]; W_xh [H, F]; W_hh [H, H]; b_h [H].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recurra.errors import InputError
from recurra.textbook.arrays import Array, as_array, zeros

NONLINEARITIES = ("tanh", "relu")


@dataclass(frozen=True, eq=False)
class RNN:
    """The parameters: W_xh [H, F], W_hh [H, H], b_h [H]; `nonlinearity` is "tanh", or "relu" in its place.

    b_h is the sum of torch's bias_ih and bias_hh.

    Errors: InputError for shapes that do not fit each other, numbers that are not finite, another nonlinearity.

    >>> RNN(W_xh=[[0.6]], W_hh=[[0.8]], b_h=[0.1]).forward(np.array([[0.5]]), (np.zeros(1),)).c
    array([[0.4]])
    """

    W_xh: Array
    W_hh: Array
    b_h: Array
    nonlinearity: str = "tanh"

    PARAMETERS: ClassVar[tuple[str, ...]] = ("W_xh", "W_hh", "b_h")
    STATES: ClassVar[tuple[str, ...]] = ("h",)

    def __post_init__(self) -> None:
        if self.nonlinearity not in NONLINEARITIES:
            raise InputError(f"nonlinearity is {self.nonlinearity!r}: expected one of {', '.join(NONLINEARITIES)}")
        object.__setattr__(self, "W_xh", as_array("W_xh", self.W_xh, "H", "F"))
        object.__setattr__(self, "W_hh", as_array("W_hh", self.W_hh, self.units, self.units))
        object.__setattr__(self, "b_h", as_array("b_h", self.b_h, self.units))

    @property
    def units(self) -> int:
        """H."""
        return self.W_xh.shape[0]

    @property
    def inputs(self) -> int:
        """F."""
        return self.W_xh.shape[1]

    def forward(self, x: Array, state: tuple[Array, ...]) -> Forward:
        """All steps of x [T, F] from the state (h_0 [H],)."""
        W_xh, W_hh, b_h = self.W_xh, self.W_hh, self.b_h
        f = np.tanh if self.nonlinearity == "tanh" else _relu
        c, h = zeros(2, len(x), self.units)
        (before,) = state  # h_{t-1}
        for t in range(len(x)):
            c[t] = W_xh @ x[t] + W_hh @ before + b_h
            h[t] = before = f(c[t])
        return Forward(self, x, state[0], c, h)


@dataclass(frozen=True, eq=False)
class Forward:
    """What the forward pass computed: c and h [T, H], beside the cell, x [T, F] and h_0 [H]."""

    cell: RNN
    x: Array
    h_0: Array
    c: Array
    h: Array

    @property
    def h_before(self) -> Array:
        """h_{t-1} for every t [T, H]."""
        return np.concatenate([self.h_0[np.newaxis], self.h])[:-1]

    def state(self, t: int) -> tuple[Array, ...]:
        """(h_t,) after t steps; t = 0 is the initial state."""
        return (self.h[t - 1] if t else self.h_0,)

    def backward(self, from_output: Array, later: tuple[Array, ...]) -> Backward:
        """Back through time.

            dJ/dh_t = (from the output at t) + W_hh^T dJ/dc_{t+1}
            dJ/dc_t = dJ/dh_t * f'(c_t)                                 tanh' = 1 - h_t^2

        `from_output` [T, H] is what each step's own loss sends to h_t; `later` ([H],) is what reaches h_T from beyond.
        """
        W_hh = self.cell.W_hh
        slope = 1.0 - self.h**2 if self.cell.nonlinearity == "tanh" else (self.c > 0.0).astype(np.float64)
        dh, dc, from_later = zeros(3, *self.h.shape)
        (arriving,) = later
        for t in reversed(range(len(self.h))):
            from_later[t] = arriving
            dh[t] = from_output[t] + from_later[t]
            dc[t] = dh[t] * slope[t]
            arriving = W_hh.T @ dc[t]
        return Backward(self, from_output, from_later, dh, dc, arriving)


@dataclass(frozen=True, eq=False)
class Backward:
    """The gradients of J: dh = from_output + from_later and dc [T, H], and dh_0 [H]."""

    run: Forward
    from_output: Array
    from_later: Array
    dh: Array
    dc: Array
    dh_0: Array

    @property
    def dx(self) -> Array:
        """dJ/dx_t = W_xh^T dJ/dc_t [T, F]."""
        return self.dc @ self.run.cell.W_xh

    @property
    def dstate(self) -> tuple[Array, ...]:
        """The gradient by the initial state."""
        return (self.dh_0,)

    def summands(self) -> dict[str, Array]:
        """What each step adds to the gradient of each parameter [T, ...]: the parameters are the same at every step.

        dJ/dW_xh = sum_t dJ/dc_t x_t^T,   dJ/dW_hh = sum_t dJ/dc_t h_{t-1}^T,   dJ/db_h = sum_t dJ/dc_t
        """
        return {
            "W_xh": np.einsum("ti,tj->tij", self.dc, self.run.x),
            "W_hh": np.einsum("ti,tj->tij", self.dc, self.run.h_before),
            "b_h": self.dc,
        }


def _relu(c: Array) -> Array:
    return np.maximum(c, 0.0)
