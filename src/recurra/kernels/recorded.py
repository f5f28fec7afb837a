"""The engine's two passes as operators, so that a tracer of tensor operations sees them: for `training.replay`.

A tracer records what reaches torch's dispatcher, and the engine, called by address, does not. Inside `recording` the
chooser takes this backend in the engine's place: the same passes over the same memory, behind two operators. Their
nodes `direct` turns into plain calls once the record is complete.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor

from recurra.cells import Cell
from recurra.errors import RecurraError
from recurra.kernels import chooser, function
from recurra.kernels.contract import Answer, Backend, Call, Frame, being_recorded, call_of


class NotRecordableError(RecurraError):
    """What a layer does here depends on more than the values of its tensors."""


class RecordedCall:
    """One layer and direction of a record: both passes of the engine, with lists of tensors in and out.

    It is a backend of its own, for this call: its passes are the operators below.
    """

    name, packs = "recorded", False

    def __init__(self, engine: Backend, frame: Frame, number: int) -> None:
        self.engine, self.frame, self.number = engine, frame, number
        self.places: list[int | None] = []  # of each tensor that the engine saves, among what `play_forward` returns
        self.needed: tuple[bool, ...] = ()

    def why_not(self, cell: Cell, x: Tensor, weight: Tensor) -> str | None:
        """As the engine."""
        return self.engine.why_not(cell, x, weight)

    def forward(self, call: Call, save: bool) -> Answer:
        """By the operator, which a tracer sees."""
        kept = torch.ops.recurra.engine_forward(list(call.tensors()), self.number)
        count = 1 + len(call.recurrence.cell.states)
        return Answer(kept[0], tuple(kept[1:count]), tuple(kept))

    def backward(self, call: Call, saved: Sequence[Any], needed: Sequence[bool], grads: Sequence[Any]) -> list[Any]:
        """By the operator."""
        self.needed = tuple(needed)
        found = torch.ops.recurra.engine_backward(list(call.tensors()), list(saved), list(grads), self.number)
        gradients = iter(found)
        return [next(gradients) if need else None for need in needed]

    def play_forward(self, tensors: list[Tensor | None]) -> list[Tensor]:
        """Outputs, last state, and what the backward pass needs besides."""
        outputs, last, saved = self.engine.forward(call_of(self.frame, tensors), True)
        found = [outputs, *last]
        if not self.places:
            kept = {id(part): k for k, part in enumerate(found)}
            for part in saved:
                if part is not None:
                    kept.setdefault(id(part), len(kept))
            self.places = [None if part is None else kept[id(part)] for part in saved]
        for part, place in zip(saved, self.places, strict=True):
            if part is not None and place == len(found):
                found.append(part)
        return found

    def play_backward(
        self, tensors: list[Tensor | None], kept: list[Tensor], grads: list[Tensor | None]
    ) -> list[Tensor]:
        """The gradients that are `needed`."""
        saved = tuple([None if place is None else kept[place] for place in self.places])
        assert self.engine.backward is not None
        found = self.engine.backward(call_of(self.frame, tensors), saved, self.needed, grads)
        return [gradient for gradient in found if gradient is not None]


Calls = list[RecordedCall]
_calls: ContextVar[Calls] = ContextVar("recurra_recorded_calls")

_library = torch.library.Library("recurra", "FRAGMENT")
_library.define("engine_forward(Tensor?[] tensors, int call) -> Tensor[]")
_library.define("engine_backward(Tensor?[] tensors, Tensor[] kept, Tensor?[] grads, int call) -> Tensor[]")
_library.impl("engine_forward", lambda tensors, call: _calls.get()[call].play_forward(tensors), "CPU")
_library.impl(
    "engine_backward",
    lambda tensors, kept, grads, call: _calls.get()[call].play_backward(tensors, kept, grads),
    "CPU",
)


def run(call: Call) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All steps of one layer and direction: outputs [N, R], and the last state.

    Raises NotRecordableError where there are lengths or masks, whose numbers the record could not follow.
    """
    if call.layout.lengths is not None or any(mask is not None for mask in call.masks):
        raise NotRecordableError("a recurrent layer has lengths, or masks that are drawn at every step")
    calls, engine = _calls.get(), chooser.ENGINE
    assert engine is not None
    backend = RecordedCall(engine, call.frame(), len(calls))
    calls.append(backend)
    return function.run(backend, call)


@contextlib.contextmanager
def recording() -> Iterator[Calls]:
    """Let the chooser take this backend where it would take the engine; the calls that are recorded."""
    calls: Calls = []
    tokens = being_recorded.set(True), _calls.set(calls)
    try:
        yield calls
    finally:
        being_recorded.reset(tokens[0])
        _calls.reset(tokens[1])


def direct(target: Any, arguments: tuple[Any, ...], calls: Calls) -> tuple[Callable[..., Any], tuple[Any, ...]] | None:
    """The function and arguments that a recorded operator comes to; None where it is not one of ours."""
    if target is torch.ops.recurra.engine_forward.default:
        return calls[arguments[-1]].play_forward, arguments[:-1]
    if target is torch.ops.recurra.engine_backward.default:
        return calls[arguments[-1]].play_backward, arguments[:-1]
    return None


if chooser.ENGINE is not None:
    chooser.KERNELS["recorded"] = run
