"""Those who follow a training: a watcher, which cannot change it, and the callbacks of a user, which may."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from recurra.training.randomness import set_states, states


class Watcher(Protocol):
    """Is shown every step; `inspect.Watch` is one."""

    def step(self, loss_of: Callable[[], Tensor], *, loss: float, gradient_norm: float) -> None:
        """A step is over; `loss_of` gives the loss of part of its batch once more, with a graph."""
        ...

    def log(self, board: Any, *, picture: bool = True) -> None:
        """Write what is new to a TensorBoard SummaryWriter, with a picture, which takes a while, or without."""
        ...

    def state(self) -> Tensor:
        """All that was recorded, as bytes."""
        ...

    def restore(self, state: Tensor) -> None:
        """Go on from what `state` gave."""
        ...


MakeWatcher = Callable[[nn.Module], Watcher]


class Callback:
    """What a user wants to happen during a training: override what is needed. Errors are raised.

    A callback follows each network of an ensemble one after the other. What it draws from torch's random generators
    changes nothing; what it does to the network does.

    >>> class Stop(Callback):
    ...     def on_validation(self, row):
    ...         return row["validation_loss"] < 0.1
    """

    def on_start(self, name: str, network: nn.Module, steps: int) -> None:
        """A training of at most `steps` steps begins; `name` tells it from the others, such as "training-0".

        By time `steps` is 1: how many there will be cannot be told.
        """

    def on_step(self, step: int, loss: float, gradient_norm: float) -> None:
        """The step number `step`, from 1, is over."""

    def on_validation(self, row: Mapping[str, float]) -> bool | None:
        """The held-out part was looked at: `step`, `train_loss`, `validation_loss`, `learning_rate`, ...

        True ends the training here; its best weights are kept.
        """

    def on_end(self, network: nn.Module) -> None:
        """The training is over, and the network has its best weights."""


class Callbacks:
    """Several callbacks as one, on the network's device; `asked` is whether one of them wants to end the training."""

    def __init__(self, callbacks: Iterable[Callback], device: torch.device) -> None:
        self._callbacks, self._device, self.asked = tuple(callbacks), device, False

    def start(self, name: str, network: nn.Module, steps: int) -> None:
        """As `Callback.on_start`."""
        self._call(lambda callback: callback.on_start(name, network, steps))

    def step(self, step: int, loss: float, gradient_norm: float) -> None:
        """As `Callback.on_step`."""
        self._call(lambda callback: callback.on_step(step, loss, gradient_norm))

    def validation(self, row: Mapping[str, float]) -> None:
        """As `Callback.on_validation`."""
        self._call(lambda callback: callback.on_validation(dict(row)))

    def end(self, network: nn.Module) -> None:
        """As `Callback.on_end`."""
        self._call(lambda callback: callback.on_end(network))

    def _call(self, what: Callable[[Callback], bool | None]) -> None:
        if not self._callbacks:
            return
        before = states(self._device)
        for callback in self._callbacks:
            self.asked = bool(what(callback)) or self.asked
        set_states(before, self._device)
