"""Whoever wants to see every step of the reference kernel, as `recurra.inspect` does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import NamedTuple, Protocol

from torch import Tensor

from recurra.cells import Weights
from recurra.kernels.contract import Layout, Recurrence


class Step(NamedTuple):
    """One step as an observer sees it: of the rows that are stored, b of the B."""

    t: int
    projected: Tensor  # [b, G*H]
    gates: tuple[Tensor, ...]  # as the cell's `activate`
    old: tuple[Tensor, ...]  # the state before
    new: tuple[Tensor, ...]  # the state after it, zoneout included


class Observer(Protocol):
    """Sees every step of every run."""

    def begin(self, recurrence: Recurrence, weights: Weights, layout: Layout) -> Callable[[Step], tuple[Tensor, ...]]:
        """A run begins: the result is called at each of its steps, and the state that it returns takes the new one's
        place in the outputs and in the recurrence."""
        ...


_observer: ContextVar[Observer | None] = ContextVar("recurra_observer", default=None)


@contextlib.contextmanager
def observing(observer: Observer) -> Iterator[None]:
    """Show every step of this kernel to `observer`, in this thread and inside the `with`."""
    token = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(token)


def watching() -> Observer | None:
    """Who observes here."""
    return _observer.get()
