"""The two passes of the C++ engine over one layer and direction, forward and backward, and the products around them.

With d the gradient of the projected input and d_u that of U's product:

    d_W = d^T x        d_U = d_u^T (the h that entered U)

The products with W, x W^T and d W, are small at every step and are the engine's as well, while their operands are in
cache; only where W and U together no longer fit there are they taken out of the loop, for all steps at once.

A small recurrence takes less time than a few calls of Python: nothing here is made or asked twice.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

from recurra.cells import GRU, LSTM, RNN, Cell
from recurra.kernels.contract import Layout, Noise, Recurrence
from recurra.kernels.cpu import _engine  # pyright: ignore[reportAttributeAccessIssue]  # compiled when installed
from recurra.kernels.workspace import empty

_TYPES = {torch.float32: 0, torch.float64: 1, torch.bfloat16: 2}
_COMPUTED = {torch.float32: torch.float32, torch.float64: torch.float64, torch.bfloat16: torch.float32}
_IN_CACHE = 1 << 20  # bytes of W and U up to which W is multiplied by inside the loop
_NARROW, _FEW_ROWS = 1 << 18, 1024
# torch's products of bfloat16 run at half the rate of float32 without AMX (160 and 300 GFLOP/s), at five times with it.
_TILES = "avx512_amx" in _engine.supported_builds()
_TILE_DEPTH = 32
_NOTHING_BACKWARD = (0,) * 22  # the members of `Args` for the backward pass


class Plan(NamedTuple):
    """What is not a tensor to differentiate by."""

    recurrence: Recurrence
    layout: Layout
    noise: Noise


class Inputs(NamedTuple):
    """What is; the order is that in which an autograd.Function is given them."""

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
    """What the forward pass leaves for the backward one; `args.h` tells the shapes."""

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


Group = TypeVar("Group", Inputs, Saved, Noise, _Grads)


def forward_pass(plan: Plan, inputs: Inputs, save: bool) -> tuple[Saved, list[Tensor]]:
    """Outputs, what the backward pass needs (with `save`), and the last state."""
    recurrence, layout, noise = plan
    noise, inputs = _in_order(noise), _in_order(inputs)
    x, input_weight, recurrent = inputs.x, inputs.input_weight, inputs.recurrent
    code, blocks = _code(recurrence.cell)
    units, width = recurrent.shape
    hidden = units // blocks
    rows, batch, dtype = len(x), layout.batch, x.dtype
    lstm = blocks == 4
    inside = input_weight is not None and _size(inputs) <= _IN_CACHE
    # of an RNN nothing but h_t is to be kept, unless zoneout mixes it: then gates and outputs are one
    alone = blocks == 1 and noise.zoneout_h is None and not recurrence.zoneout[0]
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
    if lstm:
        last.append(x.new_empty(batch, hidden))
    saved = Saved(outputs, gates)
    if save and not alone:
        computed = _COMPUTED[dtype]
        cells = empty(x, rows, hidden, dtype=computed) if lstm else None
        saved = Saved(outputs, gates, cells, empty(x, rows, hidden) if code == 3 else None)
    if save and (inputs.norm is not None or inputs.norm_input is not None):
        saved = _with_norms(saved, inputs, rows, units)
    _engine.forward(
        (
            *_shape(plan, code, dtype, rows, entering.shape[1], hidden, width),
            entering.data_ptr(),
            *_weights(inputs, noise, inside),
            *recurrence.zoneout,
            gates.data_ptr() if save and gates is not None else 0,
            outputs.data_ptr(),
            _address(inputs.h),
            _address(inputs.c),
            last[0].data_ptr(),
            last[1].data_ptr() if lstm else 0,
            *(map(_address, saved[2:]) if save else (0,) * 6),
            *_NOTHING_BACKWARD,
        )
    )
    return saved, last


def backward_pass(
    plan: Plan, inputs: Inputs, saved: Saved, needed: tuple[bool, ...], grads: tuple[Tensor | None, ...]
) -> tuple[Tensor | None, ...]:
    """The gradients of `inputs`, None where not `needed`."""
    recurrence, layout, noise = plan
    need: Any = Inputs(*needed)  # type: ignore[arg-type]  # of each, whether its gradient is asked for
    code, blocks = _code(recurrence.cell)
    noise, inputs, saved = _in_order(noise), _in_order(inputs), _in_order(saved)
    gates, outputs, x, weight = saved.gates, saved.outputs, inputs.x, inputs.input_weight
    assert gates is not None
    units, width = inputs.recurrent.shape
    hidden = units // blocks
    rows, batch, dtype = len(x), layout.batch, x.dtype
    new = x.new_empty
    norm = inputs.norm is not None or inputs.norm_input is not None
    gru, before = code == 3, code == 4
    size = _size(inputs)
    inside = weight is not None and size <= _IN_CACHE
    # the engine's own sums over all steps: for narrow weights, and where a call of torch's costs more than they do
    ours = inside and dtype != torch.bfloat16 and (rows < _FEW_ROWS or size <= _NARROW)
    # Rows of one step after another: the h that entered a step's product are the outputs B rows before.
    shifted = layout.offsets is None and not layout.batch_first and noise.dropout is None
    # without a weight d_gates is the gradient of x itself, and not ours to use again
    d_gates = torch.empty_like(gates) if weight is None else empty(x, rows, units)
    d_x = new(rows, x.shape[1]) if inside and need.x else None
    d_recurrent = empty(x, rows, units) if norm else empty(x, rows, hidden) if gru else None
    entering = empty(x, rows, width) if need.recurrent and not shifted else None
    reset_hidden = empty(x, rows, hidden) if before and need.recurrent else None
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
    _engine.backward(
        (
            *_shape(plan, code, dtype, rows, x.shape[1], hidden, width),
            x.data_ptr(),
            *_weights(inputs, noise, inside),
            *recurrence.zoneout,
            gates.data_ptr(),
            outputs.data_ptr(),
            _address(inputs.h),
            _address(inputs.c),
            0,
            0,
            *map(_address, saved[2:]),
            _address(d_outputs),
            _address(d_h),
            _address(d_c),
            d_gates.data_ptr(),
            _address(d_x),
            _address(d_recurrent),
            _address(entering),
            _address(reset_hidden),
            _address(unprojected),
            _address(d_hidden),
            _address(d_h0),
            _address(d_c0),
            _address(d_input_weight),
            _address(d_recurrent_weight),
            _address(d_input_bias),
            _address(d_recurrent_bias),
            0,
            0,
            *map(_address, sums),
        )
    )

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
        elif gru:
            d_recurrent_weight = torch.cat([times_h(d_gates[:, : 2 * hidden]), times_h(d_recurrent)])  # type: ignore[arg-type]
        elif before:
            d_n = _product(d_gates[:, 2 * hidden :].t(), reset_hidden)  # type: ignore[arg-type]
            d_recurrent_weight = torch.cat([times_h(d_gates[:, : 2 * hidden]), d_n])
        else:
            d_recurrent_weight = times_h(d_gates)
    if need.input_weight and not ours:
        d_input_weight = _product(d_gates.t(), x)
    if need.x and not inside:
        d_x = d_gates if weight is None else _product_by_rows(d_gates, weight)
    d_projection = None
    if d_hidden is not None and unprojected is not None:
        d_projection = _product(d_hidden.t(), unprojected)
    d_norm, d_norm_input, d_norm_cell, d_peephole = sums
    return (
        d_x,
        d_input_weight,
        d_input_bias,
        d_h0,
        d_c0,
        d_recurrent_weight,
        d_recurrent_bias,
        d_projection,
        _total(d_peephole, dtype),
        _total(d_norm, dtype),
        _total(d_norm_cell, dtype),
        _total(d_norm_input, dtype),
    )


def _product(a: Tensor, b: Tensor, out: Tensor | None = None) -> Tensor:
    """a b by torch; bfloat16 by way of float32 where the processor has no tiles, because there it is faster."""
    if a.dtype is not torch.bfloat16 or _TILES:
        return torch.mm(a, b) if out is None else torch.mm(a, b, out=out)
    product = torch.mm(a.float(), b.float())
    return product.bfloat16() if out is None else out.copy_(product)


def _product_by_rows(a: Tensor, b: Tensor, out: Tensor | None = None) -> Tensor:
    """a b, in which a NaN or infinity stays in its row of a.

    torch's tiles read beyond a row whose length is no multiple of 32, and multiply what begins the next one by zero
    (torch 2.13, oneDNN 3.12, bfloat16 on AMX): where the rows are the sequences', the rest is filled up here.
    """
    rest = -a.shape[1] % _TILE_DEPTH
    if rest and _TILES and a.dtype is torch.bfloat16:
        a, b = F.pad(a, (0, rest)), F.pad(b, (0, 0, 0, rest))
    return _product(a, b, out)


def _with_norms(saved: Saved, inputs: Inputs, rows: int, units: int) -> Saved:
    """The same with memory for the values that a layer norm gives, and their scales."""
    x, computed = inputs.x, _COMPUTED[inputs.x.dtype]
    if inputs.norm is not None:
        saved = saved._replace(normed=empty(x, rows, units), norm_scale=empty(x, rows, dtype=computed))
    if inputs.norm_input is not None:
        saved = saved._replace(input_normed=empty(x, rows, units), input_scale=empty(x, rows, dtype=computed))
    return saved


def _sums(need: Any, x: Tensor, batch: int, units: int, hidden: int) -> tuple[Tensor | None, ...]:
    """Zeros for the sums over the steps of every row, in the order of `Args`; None where not asked for."""
    shapes = (
        (need.norm, (batch, units)),
        (need.norm_input, (batch, units)),
        (need.norm_cell, (batch, 2, hidden)),
        (need.peephole, (batch, 3, hidden)),
    )
    return tuple([x.new_zeros(shape, dtype=_COMPUTED[x.dtype]) if wanted else None for wanted, shape in shapes])


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


@lru_cache
def _code(cell: Cell) -> tuple[int, int]:
    """The number of a cell in `args.h`, and its gate blocks."""
    match cell:
        case RNN(nonlinearity):
            return (0 if nonlinearity == "tanh" else 1), 1
        case LSTM():
            return 2, 4
        case GRU(reset_after):
            return (3 if reset_after else 4), 3


# ---- the members of `Args`, in its order


def _shape(
    plan: Plan, code: int, dtype: torch.dtype, rows: int, features: int, hidden: int, width: int
) -> tuple[int, ...]:
    recurrence, layout, _ = plan
    steps, batch = layout.steps, layout.batch
    strides = (1, steps) if layout.batch_first else (batch, 1)
    return (
        code,
        _TYPES[dtype],
        torch.get_num_threads(),
        int(recurrence.reverse),
        rows,
        steps,
        batch,
        features,
        hidden,
        width,
        *strides,
        _address(layout.offsets),
        _address(layout.lengths),
    )


def _weights(inputs: Inputs, noise: Noise, inside: bool) -> tuple[int, ...]:
    _, input_weight, input_bias, _, _, recurrent, bias, *options = inputs
    return (
        input_weight.data_ptr() if inside and input_weight is not None else 0,
        _address(input_bias),
        recurrent.data_ptr(),
        _address(bias),
        *map(_address, options),
        *map(_address, noise),
    )


def _address(tensor: Tensor | None) -> int:
    return 0 if tensor is None else tensor.data_ptr()
