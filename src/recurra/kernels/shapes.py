"""What a kernel is handed must fit together before it reads memory by address: shapes, dtype and device."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from recurra.cells import Cell, Weights
from recurra.errors import ShapeError
from recurra.kernels.contract import Call, Layout


def check_weights(cell: Cell, weights: Weights, hidden: int, width: int, like: Tensor) -> None:
    """That each of the weights has the shape that H and R ask for, and the dtype and device of the input."""
    if torch.compiler.is_compiling():
        named, own = expected_shapes(cell, hidden, width)
    else:
        found = cell.known_shapes.get((hidden, width))
        if found is None:
            found = cell.known_shapes[hidden, width] = expected_shapes(cell, hidden, width)
        named, own = found
    dtype, on_cpu = like.dtype, like.is_cpu
    weight: Any
    for weight, shape in zip(weights, named, strict=False):
        if weight is not None and (weight.shape != shape or weight.dtype is not dtype or weight.is_cpu is not on_cpu):
            name = Weights._fields[[each is weight for each in weights].index(True)]
            if shape is None:
                raise ShapeError(f"the weight {name!r} is given: expected None, the cell {cell.name!r} has none")
            _expect(f"the weight {name!r}", weight, shape, like)
    if weights.recurrent is None and named[0] is not None:
        raise ShapeError(f"the weight 'recurrent' is None: expected {named[0]}")
    if len(weights.own) != len(own):
        raise ShapeError(f"weights.own has {len(weights.own)} tensors: expected {len(own)}, {', '.join(own) or 'none'}")
    for weight, (name, shape) in zip(weights.own, own.items(), strict=True):
        _expect(f"the weight {name!r}", weight, shape, like)


def expected_shapes(
    cell: Cell, hidden: int, width: int
) -> tuple[tuple[tuple[int, ...] | None, ...], dict[str, tuple[int, ...]]]:
    """The shape of each of the fields of `Weights`, None for what the cell has not, and those of its own ones."""
    declared = cell.parameters(hidden, width)
    named = tuple(declared.get(name) for name in Weights._fields[:-1])
    return named, {name: shape for name, shape in declared.items() if name not in Weights._fields}


def check_input_weights(gates: int, x: Tensor, input_weight: Tensor | None, input_bias: Tensor | None) -> None:
    """That W is [G*H, F] and b [G*H], of the input's dtype and device; without W that x is projected already."""
    features = x.shape[-1]
    if not features and input_weight is not None:
        raise ShapeError("x has no features: expected at least one")
    if input_weight is None and features != gates:
        raise ShapeError(f"x has {features} features: expected {gates}, being projected already")
    given = (("input_weight", input_weight, (gates, features)), ("input_bias", input_bias, (gates,)))
    for name, weight, shape in given:
        if weight is not None and (
            weight.shape != shape or weight.dtype is not x.dtype or weight.is_cpu is not x.is_cpu
        ):
            _expect(f"the weight {name!r}", weight, shape, x)


def check_call(call: Call) -> None:
    """That everything which a kernel is asked with fits together; its weights are right among themselves."""
    recurrence, x, input_weight, input_bias, state, weights, layout, _ = call
    cell = recurrence.cell
    if x.dim() != 2:
        raise ShapeError(f"x has shape {tuple(x.shape)}: expected two dimensions, rows and features")
    hidden, width = call.sizes()
    check_weights(cell, weights, hidden, width, x)
    _check_rows(layout)
    rows = (
        layout.steps * layout.batch if layout.offsets is None or layout.lengths is None else int(layout.lengths.sum())
    )
    if len(x) != rows:
        raise ShapeError(f"x has shape {tuple(x.shape)}: expected ({rows}, features), a row per step and sequence")
    check_input_weights(cell.blocks * hidden, x, input_weight, input_bias)
    if state is not None:
        for k, (declared, given) in enumerate(zip(cell.states, state, strict=False)):
            _expect(declared.name, given, (layout.batch, hidden if k else width), x)
        if len(state) != len(cell.states):
            raise ShapeError(f"state has {len(state)} tensors: expected {len(cell.states)}")
    _check_masks(call, rows, hidden, width)


def _check_masks(call: Call, rows: int, hidden: int, width: int) -> None:
    cell, masks, zoneout = call.recurrence.cell, call.masks, call.recurrence.zoneout
    if masks.dropout is not None:
        cell.require("recurrent_dropout")
        _expect("dropout", masks.dropout, (call.layout.batch, width), call.x)
    if any(zoneout) or masks.zoneout_h is not None or masks.zoneout_c is not None:
        cell.require("zoneout")
    for name, mask, size in (("zoneout_h", masks.zoneout_h, width), ("zoneout_c", masks.zoneout_c, hidden)):
        if mask is not None and (mask.shape != (rows, size) or mask.element_size() != 1):
            raise ShapeError(f"{name} is {mask.dtype} {tuple(mask.shape)}: expected torch.uint8 ({rows}, {size})")


def _check_rows(layout: Layout) -> None:
    lengths, offsets = layout.lengths, layout.offsets
    if lengths is None:
        if offsets is not None:
            raise ShapeError("offsets are given without lengths: expected both, or lengths alone")
        return
    for name, given in (("lengths", lengths), ("offsets", offsets)):
        if given is not None and not (given.dtype is torch.int64 and given.is_cpu and given.dim() == 1):
            raise ShapeError(
                f"{name} is {given.dtype} {tuple(given.shape)} on {given.device}: expected torch.int64 in one "
                "dimension on the CPU"
            )
        if given is not None and not given.is_contiguous():
            raise ShapeError(f"{name} is a view with gaps: expected contiguous memory. Pass {name}.contiguous()")
    values = lengths.tolist()
    if len(values) != layout.batch:
        raise ShapeError(f"lengths are {len(values)}: expected one per sequence, {layout.batch}")
    if values and not 0 <= min(values) <= max(values) <= layout.steps:
        raise ShapeError(
            f"lengths go from {min(values)} to {max(values)}: expected at least 0 and at most the number of steps of "
            f"input, {layout.steps}"
        )
    if offsets is None:
        return
    live = (lengths.unsqueeze(1) > lengths.new_tensor(range(layout.steps))).sum(0)
    if sorted(values, reverse=True) != values or offsets.tolist() != (live.cumsum(0) - live).tolist():
        raise ShapeError("offsets do not fit the lengths: expected the first row of each step, lengths longest first")


def _expect(name: str, tensor: Tensor, shape: tuple[int, ...], like: Tensor) -> None:
    if tensor.shape != shape or tensor.dtype != like.dtype or tensor.device != like.device:
        raise ShapeError(
            f"{name} is {tensor.dtype} {tuple(tensor.shape)} on {tensor.device}: expected {like.dtype} {shape} on "
            f"{like.device}, as the input and hidden_size ask for"
        )
