"""The C++ engine as a backend: the recurrence and its gradients in `kernels/cpu`, the large products around it torch's.

For one layer and direction, d the gradient of the projected input and d_u that of U's product:

    d_W = d^T x        d_U = d_u^T (the h that entered U)

The products with W, x W^T and d W, are small at every step and are the engine's as well, while their operands are in
cache; only where W and U together no longer fit there are they taken out of the loop, for all steps at once.
"""

from __future__ import annotations

import os
from functools import lru_cache, partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from recurra.cells import GRU, LSTM, RNN, Cell, Weights
from recurra.errors import InputError
from recurra.kernels import reference
from recurra.kernels.contract import SILENCE, Layout, Noise, Recurrence
from recurra.kernels.cpu import _engine  # pyright: ignore[reportAttributeAccessIssue]  # compiled when installed
from recurra.kernels.workspace import empty

ISA = "RECURRA_ISA"

_TYPES = {torch.float32: 0, torch.float64: 1, torch.bfloat16: 2}
_COMPUTED = {torch.float32: torch.float32, torch.float64: torch.float64, torch.bfloat16: torch.float32}
_IN_CACHE = 1 << 20  # bytes of W and U up to which W is multiplied by inside the loop
_NARROW, _FEW_ROWS = 1 << 18, 1024
_NOTHING_BACKWARD = (0,) * 22  # the members of `Args` for the backward pass


class _Plan(NamedTuple):
    """What is not a tensor to differentiate by."""

    recurrence: Recurrence
    layout: Layout
    noise: Noise


class _Inputs(NamedTuple):
    """What is; the order is that of `_Function.forward`."""

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


class _Saved(NamedTuple):
    """What the forward pass leaves for the backward one; `args.h` tells the shapes."""

    outputs: Tensor
    gates: Tensor | None
    cells: Tensor | None
    reset_product: Tensor | None
    normed: Tensor | None
    norm_scale: Tensor | None
    input_normed: Tensor | None
    input_scale: Tensor | None


