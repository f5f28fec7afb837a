"""How many threads a network deserves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

_SMALL = 4_000_000  # parameters; below it two threads gain little, and wait long for each other on a busy machine


@contextmanager
def fitting_threads(network: nn.Module) -> Iterator[None]:
    """One thread for a small network on a CPU, torch's own number for a large one; restored afterwards.

    A small network's operations take microseconds, and its threads meet after each. With one of two cores busy
    elsewhere a training step was measured at 640 ms with two threads and 13 ms with one.
    """
    before = torch.get_num_threads()
    size = sum(parameter.numel() for parameter in network.parameters())
    if size < _SMALL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
