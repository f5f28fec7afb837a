"""The output of every step and the loss, with their gradients.

    s_t = W_hy h_t + b_y
    y_t = sigmoid(s_t)
    J   = sum_t J_t,   J_t = 1/2 sum (y_t - y*_t)^2

Shapes: K outputs. h [T, H]; s, y and the targets y* [T, K]; W_hy [K, H]; b_y [K].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recurra.textbook.arrays import Array, as_array, sigmoid


@dataclass(frozen=True, eq=False)
class Output:
    """The parameters: W_hy [K, H], b_y [K].

    Errors: InputError for shapes that do not fit each other, and numbers that are not finite.

    >>> s, y = Output(W_hy=[[1.2]], b_y=[-0.2]).forward(np.array([[0.5]]))
    >>> s, y.round(4)
    (array([[0.4]]), array([[0.5987]]))
    """

    W_hy: Array
    b_y: Array

    PARAMETERS: ClassVar[tuple[str, ...]] = ("W_hy", "b_y")

    def __post_init__(self) -> None:
        object.__setattr__(self, "W_hy", as_array("W_hy", self.W_hy, "K", "H"))
        object.__setattr__(self, "b_y", as_array("b_y", self.b_y, self.outputs))

    @property
    def outputs(self) -> int:
        """K."""
        return self.W_hy.shape[0]

    def forward(self, h: Array) -> tuple[Array, Array]:
        """The pre-activations s and the outputs y [T, K] of the hidden states h [T, H]."""
        s = h @ self.W_hy.T + self.b_y
        return s, sigmoid(s)

    def backward(self, y: Array, targets: Array) -> tuple[Array, Array, Array]:
        """dJ/dy_t = y_t - y*_t, dJ/ds_t = dJ/dy_t * y_t * (1 - y_t) [T, K], and W_hy^T dJ/ds_t, bound for h_t [T, H].

        sigmoid'(s) = y (1 - y) is the slope at s_t, the output's own pre-activation.
        """
        dy = y - targets
        ds = dy * y * (1 - y)
        return dy, ds, ds @ self.W_hy

    def summands(self, ds: Array, h: Array) -> dict[str, Array]:
        """What each step adds to the gradients: dJ/dW_hy = sum_t dJ/ds_t h_t^T, dJ/db_y = sum_t dJ/ds_t [T, ...]."""
        return {"W_hy": np.einsum("ti,tj->tij", ds, h), "b_y": ds}


def loss(y: Array, targets: Array) -> float:
    """J = 1/2 sum (y - y*)^2 over all steps and outputs.

    >>> loss(np.array([[0.5], [1.0]]), np.array([[0.0], [0.0]]))
    0.625
    """
    return 0.5 * float(((y - targets) ** 2).sum())
