"""The C++ engine as a backend: its two passes as a function that autograd knows, and rows of different lengths.

A gradient that is to be differentiated again goes through the reference. Rows with lengths are packed first, so that
only the steps that are there are computed.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from recurra.cells import Weights
from recurra.kernels import reference
from recurra.kernels.contract import SILENCE, Layout, Noise, Recurrence
from recurra.kernels.cpu_passes import Inputs, Plan, Saved, backward_pass, forward_pass


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
    plan = Plan(recurrence, layout, noise)
    inputs = Inputs(x, input_weight, input_bias, h, c, *weights)
    if torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in inputs):
        outputs, *last = _Function.apply(plan, *inputs)
    else:
        saved, last = forward_pass(plan, inputs, save=False)
        outputs = saved.outputs
    return outputs, tuple(last)


class _Function(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, plan: Plan, *inputs: Tensor | None) -> tuple[Tensor, ...]:
        saved, last = forward_pass(plan, Inputs(*inputs), save=True)  # type: ignore[arg-type]
        ctx.plan = plan
        ctx.save_for_backward(*inputs, *saved)
        ctx.set_materialize_grads(False)
        return saved.outputs, *last

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        needed = ctx.needs_input_grad[1:]
        if all(grad is None for grad in grads):
            return (None,) * (1 + len(needed))
        if torch.is_autocast_enabled("cpu"):  # the gradient of what was computed, in its dtype
            with torch.autocast("cpu", enabled=False):
                return _Function.backward(ctx, *grads)
        tensors = ctx.saved_tensors
        inputs = Inputs(*tensors[: len(needed)])
        if torch.is_grad_enabled():  # the gradient is to be differentiated again
            return None, *_differentiable(ctx.plan, inputs, needed, grads)
        return None, *backward_pass(ctx.plan, inputs, Saved(*tensors[len(needed) :]), needed, grads)


def _differentiable(
    plan: Plan, inputs: Inputs, needed: tuple[bool, ...], grads: tuple[Tensor | None, ...]
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
