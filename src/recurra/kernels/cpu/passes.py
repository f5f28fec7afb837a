"""The two passes of the C++ engine over one layer and direction, forward and backward, and the products around them.

With d the gradient of the projected input and d_u that of U's product:

    d_W = d^T x        d_U = d_u^T (the h that entered U)

The products with W, x W^T and d W, are small at every step and are the engine's as well, while their operands are in
cache; only where W and U together no longer fit there are they taken out of the loop, for all steps at once.

A small recurrence takes less time than a few calls of Python: nothing here is made or asked twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

from recurra.kernels.contract import NO_MASKS, Answer, Call, DropoutMasks
from recurra.kernels.cpu import _engine
from recurra.kernels.cpu.tiles import multiply_in_tiles
from recurra.kernels.workspace import empty

_TYPES = {torch.float32: 0, torch.float64: 1, torch.bfloat16: 2}
_COMPUTED = {torch.float32: torch.float32, torch.float64: torch.float64, torch.bfloat16: torch.float32}
_new_call: Any = _engine.Call  # `checking` may put a subclass here
_IN_CACHE = 1 << 20  # bytes of W and U up to which W is multiplied by inside the loop
_NARROW, _FEW_ROWS = 1 << 18, 1024
# torch's products of bfloat16 run at half the rate of float32 without AMX (160 and 300 GFLOP/s), at five times with it.
_TILES = "avx512_amx" in _engine.supported_builds()
_TILE_DEPTH = 32


class Inputs(NamedTuple):
    """The tensors of a call as the engine has them: at most two states, and no weights of a cell's own."""

    x: Tensor
    input_weight: Tensor | None
    input_bias: Tensor | None
    h: Tensor | None
    c: Tensor | None
    recurrent: Tensor
    bias: Tensor | None
    projection: Tensor | None
    peephole: Tensor | None
    norm: Tensor | None
    norm_cell: Tensor | None
    norm_input: Tensor | None


class Saved(NamedTuple):
    """What the forward pass leaves for the backward one; `fields.def` tells the shapes."""

    outputs: Tensor
    gates: Tensor | None = None
    cells: Tensor | None = None
    reset_product: Tensor | None = None
    normed: Tensor | None = None
    norm_scale: Tensor | None = None
    input_normed: Tensor | None = None
    input_scale: Tensor | None = None


class _Grads(NamedTuple):
    """The gradients of outputs and last state."""

    outputs: Tensor | None
    h: Tensor | None
    c: Tensor | None = None


class _Sums(NamedTuple):
    """Sums over the steps of every row."""

    norm: Tensor | None = None
    norm_input: Tensor | None = None
    norm_cell: Tensor | None = None
    peephole: Tensor | None = None


_NO_SUMS = _Sums()


class AskedStep(NamedTuple):
    """What the engine is asked for a layer that goes on one step at a time; `inputs` have to live until it has it."""

    call: Any
    type: int
    inputs: Inputs


class Traits(NamedTuple):
    """What the header of a cell says of it, as `args.h` has it, and its place among the cells of the engine."""

    blocks: int
    carries_c: bool
    gate_is_h: bool
    sums_apart: bool
    resets_before: bool
    number: int


# By the cell's `variant`.
CELLS: dict[str, Traits] = {name: Traits._make((*traits, k)) for k, (name, *traits) in enumerate(_engine.CELLS)}

Group = TypeVar("Group", Inputs, Saved, DropoutMasks, _Grads)


