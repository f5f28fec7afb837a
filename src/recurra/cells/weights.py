"""What one layer and direction multiplies by inside the recurrence; the product with the input happens outside."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor
from torch.nn import functional

EPSILON = 1e-5  # of every layer norm, as torch's


class Weights(NamedTuple):
    """The recurrent weights; G gate blocks, H hidden units, R the width of h (H, or P with a projection).

    recurrent   U [G*H, R]
    bias        b_U [G*H], torch's bias_hh
    projection  [P, H]     h = projection (o * tanh c)                        Sak et al. (2014), LSTM only
    peephole    [3, H]     i and f see c_{t-1}, o sees c_t: rows i, f, o      Gers and Schmidhuber (2000), LSTM only
    norm        [G*H]      gain of the layer norm of U h                      Ba et al. (2016), equations 20 to 22
    norm_cell   [2, H]     gain and bias of the layer norm of c               the same, LSTM only
    norm_input  [G*H]      gain of the layer norm of W x, before b is added   the same
    own         a tuple    of any shape: those that a cell declares under names of its own, in their order

    A cell without U, or with another shape of it, says so in its `parameters`.
    """

    recurrent: Tensor | None = None
    bias: Tensor | None = None
    projection: Tensor | None = None
    peephole: Tensor | None = None
    norm: Tensor | None = None
    norm_cell: Tensor | None = None
    norm_input: Tensor | None = None
    own: tuple[Tensor, ...] = ()


def drop(h: Tensor, mask: Tensor | None) -> Tensor:
    """The h that enters U: times its variational mask [B, R], where there is one."""
    return h if mask is None else h * mask


def recur(h: Tensor, weights: Weights) -> Tensor:
    """U h + b_U, or norm * LN(U h) + b_U: h [B, R] -> [B, G*H]."""
    assert weights.recurrent is not None
    if weights.norm is None:
        return functional.linear(h, weights.recurrent, weights.bias)
    u = functional.linear(h, weights.recurrent)
    return functional.layer_norm(u, u.shape[-1:], weights.norm, weights.bias, EPSILON)
