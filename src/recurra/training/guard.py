"""What only accompanies a training, a watcher and a log, can neither stop it nor change it: its errors are remarks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from recurra.language import _
from recurra.training.callback import MakeWatcher, Watcher
from recurra.training.randomness import set_states, states

_LONGEST = 300  # letters of an error's text
Answer = TypeVar("Answer")


class Remarks:
    """What went wrong beside the training, each thing once, in the order in which it happened."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}

    def add(self, what: str, error: Exception) -> None:
        """`what` was not done, because of `error`."""
        text = " ".join(f"{type(error).__name__}: {error}".split())
        self._said[f"{what}: {text[:_LONGEST]}"] = None

    def say(self, what: str) -> None:
        """A sentence as it stands."""
        self._said[what] = None

    def all(self) -> tuple[str, ...]:
        """The remarks."""
        return tuple(self._said)


class GuardedWatcher:
    """A watcher, or none, of which the training feels nothing: after an error it is not asked again.

    torch's random generators are put back after each of its calls. `device` is the network's.
    """

    def __init__(self, make: MakeWatcher | None, network: nn.Module, device: torch.device, remarks: Remarks) -> None:
        self._device, self._remarks = device, remarks
        self._watcher: Watcher | None = None
        if make is not None:
            self._watcher = self._ask(lambda: make(network))

    def step(self, loss_of: Callable[[], Tensor], *, loss: float, gradient_norm: float) -> None:
        """As `Watcher.step`."""
        if (watcher := self._watcher) is not None:
            self._ask(lambda: watcher.step(loss_of, loss=loss, gradient_norm=gradient_norm))

    def log(self, board: Any, *, picture: bool) -> None:
        """As `Watcher.log`."""
        if (watcher := self._watcher) is not None:
            self._ask(lambda: watcher.log(board, picture=picture))

    def state(self) -> Tensor | None:
        """As `Watcher.state`; None where nobody watches."""
        return None if (watcher := self._watcher) is None else self._ask(watcher.state)

    def restore(self, state: Tensor) -> None:
        """As `Watcher.restore`."""
        if (watcher := self._watcher) is not None:
            self._ask(lambda: watcher.restore(state))

    def _ask(self, call: Callable[[], Answer]) -> Answer | None:
        before = states(self._device)
        try:
            return call()
        except Exception as error:  # noqa: BLE001  # of any kind: a diagnostic must not stop what it watches
            self._watcher = None
            self._remarks.add(_("the gradient's flow through time was not recorded"), error)
            return None
        finally:
            set_states(before, self._device)
