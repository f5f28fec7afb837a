"""Both directions of a layer at once, each by a thread of its own: neither needs anything of the other.

A direction is computed by one thread as it would be alone, so results are the same to the bit. The second thread sleeps
between calls; a direction that it has not begun when the caller is through with the other one, the caller takes itself:
where another program has the second core, little is lost.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import torch

from recurra.kernels.contract import Call

A = TypeVar("A")
B = TypeVar("B")

WORTH = 2e7  # products of a direction: some 0.3 ms, beside which waking a thread is little
_allowed: ContextVar[bool] = ContextVar("recurra_directions_at_once", default=False)


@contextmanager
def at_once(allowed: bool) -> Iterator[None]:
    """Inside, a second thread may take the other direction of a layer."""
    token = _allowed.set(allowed)
    try:
        yield
    finally:
        _allowed.reset(token)


def allowed() -> bool:
    """Whether it may, here."""
    return _allowed.get()


def worthwhile(call: Call) -> bool:
    """Whether two threads are allowed, and the call is long enough."""
    if not _allowed.get():
        return False
    hidden, width = call.sizes()
    return len(call.x) * call.recurrence.cell.blocks * hidden * (width + call.x.shape[1]) >= WORTH


class _Task:
    """Something to be done once, by whoever comes first."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work, self._claim, self._done = work, threading.Lock(), threading.Event()
        self._found: Any = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Do it, unless somebody has begun."""
        if not self._claim.acquire(blocking=False):
            return
        try:
            with torch.no_grad():
                self._found = self._work()
        except BaseException as error:  # noqa: BLE001  # it is raised where the result is asked for
            self._error = error
        finally:
            self._done.set()

    def forget(self) -> None:
        """See that nobody does it any more."""
        if not self._claim.acquire(blocking=False):
            self._done.wait()

    def result(self) -> Any:
        """What was found, once it is there."""
        self.run()
        self._done.wait()
        if self._error is not None:
            raise self._error
        return self._found


class _Second:
    """A thread that takes one task after the other; a forked process begins a new one."""

    def __init__(self) -> None:
        self._task: _Task | None = None
        self._wake, self._process = threading.Semaphore(0), 0

    def give(self, task: _Task) -> None:
        """Let it begin, if it can."""
        if self._process != os.getpid():
            self._wake, self._process = threading.Semaphore(0), os.getpid()
            threading.Thread(target=self._take, name="recurra second direction", daemon=True).start()
        self._task = task
        self._wake.release()

    def _take(self) -> None:
        wake = self._wake
        torch.set_num_threads(1)  # as everybody has where this is allowed: `training.threads`
        while True:
            wake.acquire()
            task, self._task = self._task, None
            if task is not None:
                task.run()


_second = _Second()


def both(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """What two functions give, which draw no random numbers and ask for no gradients; the first error is raised."""
    task = _Task(second)
    _second.give(task)
    with torch.no_grad():
        try:
            found = first()
        except BaseException:
            task.forget()
            raise
    return found, task.result()
