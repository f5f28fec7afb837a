"""How a recurrent layer runs: its input checked, a backend chosen, then every layer and direction through it.

Small sizes make this file's own time count: at B=32, T=30, H=50 the whole recurrence takes 0.17 ms.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from recurra.errors import InputError, ShapeError
from recurra.kernels import chooser
from recurra.kernels.contract import Layout
from recurra.kernels.torch_nn import torch_forward
from recurra.nn.checks import as_states, check_input, check_state, read_lengths, read_packed
from recurra.nn.contract import Layer, Lengths, States, unpaired
from recurra.nn.layers import autocast_dtype, run_layers

padded_layout = lru_cache(maxsize=256)(Layout)


def forward(
    layer: Layer, input: Tensor | PackedSequence, hx: States | None, lengths: Lengths | None
) -> tuple[Any, Any]:
    """What `RecurrentLayer.forward` returns."""
    if isinstance(input, Tensor):
        return _unbatched(layer, input, hx, lengths) if input.dim() == 2 else _padded(layer, input, hx, lengths)
    if isinstance(input, PackedSequence):
        return _packed(layer, input, hx, lengths)
    raise ShapeError(f"input is of type {type(input).__name__}: expected a tensor or a PackedSequence")


def _padded(layer: Layer, input: Tensor, hx: States | None, lengths: Lengths | None) -> tuple[Tensor, States]:
    shape = input.shape
    if len(shape) != 3:
        raise ShapeError(
            f"input has {len(shape)} dimensions, in shape {tuple(shape)}: expected 3, "
            f"{'[B, T, F]' if layer.batch_first else '[T, B, F]'}, or 2 without a batch, [T, F]"
        )
    first, second, features = shape
    steps, batch = (second, first) if layer.batch_first else (first, second)
    if lengths is not None:
        layout = Layout(steps, batch, layer.batch_first, read_lengths(lengths, steps, batch))
    elif not steps:
        raise ShapeError(f"input has no steps, in shape {tuple(input.shape)}: expected at least one, or `lengths`")
    elif torch.compiler.is_compiling():
        layout = Layout(steps, batch, layer.batch_first)
    else:
        layout = padded_layout(steps, batch, layer.batch_first)
    states, backend, dtype = _prepare(layer, input, hx, layout)
    if backend == "torch":
        return torch_forward(layer, input, states, layout.lengths)
    outputs, last = run_layers(layer, input.reshape(first * second, features), states, layout, backend, dtype)
    return outputs.view(first, second, outputs.shape[-1]), unpaired(last)


def _unbatched(layer: Layer, input: Tensor, hx: States | None, lengths: Lengths | None) -> tuple[Tensor, States]:
    dim = 0 if layer.batch_first else 1
    if hx is not None:
        states = as_states(layer, hx)
        for state in states:
            if state.dim() != 2:
                raise ShapeError(
                    f"hx has {state.dim()} dimensions: expected 2 for input without a batch, [T, F], which are layers "
                    "times directions, and units"
                )
        hx = tuple(state.unsqueeze(1) for state in states)
        hx = unpaired(hx)
    outputs, last = _padded(layer, input.unsqueeze(dim), hx, lengths)
    if isinstance(last, Tensor):
        return outputs.squeeze(dim), last.squeeze(1)
    return outputs.squeeze(dim), tuple(state.squeeze(1) for state in last)


def _packed(
    layer: Layer, input: PackedSequence, hx: States | None, lengths: Lengths | None
) -> tuple[PackedSequence, States]:
    if lengths is not None:
        raise ShapeError("lengths is given beside a PackedSequence, which has its own: expected one of the two")
    x, batch_sizes, order, back = input
    layout = read_packed(input)
    states, backend, dtype = _prepare(layer, x, hx, layout)
    if backend == "torch":
        return torch_forward(layer, input, states, None)
    if states is not None and order is not None:
        states = tuple(state.index_select(1, order) for state in states)
    outputs, last = run_layers(layer, x, states, layout, backend, dtype)
    if back is not None:
        last = tuple(state.index_select(1, back) for state in last)
    return PackedSequence(outputs, batch_sizes, order, back), unpaired(last)


def _prepare(
    layer: Layer, x: Tensor, hx: States | None, layout: Layout
) -> tuple[tuple[Tensor, ...] | None, str, torch.dtype | None]:
    """The initial states, the backend, and the dtype that autocast asks for."""
    weight = layer.some_weight()
    states = None if hx is None else as_states(layer, hx)
    dtype = None
    if torch._C._is_any_autocast_enabled():
        dtype = autocast_dtype(layer, x, states, layout)
    check_input(layer, x, weight, dtype is not None)
    if states is not None:
        check_state(layer, states, x, layout.batch, dtype is not None)
    if dtype is not None:
        x = x.new_empty(0, dtype=dtype)
    return states, chooser.choose(layer.cell, x, weight, layout, plain=layer.is_plain), dtype


def refuse_steps(layer: Layer) -> None:
    """Raise InputError for a layer that needs the whole sequence."""
    if layer.bidirectional:
        raise InputError(
            "the layer is bidirectional: expected one direction, because the reverse one begins at the end of the "
            "sequence, which a stream has not reached"
        )
    refuse_masks(layer)


def refuse_masks(layer: Layer) -> None:
    """Raise InputError for a layer that draws masks at the moment."""
    if layer.training and (layer.regularisation is not None or (layer.dropout and layer.num_layers > 1)):
        raise InputError(
            "the layer is in training mode and draws masks for a whole sequence, which single steps would not share: "
            "call eval() first"
        )


def one_step(layer: Layer, input: Tensor, hx: States | None) -> tuple[Tensor, States]:
    """What `RecurrentLayer.step` returns."""
    refuse_steps(layer)
    if not isinstance(input, Tensor) or input.dim() not in (1, 2):
        given = f"of shape {tuple(input.shape)}" if isinstance(input, Tensor) else f"a {type(input).__name__}"
        raise ShapeError(f"input is {given}: expected one step, [B, F], or [F] without a batch")
    time = 1 if layer.batch_first and input.dim() == 2 else 0
    outputs, last = forward(layer, input.unsqueeze(time), hx, None)
    return outputs.squeeze(time), last
