"""What every backend is asked: which recurrence, over which rows, with which masks.

A backend is one function,

    run(recurrence, x, input_weight, input_bias, state, weights, layout, noise) -> outputs, last state

    x             [N, F]      the inputs of all steps and rows; [N, G*H], projected already, without an `input_weight`
    input_weight  [G*H, F]    W
    input_bias    [G*H]       b, or None; added to an x that is projected already, too
    state         (h [B, R],) or (h [B, R], c [B, H]), or None for zeros
    outputs       [N, R]      zero after a row's end
    last state    a tuple     each row's at its own end; the initial state where its length, or T, is 0
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from recurra.cells import Cell


@dataclass(frozen=True)
class Recurrence:
    """What one layer and direction computes.

    With `reverse` every row starts at its own end. `zoneout` holds the rates for h and for c: where there are no
    masks, a state becomes the expectation rate * old + (1 - rate) * new.
    """

    cell: Cell
    reverse: bool = False
    zoneout: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Layout:
    """Where row b of step t lies among the N rows of a 2-D tensor.

    Padded, N = T*B: at t*B + b, or at b*T + t with `batch_first`; `lengths` [B] (int64, on the CPU) end a row early.
    Packed, with `offsets` [T] (int64, on the CPU): at offsets[t] + b; `lengths` are there too, longest first, and
    N is their sum, as in torch's PackedSequence.
    """

    steps: int
    batch: int
    batch_first: bool = False
    lengths: Tensor | None = None
    offsets: Tensor | None = None


class Noise(NamedTuple):
    """What was drawn for one call.

    dropout    [B, R]        variational dropout, scaled by 1 / keep, on the h that enters U   Gal and Ghahramani (2016)
    zoneout_h  uint8 [N, R]  1 where h keeps its old value                                     Krueger et al. (2016)
    zoneout_c  uint8 [N, H]  1 where c does; the new h is that of the c that was not kept
    """

    dropout: Tensor | None = None
    zoneout_h: Tensor | None = None
    zoneout_c: Tensor | None = None


SILENCE = Noise()
