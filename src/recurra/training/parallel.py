"""One process or several: what a training step must ask the others."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor, nn


class Parallel(Protocol):
    """The few places where a training step differs between one process and several."""

    leads: bool
    alone: bool

    def place(self, network: nn.Module) -> nn.Module:
        """The network, on the device of this process."""
        ...

    def share(self, numbers: Tensor) -> Tensor:
        """This process' part of the examples of a step."""
        ...

    def average(self, gradient: Tensor) -> None:
        """Make a gradient the mean of those of all processes, in place."""
        ...

    def any(self, asked: bool) -> bool:
        """Whether any process asks."""
        ...


class _Single:
    leads = alone = True

    def place(self, network: nn.Module) -> nn.Module:
        return network

    def share(self, numbers: Tensor) -> Tensor:
        return numbers

    def average(self, gradient: Tensor) -> None:
        pass

    def any(self, asked: bool) -> bool:
        return asked


def single_process() -> Parallel:
    """No others to ask, and nothing paid for them."""
    return _Single()
