"""The gated recurrent unit of Cho et al. (2014) in both of its forms, forward, and backward by hand.

    a_r = W_r x_t + b_r + U_r h_{t-1} + b_Ur              r = sigmoid(a_r)
    a_z = W_z x_t + b_z + U_z h_{t-1} + b_Uz              z = sigmoid(a_z)
    a_n = W_n x_t + b_n + r * u,  u = U_n h_{t-1} + b_Un  n = tanh(a_n)      reset_after: the form of torch and cuDNN
    a_n = W_n x_t + b_n + u,  u = U_n (r * h_{t-1}) + b_Un                   else: the form of the paper
    h_t = (1 - z) * n + z * h_{t-1}

Shapes: x [T, F]; h, u and every gate [T, H]; W = weight_ih [3H, F]; U = weight_hh [3H, H];
b = bias_ih and b_U = bias_hh [3H].
Names and gate order r, z, n as in torch.nn.GRUCell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recurra.textbook.arrays import Array, as_gated, sigmoid, zeros


@dataclass(frozen=True, eq=False)
class GRU:
    """The parameters: weight_ih [3H, F], weight_hh [3H, H], bias_ih [3H], bias_hh [3H], and which of the two forms.

    Errors: InputError for shapes that do not fit each other, and numbers that are not finite.

    >>> cell = GRU(np.ones((3, 1)), np.ones((3, 1)), np.zeros(3), np.zeros(3))
    >>> cell.forward(np.array([[1.0]]), (np.zeros(1),)).h.round(4)
    array([[0.2048]])
    """

    weight_ih: Array
    weight_hh: Array
    bias_ih: Array
    bias_hh: Array
    reset_after: bool = True

    PARAMETERS: ClassVar[tuple[str, ...]] = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    STATES: ClassVar[tuple[str, ...]] = ("h",)
    GATES: ClassVar[str] = "rzn"

    def __post_init__(self) -> None:
        for name, array in as_gated(3, {name: getattr(self, name) for name in self.PARAMETERS}).items():
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
        """All steps of x [T, F] from the state (h_0 [H],)."""
        W_r, W_z, W_n = np.split(self.weight_ih, 3)
        U_r, U_z, U_n = np.split(self.weight_hh, 3)
        b_r, b_z, b_n = np.split(self.bias_ih, 3)
        b_Ur, b_Uz, b_Un = np.split(self.bias_hh, 3)
        a_r, a_z, a_n, r, z, n, u, h = zeros(8, len(x), self.units)
        (before,) = state  # h_{t-1}
        for t in range(len(x)):
            a_r[t] = W_r @ x[t] + b_r + U_r @ before + b_Ur
            a_z[t] = W_z @ x[t] + b_z + U_z @ before + b_Uz
            r[t], z[t] = sigmoid(a_r[t]), sigmoid(a_z[t])
            if self.reset_after:
                u[t] = U_n @ before + b_Un
                a_n[t] = W_n @ x[t] + b_n + r[t] * u[t]
            else:
                u[t] = U_n @ (r[t] * before) + b_Un
                a_n[t] = W_n @ x[t] + b_n + u[t]
            n[t] = np.tanh(a_n[t])
            h[t] = before = (1 - z[t]) * n[t] + z[t] * before
        return Forward(self, x, state[0], a_r, a_z, a_n, r, z, n, u, h)


@dataclass(frozen=True, eq=False)
class Forward:
    """What the forward pass computed: a_r, a_z, a_n, r, z, n, u and h [T, H], beside the cell, x and h_0."""

    cell: GRU
    x: Array
    h_0: Array
    a_r: Array
    a_z: Array
    a_n: Array
    r: Array
    z: Array
    n: Array
    u: Array
    h: Array

    @property
    def h_before(self) -> Array:
        """h_{t-1} for every t [T, H]."""
        return np.concatenate([self.h_0[np.newaxis], self.h])[:-1]

    def state(self, t: int) -> tuple[Array, ...]:
        """(h_t,) after t steps; t = 0 is the initial state."""
        return (self.h[t - 1] if t else self.h_0,)

    def backward(self, from_output: Array, later: tuple[Array, ...]) -> Backward:
        """Back through time; r, z, n and u are those of the step that is named.

            dJ/dn = dJ/dh_t * (1 - z)                   dJ/da_n = dJ/dn * (1 - n^2)
            dJ/dz = dJ/dh_t * (h_{t-1} - n)             dJ/da_z = dJ/dz * z * (1 - z)
            dJ/du = dJ/da_n * r    (else dJ/da_n)       dJ/da_r = dJ/dr * r * (1 - r)
            dJ/dr = dJ/da_n * u    (else (U_n^T dJ/da_n) * h_{t-1})
            dJ/dh_{t-1} = (from the output at t-1) + dJ/dh_t * z + U_r^T dJ/da_r + U_z^T dJ/da_z
                          + U_n^T dJ/du                 (else r * U_n^T dJ/da_n)

        `from_output` [T, H] is what each step's own loss sends to h_t; `later` ([H],) is what reaches h_T from beyond.
        """
        U_r, U_z, U_n = np.split(self.cell.weight_hh, 3)
        h_before = self.h_before
        dh, da_r, da_z, da_n, du, from_later, through_n = zeros(7, *self.h.shape)
        (arriving,) = later
        for t in reversed(range(len(self.h))):
            r, z, n = self.r[t], self.z[t], self.n[t]
            from_later[t] = arriving
            dh[t] = from_output[t] + from_later[t]
            da_n[t] = dh[t] * (1 - z) * (1 - n**2)
            da_z[t] = dh[t] * (h_before[t] - n) * z * (1 - z)
            if self.cell.reset_after:
                du[t] = da_n[t] * r
                dr = da_n[t] * self.u[t]
                through_n[t] = U_n.T @ du[t]
            else:
                du[t] = da_n[t]
                dr = (U_n.T @ du[t]) * h_before[t]
                through_n[t] = (U_n.T @ du[t]) * r
            da_r[t] = dr * r * (1 - r)
            arriving = dh[t] * z + U_r.T @ da_r[t] + U_z.T @ da_z[t] + through_n[t]
        return Backward(self, from_output, from_later, through_n, dh, da_r, da_z, da_n, du, arriving)


@dataclass(frozen=True, eq=False)
class Backward:
    """The gradients of J: dh = from_output + from_later, da_r, da_z, da_n and du [T, H]; dh_0 [H].

    `through_n` [T, H] is what step t sends to h_{t-1} by way of n.
    """

    run: Forward
    from_output: Array
    from_later: Array
    through_n: Array
    dh: Array
    da_r: Array
    da_z: Array
    da_n: Array
    du: Array
    dh_0: Array

    @property
    def dx(self) -> Array:
        """dJ/dx_t = W^T dJ/da_t [T, F]."""
        return np.concatenate([self.da_r, self.da_z, self.da_n], axis=1) @ self.run.cell.weight_ih

    @property
    def dstate(self) -> tuple[Array, ...]:
        """The gradient by the initial state."""
        return (self.dh_0,)

    def summands(self) -> dict[str, Array]:
        """What each step adds to the gradient of each parameter [T, ...].

            dJ/dW = sum_t dJ/da_t x_t^T,   dJ/db = sum_t dJ/da_t,   dJ/dU and dJ/db_U the same with dJ/du for n's block

        and U_n meets r * h_{t-1} instead of h_{t-1} in the form of the paper.
        """
        run = self.run
        met_by_n = run.h_before if run.cell.reset_after else run.r * run.h_before
        da = np.concatenate([self.da_r, self.da_z, self.da_n], axis=1)
        return {
            "weight_ih": np.einsum("ti,tj->tij", da, run.x),
            "weight_hh": np.concatenate(
                [
                    np.einsum("ti,tj->tij", self.da_r, run.h_before),
                    np.einsum("ti,tj->tij", self.da_z, run.h_before),
                    np.einsum("ti,tj->tij", self.du, met_by_n),
                ],
                axis=1,
            ),
            "bias_ih": da,
            "bias_hh": np.concatenate([self.da_r, self.da_z, self.du], axis=1),
        }
