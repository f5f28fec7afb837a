"""A Keras cell as one of ours: the same equations, the weights transposed and in our order of gates.

                 Keras                              here
    kernel       [F, G*H]                           W [G*H, F]
    recurrent    [H, G*H]                           U [G*H, H]
    LSTM gates   i, f, c, o                         i, f, g, o      the same
    GRU gates    z, r, h                            r, z, n         the first two change places
    bias         [G*H]; GRU, reset_after [2, 3H]    b [G*H]; b and b_U

Every step from Keras' variables to ours is torch's and differentiable, so that gradients arrive at the variables.
"""

from __future__ import annotations

from typing import Any

import keras
import torch
from torch import Tensor

from recurra.cells import GRU, LSTM, RNN, Cell, Weights

_TANH, _RELU, _SIGMOID = (keras.activations.get(name) for name in ("tanh", "relu", "sigmoid"))

KINDS = frozenset({keras.layers.SimpleRNNCell, keras.layers.LSTMCell, keras.layers.GRUCell})


def as_cell(cell: Any) -> Cell | None:
    """Our cell with the equations of a Keras cell; None where there is none.

    Subclasses of Keras' cells are left alone, since their `call` may be another one.
    """
    kind = type(cell)
    if kind is keras.layers.SimpleRNNCell:
        if cell.activation is _TANH:
            return RNN("tanh")
        return RNN("relu") if cell.activation is _RELU else None
    if kind is keras.layers.LSTMCell or kind is keras.layers.GRUCell:
        if cell.activation is not _TANH or cell.recurrent_activation is not _SIGMOID:
            return None
        return LSTM() if kind is keras.layers.LSTMCell else GRU(reset_after=bool(cell.reset_after))
    return None


def read_weights(cell: Any) -> tuple[Tensor, Tensor | None, Weights]:
    """W [G*H, F], b [G*H] or None, and what the recurrence multiplies by, of a built cell that `as_cell` knows."""
    kernel, recurrent = cell.kernel.value, cell.recurrent_kernel.value
    bias = None if cell.bias is None else cell.bias.value
    if type(cell) is keras.layers.GRUCell:
        kernel, recurrent = _swapped(kernel), _swapped(recurrent)
        bias = None if bias is None else _swapped(bias)
        if bias is not None and cell.reset_after:
            bias, recurrent_bias = bias.unbind()
            return kernel.t(), bias, Weights(recurrent.t(), recurrent_bias)
    return kernel.t(), bias, Weights(recurrent.t())


def _swapped(weight: Tensor) -> Tensor:
    """The last axis, blocks z, r, h -> r, z, n."""
    z, r, n = weight.chunk(3, dim=-1)
    return torch.cat([r, z, n], dim=-1)
