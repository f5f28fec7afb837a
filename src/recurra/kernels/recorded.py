"""The engine's two passes as operators, so that a tracer of tensor operations sees them: for `training.replay`.

A tracer records what reaches torch's dispatcher, and the engine, called by address, does not. Inside `recording` the
chooser takes this backend in the engine's place: the same passes over the same memory, behind two operators. Their
nodes `direct` turns into plain calls once the record is complete.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor

from recurra.cells import Weights
from recurra.errors import RecurraError
from recurra.kernels import chooser
from recurra.kernels.contract import SILENCE, Layout, Noise, Recurrence
from recurra.kernels.cpu_passes import Inputs, Plan, Saved, backward_pass, forward_pass


class NotRecordableError(RecurraError):
    """What a layer does here depends on more than the values of its tensors."""


class Call:
    """One layer and direction of a record: both passes, with lists of tensors in and out."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.places: list[int | None] = []  # of each member of `Saved`, among what `forward` returns
        self.needed: tuple[bool, ...] = ()

    def forward(self, inputs: list[Tensor | None]) -> list[Tensor]:
        """Outputs, last state, and what the backward pass needs besides."""
        saved, last = forward_pass(self.plan, Inputs(*inputs), save=True)  # type: ignore[arg-type]
        found = [saved.outputs, *last]
        if not self.places:
            kept = {id(saved.outputs): 0}
            for part in saved:
                if part is not None:
                    kept.setdefault(id(part), len(last) + len(kept))
            self.places = [None if part is None else kept[id(part)] for part in saved]
        for part, place in zip(saved, self.places, strict=True):
            if part is not None and place == len(found):
                found.append(part)
        return found

    def backward(self, inputs: list[Tensor | None], kept: list[Tensor], grads: list[Tensor | None]) -> list[Tensor]:
        """The gradients of the inputs that are `needed`."""
        saved = Saved(*[None if place is None else kept[place] for place in self.places])  # type: ignore[arg-type]
        found = backward_pass(self.plan, Inputs(*inputs), saved, self.needed, tuple(grads))  # type: ignore[arg-type]
        return [gradient for gradient in found if gradient is not None]


Calls = list[Call]
_calls: ContextVar[Calls] = ContextVar("recurra_recorded_calls")

_library = torch.library.Library("recurra", "FRAGMENT")
_library.define("engine_forward(Tensor?[] inputs, int call) -> Tensor[]")
_library.define("engine_backward(Tensor?[] inputs, Tensor[] kept, Tensor?[] grads, int call) -> Tensor[]")
_library.impl("engine_forward", lambda inputs, call: _calls.get()[call].forward(inputs), "CPU")
_library.impl(
    "engine_backward", lambda inputs, kept, grads, call: _calls.get()[call].backward(inputs, kept, grads), "CPU"
)


class _Function(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, number: int, *inputs: Tensor | None) -> tuple[Tensor, ...]:
        kept = torch.ops.recurra.engine_forward(list(inputs), number)
        ctx.number, ctx.inputs, ctx.kept = number, list(inputs), kept
        ctx.set_materialize_grads(False)
        return tuple(kept[: 1 + _calls.get()[number].plan.recurrence.cell.STATES])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        needed = ctx.needs_input_grad[1:]
        _calls.get()[ctx.number].needed = needed
        found = iter(torch.ops.recurra.engine_backward(ctx.inputs, ctx.kept, list(grads), ctx.number))
        return None, *(next(found) if need else None for need in needed)


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
    """All steps of one layer and direction; shapes and meaning as in `kernels.contract`.

    Raises NotRecordableError where there are lengths or masks, whose numbers the record could not follow.
    """
    if layout.lengths is not None or any(mask is not None for mask in noise):
        raise NotRecordableError("a recurrent layer has lengths, or masks that are drawn at every step")
    h, c = (*(state or ()), None, None)[:2]
    calls = _calls.get()
    calls.append(Call(Plan(recurrence, layout, noise)))
    outputs, *last = _Function.apply(len(calls) - 1, x, input_weight, input_bias, h, c, *weights)  # type: ignore[misc]
    return outputs, tuple(last)


@contextlib.contextmanager
def recording() -> Iterator[Calls]:
    """Let the chooser take this backend where it would take the engine; the calls that are recorded."""
    calls: Calls = []
    tokens = chooser.being_recorded.set(True), _calls.set(calls)
    try:
        yield calls
    finally:
        chooser.being_recorded.reset(tokens[0])
        _calls.reset(tokens[1])


def direct(target: Any, arguments: tuple[Any, ...], calls: Calls) -> tuple[Callable[..., Any], tuple[Any, ...]] | None:
    """The function and arguments that a recorded operator comes to; None where it is not one of ours."""
    if target is torch.ops.recurra.engine_forward.default:
        return calls[arguments[-1]].forward, arguments[:-1]
    if target is torch.ops.recurra.engine_backward.default:
        return calls[arguments[-1]].backward, arguments[:-1]
    return None


if chooser.cpu_function is not None:
    chooser.KERNELS["recorded"] = run