def forward_pass(call: Call, save: bool) -> Answer:
    """Outputs, the last state, and with `save` what the backward pass needs."""
    recurrence, layout = call.recurrence, call.layout
    masks, inputs = _masks(call), _in_order(_inputs(call))
    x, input_weight, recurrent = inputs.x, inputs.input_weight, inputs.recurrent
    cell = CELLS[recurrence.cell.variant]
    units, width = recurrent.shape
    hidden = units // cell.blocks
    rows, batch, dtype = x.shape[0], layout.batch, x.dtype
    inside = input_weight is not None and _size(inputs) <= _IN_CACHE
    # of an RNN nothing but h_t is to be kept, unless zoneout mixes it: then gates and outputs are one
    alone = cell.gate_is_h and masks.zoneout_h is None and not recurrence.zoneout[0]
    gates: Tensor | None = None
    if inside or input_weight is None:
        entering = x
    else:
        place = x.new_empty if alone else partial(empty, x)
        gates = entering = _product_by_rows(x, input_weight.t(), place(rows, units))
    if save and gates is None:
        gates = x.new_empty(rows, units) if alone else empty(x, rows, units)
    outputs = gates if alone and gates is not None else x.new_empty(rows, width)
    last = [x.new_empty(batch, width)]
    if cell.carries_c:
        last.append(x.new_empty(batch, hidden))
    saved = Saved(outputs, gates)
    if save and not alone:
        computed = _COMPUTED[dtype]
        cells = empty(x, rows, hidden, dtype=computed) if cell.carries_c else None
        saved = Saved(outputs, gates, cells, empty(x, rows, hidden) if cell.sums_apart else None)
    if save and (inputs.norm is not None or inputs.norm_input is not None):
        saved = _with_norms(saved, inputs, rows, units)
    args = _asked(call, inputs, masks, cell.number, rows, hidden, width)
    args.features = entering.shape[1]
    args.x = entering
    args.input_weight = input_weight if inside else None
    args.gates = gates if save else None
    args.outputs = outputs
    args.h_last = last[0]
    if cell.carries_c:
        args.c_last = last[1]
    if save:
        args.cells = saved.cells
        args.reset_product = saved.reset_product
        args.normed = saved.normed
        args.norm_scale = saved.norm_scale
        args.input_normed = saved.input_normed
        args.input_scale = saved.input_scale
    _engine.forward(args)
    return Answer(outputs, tuple(last), saved)


def backward_pass(
    call: Call, kept: Sequence[Tensor | None], needed: Sequence[bool], grads: Sequence[Tensor | None]
) -> tuple[Tensor | None, ...]:
    """The gradients of the call's tensors, None where not `needed`; `kept` is what the forward pass has saved."""
    recurrence, layout = call.recurrence, call.layout
    states = 0 if call.state is None else len(call.state)
    # of each, whether its gradient is asked for
    need: Any = Inputs(*needed[:3], *_two(needed[3 : 3 + states], False), *needed[3 + states :])  # type: ignore[arg-type]
    cell = CELLS[recurrence.cell.variant]
    masks, inputs, saved = _masks(call), _in_order(_inputs(call)), _in_order(Saved(*kept))  # type: ignore[arg-type]
    gates, outputs, x, weight = saved.gates, saved.outputs, inputs.x, inputs.input_weight
    assert gates is not None
    units, width = inputs.recurrent.shape
    hidden = units // cell.blocks
    rows, batch, dtype = x.shape[0], layout.batch, x.dtype
    new = x.new_empty
    norm = inputs.norm is not None or inputs.norm_input is not None
    size = _size(inputs)
    inside = weight is not None and size <= _IN_CACHE
    # the engine's own sums over all steps: for narrow weights, and where a call of torch's costs more than they do
    ours = inside and dtype != torch.bfloat16 and (rows < _FEW_ROWS or size <= _NARROW)
    # Rows of one step after another: the h that entered a step's product are the outputs B rows before.
    shifted = layout.offsets is None and not layout.batch_first and masks.dropout is None
    # without a weight d_gates is the gradient of x itself, and not ours to use again
    d_gates = torch.empty_like(gates) if weight is None else empty(x, rows, units)
    d_x = new(rows, x.shape[1]) if inside and need.x else None
    d_recurrent = empty(x, rows, units) if norm else empty(x, rows, hidden) if cell.sums_apart else None
    entering = empty(x, rows, width) if need.recurrent and not shifted else None
    reset_hidden = empty(x, rows, hidden) if cell.resets_before and need.recurrent else None
    unprojected = d_hidden = None
    if inputs.projection is not None and need.projection:
        unprojected, d_hidden = empty(x, rows, hidden), empty(x, rows, width)
    d_h0 = new(batch, width) if need.h else None
    d_c0 = new(batch, hidden) if need.c else None
    d_input_weight = new(units, x.shape[1]) if ours and need.input_weight else None
    d_recurrent_weight = new(units, width) if ours and need.recurrent else None
    d_input_bias = new(units) if need.input_bias else None
    d_recurrent_bias = new(units) if need.bias else None
    sums = _sums(need, x, batch, units, hidden)
    d_outputs, d_h, d_c = _in_order(_Grads(*grads))
    args = _asked(call, inputs, masks, cell.number, rows, hidden, width)
    args.features = x.shape[1]
    args.x = x
    args.input_weight = weight if inside else None
    args.gates = gates
    args.outputs = outputs
    args.cells = saved.cells
    args.reset_product = saved.reset_product
    args.normed = saved.normed
    args.norm_scale = saved.norm_scale
    args.input_normed = saved.input_normed
    args.input_scale = saved.input_scale
    args.d_outputs = d_outputs
    args.d_h_last = d_h
    args.d_c_last = d_c
    args.d_gates = d_gates
    args.d_x = d_x
    args.d_recurrent = d_recurrent
    args.h_entering = entering
    args.reset_hidden = reset_hidden
    args.unprojected = unprojected
    args.d_hidden = d_hidden
    args.d_h0 = d_h0
    args.d_c0 = d_c0
    args.d_input_weight = d_input_weight
    args.d_recurrent_weight = d_recurrent_weight
    args.d_input_bias = d_input_bias
    args.d_recurrent_bias = d_recurrent_bias
    if sums is not _NO_SUMS:
        args.d_norm = sums.norm
        args.d_norm_input = sums.norm_input
        args.d_norm_cell = sums.norm_cell
        args.d_peephole = sums.peephole
    _engine.backward(args)

    def times_h(d: Tensor) -> Tensor:
        """d^T h over all rows."""
        if entering is not None:
            return _product(d.t(), entering)
        if recurrence.reverse:
            later, earlier, first = d[: rows - batch], outputs[batch:], d[rows - batch :]
        else:
            later, earlier, first = d[batch:], outputs[: rows - batch], d[:batch]
        product = _product(later.t(), earlier)
        return product if inputs.h is None or not rows else product.addmm_(first.t(), inputs.h)

    if need.recurrent and not ours:
        if norm:
            d_recurrent_weight = times_h(d_recurrent)  # type: ignore[arg-type]
        elif cell.sums_apart:
            d_recurrent_weight = torch.cat([times_h(d_gates[:, :-hidden]), times_h(d_recurrent)])  # type: ignore[arg-type]
        elif cell.resets_before:
            d_n = _product(d_gates[:, -hidden:].t(), reset_hidden)  # type: ignore[arg-type]
            d_recurrent_weight = torch.cat([times_h(d_gates[:, :-hidden]), d_n])
        else:
            d_recurrent_weight = times_h(d_gates)
    if need.input_weight and not ours:
        d_input_weight = _product(d_gates.t(), x)
    if need.x and not inside:
        d_x = d_gates if weight is None else _product_by_rows(d_gates, weight)
    d_projection = None
    if d_hidden is not None and unprojected is not None:
        d_projection = _product(d_hidden.t(), unprojected)
    return (
        d_x,
        d_input_weight,
        d_input_bias,
        *(d_h0, d_c0)[:states],
        d_recurrent_weight,
        d_recurrent_bias,
        d_projection,
        _total(sums.peephole, dtype),
        _total(sums.norm, dtype),
        _total(sums.norm_cell, dtype),
        _total(sums.norm_input, dtype),
    )


