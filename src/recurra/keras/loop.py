"""A recurrent layer of Keras over a whole sequence, by our kernels: what stands in for Keras' own `inner_loop`."""

from __future__ import annotations

from typing import Any

import keras
import torch
from torch import Tensor

from recurra.keras.compaction import Compaction, compact
from recurra.keras.declining import cells_of, is_stack, reason
from recurra.keras.weights import KINDS, as_cell, read_weights
from recurra.kernels.chooser import run
from recurra.kernels.contract import NO_MASKS, Call, DropoutMasks, Layout, Recurrence

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
    mask = mask[0] if isinstance(mask, list | tuple) else mask
    if reason(layer, sequences, mask, initial_state, training) is not None:
        return None
    stacked, cells = is_stack(layer), cells_of(layer)
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
    masks = NO_MASKS
    if training and keras_cell.dropout:
        x = x * keras_cell.get_dropout_mask(x[:, 0]).unsqueeze(1)
    if training and keras_cell.recurrent_dropout:
        assert state is not None
        masks = DropoutMasks(dropout=keras_cell.get_recurrent_dropout_mask(state[0]))
    batch, steps, features = x.shape
    layout = Layout(steps, batch, lengths=None if compaction is None else compaction.lengths)
    rows = x.transpose(0, 1).reshape(steps * batch, features)  # time first: the kernel then finds the h of a step
    outputs, last = run(Call(Recurrence(cell, reverse), rows, input_weight, input_bias, state, weights, layout, masks))
    return outputs.view(steps, batch, outputs.shape[-1]).transpose(0, 1), last
