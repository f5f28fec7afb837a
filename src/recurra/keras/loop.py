"""A recurrent layer of Keras over a whole sequence, by our kernels: what stands in for Keras' own `inner_loop`."""

from __future__ import annotations

from typing import Any

import keras
import torch
from torch import Tensor

from recurra.keras.masks import Compaction, compact
from recurra.keras.weights import KINDS, as_cell, read_weights
from recurra.kernels.chooser import run
from recurra.kernels.contract import SILENCE, Layout, Noise, Recurrence

DTYPES = frozenset({torch.float32, torch.float64, torch.bfloat16})

Result = tuple[Tensor, Tensor, list[Any]]


def run_layer(layer: Any, sequences: Any, mask: Any, training: bool) -> Any | None:
    """What the layer's `call` returns, from zero states; None where Keras' own `call` is to prepare something first.

    For a small layer the preparation takes as long as the recurrence: states of zeros, casts, masks of dropout.
    """
    cell = layer.cell
    if layer.stateful or type(cell) not in KINDS or cell.dropout or cell.recurrent_dropout:
        return None
    found = inner_loop(layer, sequences, None, mask, training)
    if found is None:
        return None
    last_output, outputs, last = found
    output = outputs if layer.return_sequences else last_output
    given = [keras.ops.cast(tensor, layer.compute_dtype) for tensor in (output, *(last if layer.return_state else ()))]
    return tuple(given) if layer.return_state else given[0]


def inner_loop(layer: Any, sequences: Tensor, initial_state: Any, mask: Any, training: bool) -> Result | None:
    """All steps of a layer: sequences [B, T, F] -> last output [B, H], outputs, last states; None: Keras is to do it.

    Arguments and result are those of `keras.layers.RNN.inner_loop`. Without `return_sequences` the outputs [B, 1, H]
    are the last one alone, as in Keras' own fast paths. An `initial_state` of None is zeros, for a single cell.
    """
    stacked = type(layer.cell) is keras.layers.StackedRNNCells
    cells = layer.cell.cells if stacked else [layer.cell]
    mask = mask[0] if isinstance(mask, list | tuple) else mask
    if why_not(sequences, mask, cells, training) is not None:
        return None
    reverse, compaction = bool(layer.go_backwards), None
    if mask is not None:
        mask = mask.to(torch.bool)
        if reverse:  # a mask counts from where the reading begins
            sequences, mask, reverse = sequences.flip(1), mask.flip(1), False
        compaction = compact(mask)
        sequences = sequences if compaction is None else compaction.gather(sequences)
    outputs, lasts = sequences, []
    for cell, state in zip(cells, initial_state if stacked else [initial_state], strict=True):
        parts = None if state is None else tuple(state) if isinstance(state, list | tuple) else (state,)
        if parts is not None and layer.stateful:  # Keras will write the last state into the memory of this one
            parts = tuple([part.clone() for part in parts])
        outputs, last = run_cell(cell, outputs, parts, compaction, reverse, training)
        lasts.append(last[0] if stacked and isinstance(state, Tensor) else list(last))
    last_output = lasts[-1] if isinstance(lasts[-1], Tensor) else lasts[-1][0]
    if not layer.return_sequences:
        if compaction is not None:
            last_output = compaction.last(last_output, layer.zero_output_for_mask)
        outputs = last_output.unsqueeze(1)
    else:
        if reverse:  # the kernel leaves outputs where their inputs are, Keras gives them in the order of reading
            outputs = outputs.flip(1)
        if compaction is not None:
            outputs = compaction.scatter(outputs, layer.zero_output_for_mask)
        last_output = outputs[:, -1]
    return last_output, outputs, lasts if stacked else lasts[0]


def why_not(sequences: Tensor, mask: Tensor | None, cells: list[Any], training: bool) -> str | None:
    """Why our kernels leave this call to Keras; None where they take it."""
    if not sequences.is_cpu:
        return f"the input is on {sequences.device}, where Keras has cuDNN"
    if torch.compiler.is_exporting() or torch._C._get_tracing_state() is not None:
        return "the graph that is exported is to hold operations of torch alone"
    if mask is not None and mask.dim() != 2:
        return f"the mask has {mask.dim()} dimensions"
    for cell in cells:
        if as_cell(cell) is None:
            return f"the kernels have no {type(cell).__name__} with these activations"
        kernel = cell.kernel.value
        if kernel.dtype not in DTYPES or (sequences.is_floating_point() and sequences.dtype != kernel.dtype):
            return f"the input is of {sequences.dtype}, the weights of {kernel.dtype}"
        if training and _drops_by_gate(cell):
            return "every gate has a dropout mask of its own"
    return None


def run_cell(
    keras_cell: Any,
    x: Tensor,
    state: tuple[Tensor, ...] | None,
    compaction: Compaction | None,
    reverse: bool,
    training: bool,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All steps of one cell: x [B, T, F], state [B, H] each, or None for zeros -> outputs [B, T, H], last state."""
    cell = as_cell(keras_cell)
    assert cell is not None
    input_weight, input_bias, weights = read_weights(keras_cell)
    x = x.to(input_weight.dtype)
    noise = SILENCE
    if training and keras_cell.dropout:
        x = x * keras_cell.get_dropout_mask(x[:, 0]).unsqueeze(1)
    if training and keras_cell.recurrent_dropout:
        assert state is not None
        noise = Noise(dropout=keras_cell.get_recurrent_dropout_mask(state[0]))
    batch, steps, features = x.shape
    layout = Layout(steps, batch, lengths=None if compaction is None else compaction.lengths)
    rows = x.transpose(0, 1).reshape(steps * batch, features)  # time first: the kernel then finds the h of a step
    outputs, last = run(Recurrence(cell, reverse), rows, input_weight, input_bias, state, weights, layout, noise)
    return outputs.view(steps, batch, -1).transpose(0, 1), last


def _drops_by_gate(cell: Any) -> bool:
    """Whether Keras draws a mask for each gate (its "implementation 1"), or drops everything."""
    if cell.dropout >= 1 or cell.recurrent_dropout >= 1:
        return True
    return bool(cell.dropout or cell.recurrent_dropout) and getattr(cell, "implementation", 2) == 1
