"""Padded rows of different lengths as packed ones: only steps that are there, longest rows first."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from recurra.kernels.contract import Call, DropoutMasks, Layout, Run

Ran = tuple[Tensor, tuple[Tensor, ...]]  # outputs [N, R] and the last state


def run_packed(run: Run, call: Call) -> Ran:
    """The answer to a call with lengths and without offsets by a `run` that is given packed rows."""
    packed, unpacked = pack(call)
    return unpacked(*run(packed))


def pack(call: Call) -> tuple[Call, Callable[[Tensor, tuple[Tensor, ...]], Ran]]:
    """A call with lengths and without offsets as one of packed rows, and what makes its answer that of the first.

    Only the steps that are there are computed, and what lies after a row's end is never read.
    """
    _, x, _, _, state, _, layout, masks = call
    lengths = layout.lengths
    assert lengths is not None
    order = torch.argsort(lengths, descending=True, stable=True)
    sorted_lengths = lengths[order]
    steps = torch.arange(layout.steps)
    alive = steps.unsqueeze(1) < sorted_lengths  # [T, B]
    live = alive.sum(1)
    t, b = alive.nonzero(as_tuple=True)
    b = order[b]
    index = b * layout.steps + t if layout.batch_first else t * layout.batch + b
    packed = Layout(layout.steps, layout.batch, lengths=sorted_lengths, offsets=live.cumsum(0) - live)
    sorted_masks = DropoutMasks(
        None if masks.dropout is None else masks.dropout[order],
        None if masks.zoneout_h is None else masks.zoneout_h[index],
        None if masks.zoneout_c is None else masks.zoneout_c[index],
    )
    if state is not None:
        state = tuple(tensor.index_select(0, order) for tensor in state)
    back = torch.empty_like(order)
    back[order] = torch.arange(layout.batch)

    def unpacked(outputs: Tensor, last: tuple[Tensor, ...]) -> Ran:
        whole = outputs.new_zeros(len(x), outputs.shape[1]).index_copy(0, index, outputs)
        return whole, tuple(tensor.index_select(0, back) for tensor in last)

    return call._replace(x=x.index_select(0, index), state=state, layout=packed, masks=sorted_masks), unpacked
