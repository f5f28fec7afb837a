"""Someone who watches a training without changing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from torch import Tensor, nn


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
