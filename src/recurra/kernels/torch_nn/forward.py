"""torch.nn's own forward for a layer that torch has too, and by packing the lengths that torch has not."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from recurra.errors import ShapeError

_LAYERS: dict[str, type[nn.RNNBase]] = {"RNN_TANH": nn.RNN, "RNN_RELU": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
_BLOCKS = {"LSTM": 4, "GRU": 3}


def torch_forward(
    layer: Any, input: Tensor | PackedSequence, states: tuple[Tensor, ...] | None, lengths: Tensor | None
) -> tuple[Any, Any]:
    """Outputs and last state, as the layer's forward gives them; `lengths` int64 [B] on the CPU."""
    check_parameters(layer)
    theirs: Any = _LAYERS[layer.mode]
    hx = states if states is None or len(states) == 2 else states[0]
    if isinstance(input, PackedSequence):
        return theirs.forward(layer, input, hx)
    first, second, _ = input.shape
    steps, batch = (second, first) if layer.batch_first else (first, second)
    if steps == 0:  # torch would refuse; with lengths it is a batch of empty rows
        return input.new_empty(first, second, _width(layer) * _directions(layer)), _unpair(
            states or _zeros(layer, input, batch)
        )
    if lengths is None:
        return theirs.forward(layer, input, hx)
    empty = (lengths == 0).to(input.device).unsqueeze(-1)
    rows = empty.unsqueeze(1) if layer.batch_first else empty.unsqueeze(0)
    packed = pack_padded_sequence(
        input.masked_fill(rows, 0), lengths.clamp(min=1), batch_first=layer.batch_first, enforce_sorted=False
    )
    output, last = theirs.forward(layer, packed, hx)
    outputs, _ = pad_packed_sequence(output, batch_first=layer.batch_first, total_length=steps)
    start = states or _zeros(layer, input, batch)
    ends = last if isinstance(last, tuple) else (last,)
    kept = tuple(torch.where(empty, old.to(new.dtype), new) for old, new in zip(start, ends, strict=True))
    return outputs.masked_fill(rows, 0), _unpair(kept)


def _unpair(states: tuple[Tensor, ...]) -> Any:
    return states if len(states) == 2 else states[0]


def _zeros(layer: Any, input: Tensor, batch: int) -> tuple[Tensor, ...]:
    directed = layer.num_layers * _directions(layer)
    widths = (_width(layer), layer.hidden_size)[: 2 if layer.mode == "LSTM" else 1]
    return tuple(input.new_zeros(directed, batch, width) for width in widths)


def check_parameters(layer: Any) -> None:
    """That every parameter still has its shape: torch.nn's forward reads past the end of one that has not."""
    gates = _BLOCKS.get(layer.mode, 1) * layer.hidden_size
    width, directions = _width(layer), _directions(layer)
    for at, names in enumerate(layer._all_weights):
        features = layer.input_size if at < directions else width * directions
        shapes = [
            (gates, features),
            (gates, width),
            *([(gates,)] * 2 if layer.bias else []),
            (width, layer.hidden_size),
        ]
        for name, shape in zip(names, shapes, strict=False):
            weight = getattr(layer, name)
            if weight.shape != shape:
                raise ShapeError(f"{name} has shape {tuple(weight.shape)}: expected {shape}, as this layer was made")


def _width(layer: Any) -> int:
    return layer.proj_size or layer.hidden_size


def _directions(layer: Any) -> int:
    return 2 if layer.bidirectional else 1
