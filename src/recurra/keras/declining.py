"""Why a recurrent layer's call is left to Keras' own loop."""

from __future__ import annotations

from typing import Any, cast

import keras
import torch
from torch import Tensor

from recurra.cells import Cell
from recurra.keras.listening import is_watched
from recurra.keras.weights import as_cell

DTYPES = frozenset({torch.float32, torch.float64, torch.bfloat16})


def reason(layer: Any, sequences: Tensor, mask: Tensor | None, initial_state: Any, training: bool) -> str | None:
    """Why, for the tensors that `keras.layers.RNN.inner_loop` gets; None where our kernels take them."""
    if not sequences.is_cpu:
        return f"the input is on {sequences.device}, where Keras has cuDNN"
    if torch.compiler.is_exporting() or torch._C._get_tracing_state() is not None:
        return "the graph that is exported is to hold operations of torch alone"
    if sequences.shape[1] == 0:
        return "the input has no step"
    if mask is not None and mask.shape != sequences.shape[:2]:
        return f"the mask is of shape {tuple(mask.shape)}, the input of {tuple(sequences.shape)}"
    cells = cells_of(layer)
    if any(is_watched(cell) for cell in {layer.cell, *cells}):
        return "somebody listens to the calls of a cell"
    for cell in cells:
        if as_cell(cell) is None:
            return f"the kernels have no {type(cell).__name__} with these activations"
        kernel = cell.kernel.value
        if kernel.dtype not in DTYPES or (sequences.is_floating_point() and sequences.dtype != kernel.dtype):
            return f"the input is of {sequences.dtype}, the weights of {kernel.dtype}"
        if training and _drops_by_gate(cell):
            return "every gate has a dropout mask of its own"
    if initial_state is not None:
        expected = [[(len(sequences), cell.units)] * len(cast(Cell, as_cell(cell)).states) for cell in cells]
        found = [_shapes(state) for state in (initial_state if is_stack(layer) else [initial_state])]
        if found != expected:
            return f"the initial states are of shapes {found}, not {expected}"
    return None


def is_stack(layer: Any) -> bool:
    """Whether the layer's cell is several, one on the other."""
    return type(layer.cell) is keras.layers.StackedRNNCells


def cells_of(layer: Any) -> list[Any]:
    """The cells of a layer, from below."""
    return layer.cell.cells if is_stack(layer) else [layer.cell]


def _shapes(state: Any) -> list[tuple[int, ...]]:
    return [tuple(part.shape) for part in keras.tree.flatten(state)]


def _drops_by_gate(cell: Any) -> bool:
    """Whether Keras draws a mask for each gate (its "implementation 1"), or drops everything."""
    if cell.dropout >= 1 or cell.recurrent_dropout >= 1:
        return True
    return bool(cell.dropout or cell.recurrent_dropout) and getattr(cell, "implementation", 2) == 1
