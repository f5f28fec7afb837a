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
from recurra.kernels.contract import NO_MASKS, Backend, Call, Frame, call_of
from recurra.kernels.packing import Ran, pack, run_packed
from recurra.kernels.pairs import both


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


def run_both(backend: Backend, forth: Call, back: Call) -> tuple[Ran, Ran]:
    """Two directions of a layer, at once: what `run` says of each."""
    if forth.layout.lengths is not None and forth.layout.offsets is None and backend.packs:
        one, unpacked_one = pack(forth)
        if back.x is forth.x and back.state is None and back.masks is NO_MASKS:
            other, unpacked_other = back._replace(x=one.x, layout=one.layout), unpacked_one
        else:
            other, unpacked_other = pack(back)
        first, second = run_both(backend, one, other)
        return unpacked_one(*first), unpacked_other(*second)
    if backend.backward is not None and torch.is_grad_enabled():
        tensors = (*forth.tensors(), *back.tensors())
        if any(tensor is not None and tensor.requires_grad for tensor in tensors):
            found = _Both.apply(backend, forth, back, *tensors)
            half = len(found) // 2
            return (found[0], found[1:half]), (found[half], found[half + 1 :])
    first, second = both(partial(backend.forward, forth, False), partial(backend.forward, back, False))
    return first[:2], second[:2]


class _Both(torch.autograd.Function):
    """`_Function` of two calls whose states and weights are as many."""

    @staticmethod
    def forward(ctx: Any, backend: Backend, forth: Call, back: Call, *tensors: Tensor | None) -> tuple[Tensor, ...]:
        answers = both(partial(backend.forward, forth, True), partial(backend.forward, back, True))
        ctx.backend, ctx.frames, ctx.kept = backend, (forth.frame(), back.frame()), len(answers[0].saved)
        ctx.save_for_backward(*tensors, *answers[0].saved, *answers[1].saved)
        ctx.set_materialize_grads(False)
        return tuple(tensor for answer in answers for tensor in (answer.outputs, *answer.last))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        needed = ctx.needs_input_grad[3:]
        if all(grad is None for grad in grads):
            return (None,) * (3 + len(needed))
        if torch.is_autocast_enabled("cpu"):
            with torch.autocast("cpu", enabled=False):
                return _Both.backward(ctx, *grads)
        count, inputs, tensors = ctx.kept, len(needed) // 2, ctx.saved_tensors
        given = tensors[:inputs], tensors[inputs : 2 * inputs]
        saved = tensors[2 * inputs : 2 * inputs + count], tensors[2 * inputs + count :]
        need, grad = (needed[:inputs], needed[inputs:]), (grads[: len(grads) // 2], grads[len(grads) // 2 :])
        if torch.is_grad_enabled():
            parts = [_differentiable(ctx.frames[k], given[k], need[k], grad[k]) for k in (0, 1)]
        else:
            parts = both(*(partial(_gradients, ctx.backend, ctx.frames[k], given[k], saved[k], need[k], grad[k])
                           for k in (0, 1)))  # fmt: skip
        return None, None, None, *parts[0], *parts[1]


def _gradients(
    backend: Backend, frame: Frame, given: Sequence[Tensor | None], saved: Any, needed: Any, grads: Any
) -> tuple[Tensor | None, ...]:
    """Those of one direction; none where nothing depends on it."""
    if all(grad is None for grad in grads):
        return (None,) * len(needed)
    assert backend.backward is not None
    return tuple(backend.backward(call_of(frame, given), saved, needed, grads))


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