def _product(a: Tensor, b: Tensor, out: Tensor | None = None) -> Tensor:
    """a b; bfloat16 in the engine's tiles, or else by way of float32, because there torch is faster."""
    if a.dtype is not torch.bfloat16:
        return torch.mm(a, b) if out is None else torch.mm(a, b, out=out)
    out = a.new_empty(a.shape[0], b.shape[1]) if out is None else out
    if multiply_in_tiles(a, b, out):
        return out
    return torch.mm(a, b, out=out) if _TILES else out.copy_(torch.mm(a.float(), b.float()))


def _product_by_rows(a: Tensor, b: Tensor, out: Tensor | None = None) -> Tensor:
    """a b, in which a NaN or infinity stays in its row of a.

    torch's tiles read beyond a row whose length is no multiple of 32, and multiply what begins the next one by zero
    (torch 2.13, oneDNN 3.12, bfloat16 on AMX): where the rows are the sequences', the rest is filled up here.
    """
    rest = -a.shape[1] % _TILE_DEPTH
    if rest and _TILES and a.dtype is torch.bfloat16:
        a, b = F.pad(a, (0, rest)), F.pad(b, (0, 0, 0, rest))
    return _product(a, b, out)


def asked_of_step(call: Call) -> AskedStep:
    """The fields of `fields.def` of a layer that goes on one step at a time: sizes and weights."""
    inputs = _in_order(_inputs(call))
    assert inputs.input_weight is not None
    cell = CELLS[call.recurrence.cell.variant]
    hidden, width = call.sizes()
    args = _asked(call, inputs, NO_MASKS, cell.number, 1, hidden, width)
    args.features = inputs.input_weight.shape[1]
    args.input_weight = inputs.input_weight
    return AskedStep(args, _TYPES[inputs.x.dtype], inputs)


