"""torch.nn's own forward for a layer that torch has too, and by packing the lengths that torch has not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from recurra.nn.checks import check_parameters

if TYPE_CHECKING:
    from recurra.nn.layer import RecurrentLayer


def torch_forward(
    layer: RecurrentLayer, input: Tensor | PackedSequence, states: tuple[Tensor, ...] | None, lengths: Tensor | None
) -> tuple[Any, Any]:
    """Outputs and last state, as the layer's forward gives them; `lengths` int64 [B] on the CPU."""
    check_parameters(layer)
    hx = states if states is None or len(states) == 2 else states[0]
    if isinstance(input, PackedSequence):
        return layer.TORCH.forward(layer, input, hx)
    first, second, _ = input.shape
    steps, batch = (second, first) if layer.batch_first else (first, second)
    if steps == 0:  # torch would refuse; with lengths it is a batch of empty rows
        return input.new_empty(first, second, layer.width * layer.directions), _unpair(
            states or _zeros(layer, input, batch)
        )
    if lengths is None:
        return layer.TORCH.forward(layer, input, hx)
    empty = (lengths == 0).to(input.device).unsqueeze(-1)
    rows = empty.unsqueeze(1) if layer.batch_first else empty.unsqueeze(0)
    packed = pack_padded_sequence(
        input.masked_fill(rows, 0), lengths.clamp(min=1), batch_first=layer.batch_first, enforce_sorted=False
    )
    output, last = layer.TORCH.forward(layer, packed, hx)
    outputs, _ = pad_packed_sequence(output, batch_first=layer.batch_first, total_length=steps)
    start = states or _zeros(layer, input, batch)
    ends = last if isinstance(last, tuple) else (last,)
    kept = tuple(torch.where(empty, old.to(new.dtype), new) for old, new in zip(start, ends, strict=True))
    return outputs.masked_fill(rows, 0), _unpair(kept)


def _unpair(states: tuple[Tensor, ...]) -> Any:
    return states if len(states) == 2 else states[0]


def _zeros(layer: RecurrentLayer, input: Tensor, batch: int) -> tuple[Tensor, ...]:
    directed = layer.num_layers * layer.directions
    widths = (layer.width, layer.hidden_size)[: layer.cell.STATES]
    return tuple(input.new_zeros(directed, batch, width) for width in widths)