def run(
    recurrence: Recurrence,
    x: Tensor,
    input_weight: Tensor | None,
    input_bias: Tensor | None,
    state: tuple[Tensor, ...] | None,
    weights: Weights,
    layout: Layout,
    noise: Noise = SILENCE,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All steps of one layer and direction; shapes and meaning as in `kernels.contract`, a `state` of None is zeros."""
    if layout.lengths is not None and layout.offsets is None:
        return _run_packed(recurrence, x, input_weight, input_bias, state, weights, layout, noise)
    h, c = (state[0], state[1] if len(state) == 2 else None) if state is not None else (None, None)
    plan = _Plan(recurrence, layout, noise)
    inputs = _Inputs(x, input_weight, input_bias, h, c, *weights)
    if torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in inputs):
        outputs, *last = _Function.apply(plan, *inputs)
    else:
        saved, last = _forward(plan, inputs, save=False)
        outputs = saved.outputs
    return outputs, tuple(last)


class _Function(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, plan: _Plan, *inputs: Tensor | None) -> tuple[Tensor, ...]:
        saved, last = _forward(plan, _Inputs(*inputs), save=True)  # type: ignore[arg-type]
        ctx.plan = plan
        ctx.save_for_backward(*inputs, *saved)
        ctx.set_materialize_grads(False)
        return saved.outputs, *last

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        needed = ctx.needs_input_grad[1:]
        if all(grad is None for grad in grads):
            return (None,) * (1 + len(needed))
        tensors = ctx.saved_tensors
        inputs = _Inputs(*tensors[: len(needed)])
        if torch.is_grad_enabled():  # the gradient is to be differentiated again
            return None, *_differentiable(ctx.plan, inputs, needed, grads)
        return None, *_backward(ctx.plan, inputs, _Saved(*tensors[len(needed) :]), needed, grads)


def _forward(plan: _Plan, inputs: _Inputs, save: bool) -> tuple[_Saved, list[Tensor]]:
    """Outputs, what the backward pass needs (with `save`), and the last state."""
    recurrence, layout, noise = plan
    x, input_weight, recurrent = inputs.x, inputs.input_weight, inputs.recurrent
    code, blocks = _code(recurrence.cell)
    width = recurrent.shape[1]
    hidden = recurrent.shape[0] // blocks
    rows, batch, dtype = len(x), layout.batch, x.dtype
    lstm = blocks == 4
    inside = _inside(inputs)
    # of an RNN nothing but h_t is to be kept, unless zoneout mixes it: then gates and outputs are one
    alone = blocks == 1 and noise.zoneout_h is None and not recurrence.zoneout[0]
    place = x.new_empty if alone else partial(empty, x)
    gates: Tensor | None = None
    if inside or input_weight is None:
        entering = x.contiguous()
    else:
        gates = entering = torch.mm(x, input_weight.t(), out=place(rows, blocks * hidden))
    if save and gates is None:
        gates = place(rows, blocks * hidden)
    outputs = gates if alone and gates is not None else x.new_empty(rows, width)
    last = [x.new_empty(batch, width)]
    if lstm:
        last.append(x.new_empty(batch, hidden))
    cells = product = normed = scale = input_normed = input_scale = None
    if save:
        computed = _COMPUTED[dtype]
        cells = empty(x, rows, hidden, dtype=computed) if lstm else None
        product = empty(x, rows, hidden) if code == 3 else None
        if inputs.norm is not None:
            normed, scale = empty(x, rows, blocks * hidden), empty(x, rows, dtype=computed)
        if inputs.norm_input is not None:
            input_normed, input_scale = empty(x, rows, blocks * hidden), empty(x, rows, dtype=computed)
    saved = _Saved(outputs, gates, cells, product, normed, scale, input_normed, input_scale)
    given = _contiguous(inputs)
    _engine.forward(
        (
            *_shape(plan, code, dtype, rows, entering.shape[1], hidden, width),
            entering.data_ptr(),
            *_weights(given, noise, inside),
            *recurrence.zoneout,
            _address(gates) if save else 0,
            outputs.data_ptr(),
            _address(given.h),
            _address(given.c),
            last[0].data_ptr(),
            last[1].data_ptr() if lstm else 0,
            _address(cells),
            _address(product),
            _address(normed),
            _address(scale),
            _address(input_normed),
            _address(input_scale),
            *_NOTHING_BACKWARD,
        )
    )
    return saved, last


def _backward(
    plan: _Plan, inputs: _Inputs, saved: _Saved, needed: tuple[bool, ...], grads: tuple[Tensor | None, ...]
) -> tuple[Tensor | None, ...]:
    """The gradients of `inputs`, None where not `needed`."""
    recurrence, layout, noise = plan
    need: Any = _Inputs(*needed)  # type: ignore[arg-type]  # of each, whether its gradient is asked for
    code, blocks = _code(recurrence.cell)
    gates, outputs, x, weight = saved.gates, saved.outputs, inputs.x, inputs.input_weight
    assert gates is not None
    width = inputs.recurrent.shape[1]
    hidden = inputs.recurrent.shape[0] // blocks
    rows, batch, dtype, computed = len(x), layout.batch, x.dtype, _COMPUTED[x.dtype]
    d_outputs, d_h, d_c = (None if grad is None else grad.contiguous() for grad in (*grads, None)[:3])

    def new(wanted: bool, *shape: int) -> Tensor | None:
        return x.new_empty(shape) if wanted else None

    def temporary(wanted: bool, *shape: int) -> Tensor | None:
        return empty(x, *shape) if wanted else None

    def sums(wanted: bool, *shape: int) -> Tensor | None:
        return x.new_zeros((batch, *shape), dtype=computed) if wanted else None

    norm = inputs.norm is not None or inputs.norm_input is not None
    gru, before = code == 3, code == 4
    units = blocks * hidden
    inside = _inside(inputs)
    # the engine's own sums over all steps: for narrow weights, and where a call of torch's costs more than they do
    ours = inside and dtype != torch.bfloat16 and (rows < _FEW_ROWS or _size(inputs) <= _NARROW)
    # Rows of one step after another: the h that entered a step's product are the outputs B rows before.
    shifted = layout.offsets is None and not layout.batch_first and noise.dropout is None
    # without a weight d_gates is the gradient of x itself, and not ours to use again
    d_gates = torch.empty_like(gates) if weight is None else empty(x, rows, units)
    d_x = new(inside and need.x, rows, x.shape[1])
    d_recurrent = temporary(norm, rows, units) if norm else temporary(gru, rows, hidden)
    entering = temporary(need.recurrent and not shifted, rows, width)
    reset_hidden = temporary(before and need.recurrent, rows, hidden)
    projected = inputs.projection is not None and need.projection
    unprojected, d_hidden = temporary(projected, rows, hidden), temporary(projected, rows, width)
    d_h0, d_c0 = new(need.h, batch, width), new(need.c, batch, hidden)
    d_input_weight = new(ours and need.input_weight, units, x.shape[1])
    d_recurrent_weight = new(ours and need.recurrent, units, width)
    d_input_bias, d_recurrent_bias = new(need.input_bias, units), new(need.bias, units)
    d_norm, d_norm_input = sums(need.norm, units), sums(need.norm_input, units)
    d_norm_cell = sums(need.norm_cell, 2, hidden)
    d_peephole = sums(need.peephole, 3, hidden)
    entered = x.contiguous()
    given = _contiguous(inputs)
    _engine.backward(
        (
            *_shape(plan, code, dtype, rows, x.shape[1], hidden, width),
            entered.data_ptr(),
            *_weights(given, noise, inside),
            *recurrence.zoneout,
            gates.data_ptr(),
            outputs.data_ptr(),
            _address(given.h),
            _address(given.c),
            0,
            0,
            _address(saved.cells),
            _address(saved.reset_product),
            _address(saved.normed),
            _address(saved.norm_scale),
            _address(saved.input_normed),
            _address(saved.input_scale),
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
            _address(d_norm),
            _address(d_norm_input),
            _address(d_norm_cell),
            _address(d_peephole),
        )
    )

    def times_h(d: Tensor) -> Tensor:
        """d^T h over all rows."""
        if entering is not None:
            return d.t() @ entering
        if recurrence.reverse:
            later, earlier, first = d[: rows - batch], outputs[batch:], d[rows - batch :]
        else:
            later, earlier, first = d[batch:], outputs[: rows - batch], d[:batch]
        product = later.t() @ earlier
        return product if given.h is None or not rows else product.addmm_(first.t(), given.h)

    if need.recurrent and not ours:
        if norm:
            d_recurrent_weight = times_h(d_recurrent)  # type: ignore[arg-type]
        elif gru:
            d_recurrent_weight = torch.cat([times_h(d_gates[:, : 2 * hidden]), times_h(d_recurrent)])  # type: ignore[arg-type]
        elif before:
            d_n = d_gates[:, 2 * hidden :].t() @ reset_hidden  # type: ignore[operator]
            d_recurrent_weight = torch.cat([times_h(d_gates[:, : 2 * hidden]), d_n])
        else:
            d_recurrent_weight = times_h(d_gates)
    if need.input_weight and not ours:
        d_input_weight = d_gates.t() @ x
    if need.x and not inside:
        d_x = d_gates if weight is None else d_gates @ weight
    return (
        d_x,
        d_input_weight,
        d_input_bias,
        d_h0,
        d_c0,
        d_recurrent_weight,
        d_recurrent_bias,
        d_hidden.t() @ unprojected if projected else None,  # type: ignore[union-attr, operator]
        _total(d_peephole, dtype),
        _total(d_norm, dtype),
        _total(d_norm_cell, dtype),
        _total(d_norm_input, dtype),
    )


def _total(sums: Tensor | None, dtype: torch.dtype) -> Tensor | None:
    """The sums of all rows together."""
    return None if sums is None else sums.sum(0).to(dtype)


def _differentiable(
    plan: _Plan, inputs: _Inputs, needed: tuple[bool, ...], grads: tuple[Tensor | None, ...]
) -> tuple[Tensor | None, ...]:
    """The same gradients through the reference, which autograd can differentiate once more."""
    # Each input as a tensor of its own, or an input that another one was computed from would count twice.
    apart = [None if tensor is None else tensor.view_as(tensor) for tensor in inputs]
    x, input_weight, input_bias, h, c, *weights = apart
    assert x is not None
    recurrence, layout, noise = plan
    if h is None:
        h = x.new_zeros(layout.batch, inputs.recurrent.shape[1])
    if recurrence.cell.STATES == 2 and c is None:
        c = x.new_zeros(layout.batch, inputs.recurrent.shape[0] // recurrence.cell.GATES)
    state = (h,) if c is None else (h, c)
    outputs, last = reference.run(recurrence, x, input_weight, input_bias, state, Weights(*weights), layout, noise)  # type: ignore[arg-type]
    pairs = [(tensor, grad) for tensor, grad in zip((outputs, *last), grads, strict=True) if grad is not None]
    wanted = [tensor for tensor, need in zip(apart, needed, strict=True) if need and tensor is not None]
    found = iter(
        torch.autograd.grad([t for t, _ in pairs], wanted, [g for _, g in pairs], create_graph=True, allow_unused=True)
    )
    return tuple(next(found) if need else None for need in needed)


def _run_packed(
    recurrence: Recurrence,
    x: Tensor,
    input_weight: Tensor | None,
    input_bias: Tensor | None,
    state: tuple[Tensor, ...] | None,
    weights: Weights,
    layout: Layout,
    noise: Noise,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Padded rows with lengths: only the steps that are there are computed, and what lies after them is never read."""
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
    masks = Noise(
        None if noise.dropout is None else noise.dropout[order],
        None if noise.zoneout_h is None else noise.zoneout_h[index],
        None if noise.zoneout_c is None else noise.zoneout_c[index],
    )
    if state is not None:
        state = tuple(tensor.index_select(0, order) for tensor in state)
    outputs, last = run(recurrence, x.index_select(0, index), input_weight, input_bias, state, weights, packed, masks)
    back = torch.empty_like(order)
    back[order] = torch.arange(layout.batch)
    whole = outputs.new_zeros(len(x), outputs.shape[1]).index_copy(0, index, outputs)
    return whole, tuple(tensor.index_select(0, back) for tensor in last)


# ---- the members of `Args`, in its order


def _shape(
    plan: _Plan, code: int, dtype: torch.dtype, rows: int, features: int, hidden: int, width: int
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


def _inside(inputs: _Inputs) -> bool:
    """Whether the engine multiplies by W."""
    return inputs.input_weight is not None and _size(inputs) <= _IN_CACHE


def _size(inputs: _Inputs) -> int:
    """The bytes of W and U."""
    weight, recurrent = inputs.input_weight, inputs.recurrent
    return ((0 if weight is None else weight.numel()) + recurrent.numel()) * recurrent.element_size()


def _weights(inputs: _Inputs, noise: Noise, inside: bool) -> tuple[int, ...]:
    return (
        _address(inputs.input_weight) if inside else 0,
        _address(inputs.input_bias),
        inputs.recurrent.data_ptr(),
        _address(inputs.bias),
        _address(inputs.projection),
        _address(inputs.peephole),
        _address(inputs.norm),
        _address(inputs.norm_cell),
        _address(inputs.norm_input),
        _address(noise.dropout),
        _address(noise.zoneout_h),
        _address(noise.zoneout_c),
    )


def _address(tensor: Tensor | None) -> int:
    return 0 if tensor is None else tensor.data_ptr()


def _contiguous(inputs: _Inputs) -> _Inputs:
    """What the engine reads, without gaps; x it does not."""
    if all(tensor is None or tensor.is_contiguous() for tensor in inputs[1:]):
        return inputs
    given: Any = [None if tensor is None else tensor.contiguous() for tensor in inputs[1:]]
    return _Inputs(inputs.x, *given)


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


# ---- the builds of the engine


def describe() -> str:
    """Which build of the engine runs, and which there are."""
    others = [name for name in _engine.supported_builds() if name != _engine.chosen_build()]
    chosen = f"instruction set {_engine.chosen_build()}"
    if os.environ.get(ISA):
        chosen += f", forced by {ISA}"
    return chosen + (f" (also here: {', '.join(others)})" if others else "")


def choose_build(name: str) -> None:
    """Use the engine's build for this instruction set; InputError where this processor or installation has none."""
    if not _engine.choose_build(name):
        raise InputError(
            f"{ISA} is {name!r}: expected one of {', '.join(_engine.supported_builds())}, which this processor and "
            "this installation have. Unset it to take the best"
        )


if os.environ.get(ISA):
    choose_build(os.environ[ISA])
