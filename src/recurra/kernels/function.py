"""Any backend as a function that autograd knows: the one place where a recurrence meets the graph.

A gradient that is to be differentiated again goes through the reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from recurra.kernels import reference
from recurra.kernels.contract import Backend, Call, Frame, call_of
from recurra.kernels.packing import run_packed


def run(backend: Backend, call: Call) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All steps of one layer and direction by a backend: outputs [N, R] and the last state."""
    layout = call.layout
    if layout.lengths is not None and layout.offsets is None and backend.packs:
        return run_packed(partial(run, backend), call)
    if backend.backward is not None and torch.is_grad_enabled():
        tensors = call.tensors()
        for tensor in tensors:
            if tensor is not None and tensor.requires_grad:
                outputs, *last = _Function.apply(backend, call, *tensors)
                return outputs, tuple(last)
    return backend.forward(call, False)[:2]


class _Function(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, backend: Backend, call: Call, *tensors: Tensor | None) -> tuple[Tensor, ...]:
        outputs, last, saved = backend.forward(call, True)
        ctx.backend, ctx.frame = backend, call.frame()
        ctx.save_for_backward(*tensors, *saved)
        ctx.set_materialize_grads(False)
        return outputs, *last

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        needed = ctx.needs_input_grad[2:]
        for grad in grads:
            if grad is not None:
                break
        else:
            return (None,) * (2 + len(needed))
        if torch.is_autocast_enabled("cpu"):  # the gradient of what was computed, in its dtype
            with torch.autocast("cpu", enabled=False):
                return _Function.backward(ctx, *grads)
        tensors = ctx.saved_tensors
        given, saved = tensors[: len(needed)], tensors[len(needed) :]
        if torch.is_grad_enabled():  # the gradient is to be differentiated again
            return None, None, *_differentiable(ctx.frame, given, needed, grads)
        return None, None, *ctx.backend.backward(call_of(ctx.frame, given), saved, needed, grads)


def _differentiable(
    frame: Frame, given: Sequence[Tensor | None], needed: Sequence[bool], grads: Sequence[Tensor | None]
) -> tuple[Tensor | None, ...]:
    """The same gradients through the reference, which autograd can differentiate once more."""
    # Each input as a tensor of its own, or an input that another one was computed from would count twice.
    apart = [None if tensor is None else tensor.view_as(tensor) for tensor in given]
    outputs, last = reference.run(call_of(frame, apart))
    pairs = [(tensor, grad) for tensor, grad in zip((outputs, *last), grads, strict=True) if grad is not None]
    wanted = [tensor for tensor, need in zip(apart, needed, strict=True) if need and tensor is not None]
    found = iter(
        torch.autograd.grad([t for t, _ in pairs], wanted, [g for _, g in pairs], create_graph=True, allow_unused=True)
    )
    return tuple(next(found) if need else None for need in needed)
