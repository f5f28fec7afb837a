"""The recurrence as one operator that `torch.compile` and `torch.export` can put into a graph: `recurra::recurrence`.

Only a graph uses it: called directly, an operator costs more time than a small recurrence. The backend is chosen when
the graph runs, on real tensors. Its gradient is the operator `recurra::recurrence_backward`, which runs forward again.

Both take, in this order, the tensors that may ask for a gradient (of `Call.tensors` those that are there), those that
never do (lengths, offsets, and the three of `DropoutMasks`), and what is not a tensor: which of `Call.tensors` are
there, because torch does not differentiate lists with None in them, and the cell by its `variant`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from recurra.cells import decode
from recurra.kernels import chooser
from recurra.kernels.contract import Call, DropoutMasks, Frame, Layout, Recurrence, call_of

_ARGUMENTS = (
    "Tensor[] tensors, Tensor? lengths, Tensor? offsets, Tensor? dropout, Tensor? zoneout_h, Tensor? zoneout_c, "
    "bool[] there, int states, str cell, bool reverse, float rate_h, float rate_c, SymInt steps, SymInt batch, "
    "bool batch_first"
)


def run(call: Call) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All steps of one layer and direction as one node of a graph: outputs [N, R], and the last state."""
    recurrence, layout, masks, states = call.frame()
    tensors = call.tensors()
    outputs, *last = torch.ops.recurra.recurrence(
        [tensor for tensor in tensors if tensor is not None], layout.lengths, layout.offsets, *masks,
        [tensor is not None for tensor in tensors], states, recurrence.cell.variant, recurrence.reverse,
        *recurrence.zoneout, layout.steps, layout.batch, layout.batch_first,
    )  # fmt: skip
    return outputs, tuple(last)


def _call(tensors: list[Tensor], *others: Any) -> Call:
    """An operator's arguments as a call."""
    lengths, offsets, *masks = others[:5]
    there, states, cell, reverse, rate_h, rate_c, steps, batch, batch_first = others[5:]
    given = iter(tensors)
    recurrence = Recurrence(decode(cell), reverse, (rate_h, rate_c))
    layout = Layout(steps, batch, batch_first, lengths, offsets)
    frame = Frame(recurrence, layout, DropoutMasks(*masks), states)
    return call_of(frame, [next(given) if each else None for each in there])


def _forward(tensors: list[Tensor], *others: Any) -> list[Tensor]:
    call = _call(tensors, *others)
    outputs, last = chooser.run(call)
    # an operator must not give back what it was given, as a recurrence without steps does
    given = call.state or (None,) * len(last)
    return [outputs, *(new.clone() if new is old else new for new, old in zip(last, given, strict=True))]


def _forward_shapes(tensors: list[Tensor], *others: Any) -> list[Tensor]:
    call = _call(tensors, *others)
    hidden, width = call.sizes()
    x, batch = call.x, call.layout.batch
    others_last = [x.new_empty(batch, hidden) for _ in call.recurrence.cell.states[1:]]
    return [x.new_empty(x.shape[0], width), x.new_empty(batch, width), *others_last]


def _backward(grads: list[Tensor], needed: list[bool], tensors: list[Tensor], *others: Any) -> list[Tensor]:
    leaves = [tensor.detach().requires_grad_(need) for tensor, need in zip(tensors, needed, strict=True)]
    with _recording():
        outputs, last = chooser.run(_call(leaves, *others))
        wanted = [leaf for leaf, need in zip(leaves, needed, strict=True) if need]
        gradients = torch.autograd.grad([outputs, *last], wanted, grads, materialize_grads=True)
    # two arguments may have one gradient, such as both biases, and an operator must not give back the same one twice
    seen = {grad.data_ptr() for grad in grads}
    apart = []
    for gradient in gradients:
        own = gradient.clone() if gradient.data_ptr() in seen else gradient.contiguous()
        seen.add(own.data_ptr())
        apart.append(own)
    return apart


def _backward_shapes(grads: list[Tensor], needed: list[bool], tensors: list[Tensor], *others: Any) -> list[Any]:
    return [tensor.new_empty(tensor.shape) for tensor, need in zip(tensors, needed, strict=True) if need]


@contextlib.contextmanager
def _recording() -> Iterator[None]:
    """Let autograd record: inside an operator torch keeps it out, whether gradients are enabled or not."""
    excluded = torch._C._dispatch_tls_local_exclude_set().remove(torch._C.DispatchKey.AutogradFunctionality)
    included = torch._C._dispatch_tls_local_include_set()
    with torch._C._ForceDispatchKeyGuard(included, excluded), torch.enable_grad():
        yield


def _keep(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None:
    tensors, *others = inputs
    ctx.save_for_backward(*tensors, *others[:5])
    ctx.count, ctx.rest = len(tensors), others[5:]


def _differentiate(ctx: Any, grads: list[Tensor]) -> tuple[Any, ...]:
    saved = ctx.saved_tensors
    tensors, others, needed = list(saved[: ctx.count]), saved[ctx.count :], list(ctx.needs_input_grad[0])
    found = iter(torch.ops.recurra.recurrence_backward(list(grads), needed, tensors, *others, *ctx.rest))
    return [next(found) if need else None for need in needed], *[None] * (len(others) + len(ctx.rest))


_operator = torch.library.custom_op(
    "recurra::recurrence", _forward, mutates_args=(), schema=f"({_ARGUMENTS}) -> Tensor[]"
)
_operator.register_fake(_forward_shapes)
_operator.register_autograd(_differentiate, setup_context=_keep)
_gradient = torch.library.custom_op(
    "recurra::recurrence_backward",
    _backward,
    mutates_args=(),
    schema=f"(Tensor[] grads, bool[] needed, {_ARGUMENTS}) -> Tensor[]",
)
_gradient.register_fake(_backward_shapes)
chooser.KERNELS["operator"] = run
