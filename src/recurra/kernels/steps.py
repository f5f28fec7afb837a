"""One step at a time: what is asked of whoever computes it, and what is answered."""

from __future__ import annotations

from typing import NamedTuple, Protocol, Self

import numpy as np
import torch
from torch import Tensor

from recurra.kernels.contract import Call


class StackedCall(NamedTuple):
    """One layer of a stack.

    call   its recurrence and weights; x [1, F] tells dtype, device and F, the layout has one step
    keeps  its input is remembered
    adds   the input that was remembered last is added to its output
    """

    call: Call
    keeps: bool = False
    adds: bool = False


class Head(NamedTuple):
    """y = V h + b behind the last layer: V [outputs, R], b [outputs] or None."""

    weight: Tensor
    bias: Tensor | None


# What a step answers: it is done, or the arrays are not what it takes, or the rows are not, or another thread is at it.
DONE, OTHER_ARRAYS, OTHER_ROWS, IN_USE = range(4)


class Steps(Protocol):
    """A stack that goes on.

    name    who computes it, "cpu" or "reference"
    states  of each layer its states, [B, R] and [B, H]: the memory itself, to be read and written between steps

    x [B, F] and y [B, R] (or the head's outputs) are arrays without gaps of the dtype of `states`; with B = 1 also [F]
    and [R]. Of k `rows`, int64 [k] and each another, they are [k, .]. Where something is different nothing happens, and
    the answer says so.
    """

    name: str
    states: tuple[tuple[np.ndarray, ...], ...]

    def step(self, x: np.ndarray, y: np.ndarray) -> int:
        """The next step of all rows, into y."""
        ...

    def step_rows(self, rows: np.ndarray, x: np.ndarray, y: np.ndarray) -> int:
        """The next step of some rows, into y."""
        ...

    def another(self, rows: int, threads: int) -> Self:
        """The same stack with the same weights, which are shared, and so many rows that begin anew."""
        ...


def computed_dtype(dtype: torch.dtype) -> np.dtype:
    """The dtype of states, inputs and outputs of a stack with such weights: float64, or float32 for all others."""
    return np.dtype(np.float64 if dtype is torch.float64 else np.float32)
