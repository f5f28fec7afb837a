"""One process or several: what a training step must ask the others."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn


class Parallel(Protocol):
    """The few places where a training step differs between one process and several."""

    leads: bool

    def setup(self, network: nn.Module, optimiser: torch.optim.Optimizer) -> tuple[nn.Module, torch.optim.Optimizer]:
        """What to call instead of the network, and the optimiser to step."""
        ...

    def share(self, numbers: Tensor) -> Tensor:
        """This process' part of the examples of a step."""
        ...

    def backward(self, loss: Tensor) -> None:
        """Back-propagate, with gradients averaged over the processes."""
        ...

    def any(self, asked: bool) -> bool:
        """Whether any process asks."""
        ...


class _Single:
    leads = True

    def setup(self, network: nn.Module, optimiser: torch.optim.Optimizer) -> tuple[nn.Module, torch.optim.Optimizer]:
        return network, optimiser

    def share(self, numbers: Tensor) -> Tensor:
        return numbers

    def backward(self, loss: Tensor) -> None:
        loss.backward()

    def any(self, asked: bool) -> bool:
        return asked


def single_process() -> Parallel:
    """No others to ask, and nothing paid for them."""
    return _Single()