def _with_norms(saved: Saved, inputs: Inputs, rows: int, units: int) -> Saved:
    """The same with memory for the values that a layer norm gives, and their scales."""
    x, computed = inputs.x, _COMPUTED[inputs.x.dtype]
    if inputs.norm is not None:
        saved = saved._replace(normed=empty(x, rows, units), norm_scale=empty(x, rows, dtype=computed))
    if inputs.norm_input is not None:
        saved = saved._replace(input_normed=empty(x, rows, units), input_scale=empty(x, rows, dtype=computed))
    return saved


def _sums(need: Any, x: Tensor, batch: int, units: int, hidden: int) -> _Sums:
    """Zeros for the sums over the steps of every row; None where not asked for."""
    if not (need.norm or need.norm_input or need.norm_cell or need.peephole):
        return _NO_SUMS
    zeros = partial(x.new_zeros, dtype=_COMPUTED[x.dtype])
    return _Sums(
        zeros((batch, units)) if need.norm else None,
        zeros((batch, units)) if need.norm_input else None,
        zeros((batch, 2, hidden)) if need.norm_cell else None,
        zeros((batch, 3, hidden)) if need.peephole else None,
    )


def _total(sums: Tensor | None, dtype: torch.dtype) -> Tensor | None:
    """The sums of all rows together."""
    return None if sums is None else sums.sum(0).to(dtype)


def _size(inputs: Inputs) -> int:
    """The bytes of W and U."""
    weight, recurrent = inputs.input_weight, inputs.recurrent
    return ((0 if weight is None else weight.numel()) + recurrent.numel()) * recurrent.element_size()


def _in_order(tensors: Group) -> Group:
    """What is to be read by address, as it stands in memory: without gaps, and without a sign that is only noted."""
    for tensor in tensors:
        if tensor is not None and (not tensor.is_contiguous() or tensor.is_neg()):
            break
    else:
        return tensors
    ordered: Any = [None if tensor is None else tensor.resolve_neg().contiguous() for tensor in tensors]
    return type(tensors)(*ordered)


def _inputs(call: Call) -> Inputs:
    _, x, input_weight, input_bias, state, weights, _, _ = call
    return Inputs(x, input_weight, input_bias, *_two(state or (), None), *weights[:-1])  # type: ignore[arg-type]


def _masks(call: Call) -> DropoutMasks:
    return call.masks if call.masks is NO_MASKS else _in_order(call.masks)


def _two(given: Sequence[Any], absent: Any) -> tuple[Any, Any]:
    """h and c, of those that are there."""
    return (given[0], given[1]) if len(given) == 2 else (given[0], absent) if given else (absent, absent)


def _asked(call: Call, inputs: Inputs, masks: DropoutMasks, cell: int, rows: int, hidden: int, width: int) -> Any:
    """The fields of `fields.def` that both passes have in common."""
    recurrence, layout = call.recurrence, call.layout
    args = _new_call()
    args.cell = cell
    args.type = _TYPES[inputs.x.dtype]
    args.threads = torch.get_num_threads()
    args.reverse = recurrence.reverse
    args.rows = rows
    args.steps = layout.steps
    args.batch = layout.batch
    args.hidden = hidden
    args.width = width
    args.step_stride, args.row_stride = (1, layout.steps) if layout.batch_first else (layout.batch, 1)
    if layout.offsets is not None:
        args.offsets = layout.offsets
        args.lengths = layout.lengths
    args.recurrent = inputs.recurrent
    args.input_bias = inputs.input_bias
    args.bias = inputs.bias
    args.h0 = inputs.h
    args.c0 = inputs.c
    args.projection = inputs.projection
    args.peephole = inputs.peephole
    args.norm = inputs.norm
    args.norm_cell = inputs.norm_cell
    args.norm_input = inputs.norm_input
    if masks is not NO_MASKS:
        args.dropout = masks.dropout
        args.zoneout_h = masks.zoneout_h
        args.zoneout_c = masks.zoneout_c
    args.zoneout_rate_h, args.zoneout_rate_c = recurrence.zoneout
    return args
