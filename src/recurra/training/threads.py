"""How many threads a network deserves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from recurra.kernels.pairs import allowed, at_once

_SMALL = 4_000_000  # parameters; below it two threads gain little, and wait long for each other on a busy machine


@contextmanager
def fitting_threads(network: nn.Module) -> Iterator[None]:
    """One thread for a small network on a CPU, torch's own number for a large one; restored afterwards.

    A small network's operations take microseconds, and its threads meet after each. With one of two cores busy
    elsewhere a training step was measured at 640 ms with two threads and 13 ms with one. Both directions of a layer
    meet once: where torch was allowed two threads, each has its own (`kernels.pairs`).
    """
    before = torch.get_num_threads()
    size = sum(parameter.numel() for parameter in network.parameters())
    if size < _SMALL:
        torch.set_num_threads(1)
    try:
        with at_once(allowed() or (before > 1 and size < _SMALL)):
            yield
    finally:
        torch.set_num_threads(before)
