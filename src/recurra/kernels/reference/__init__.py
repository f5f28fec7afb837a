"""The reference: a loop over the cell's step on any device and dtype, and the oracle of every other backend."""

from __future__ import annotations

import torch
from torch import Tensor

from recurra.cells import Cell
from recurra.kernels.contract import Answer, Call
from recurra.kernels.reference.loop import loop
from recurra.kernels.reference.observer import Observer, Step, observing, watching
from recurra.kernels.reference.scanned import can_scan, scanned

_FEW_STEPS = 8  # up to which a loop costs less than a scan

__all__ = ["REFERENCE", "Observer", "Step", "loop", "observing", "run", "scanned"]


def run(call: Call) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All steps of one layer and direction: step by step, or by the cell's scan where nobody looks at single steps."""
    observer = None if torch.compiler.is_compiling() else watching()
    if observer is None and call.layout.steps > _FEW_STEPS and can_scan(call):
        return scanned(call)
    return loop(call, observer)


class Reference:
    """The reference as a backend: it takes every call, and autograd differentiates what it does."""

    name, packs, backward = "reference", False, None

    def why_not(self, cell: Cell, x: Tensor, weight: Tensor) -> str | None:
        """None: it takes everything."""
        return None

    def forward(self, call: Call, save: bool) -> Answer:
        """All steps."""
        return Answer(*run(call))


REFERENCE = Reference()
