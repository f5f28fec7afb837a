"""How the gates of a layer are used: open, shut, saturated, and units that never answer.

A gate is saturated where the slope of its nonlinearity is under a tenth of its greatest: a sigmoid below 0.026 or above
0.974, a tanh beyond 0.949 on either side. What stands there hardly learns.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from recurra.cells import RNN, Cell
from recurra.inspect.recording import Passage

LOW, HIGH, STEEP = 0.02566, 0.97434, 0.94868
KEEPING = ("f", "z")  # gates whose upper end is what keeps a memory


@dataclass(frozen=True)
class GateUse:
    """The shares of a gate's values, over rows, steps and units, at its lower and at its upper end."""

    name: str
    low: float
    high: float

    @property
    def saturated(self) -> float:
        """The share that hardly learns; a gate that is open because it keeps the memory does what it should."""
        return self.low if self.name in KEEPING else self.low + self.high


def is_gate(name: str) -> bool:
    """Whether it is a sigmoid; g and n are values, through a tanh."""
    return name not in ("g", "n")


@torch.no_grad()
def gate_use(passage: Passage, alive: Tensor) -> tuple[tuple[GateUse, ...], float]:
    """The use of every gate, and the share of units that are 0 at every step of every row (dead ReLU units)."""
    cell = passage.cell
    found, dead = [], 0.0
    for j, name in enumerate(cell.NAMES):
        values = torch.cat([step.gates[j].detach() for step in passage.steps])[alive]
        if type(cell) is RNN and cell.nonlinearity == "relu":
            dead = float((values == 0).all(0).double().mean())
        if _is_squashed(cell):
            low, high = (LOW, HIGH) if is_gate(name) else (-STEEP, STEEP)
            found.append(GateUse(name, float((values < low).double().mean()), float((values > high).double().mean())))
    return tuple(found), dead


def _is_squashed(cell: Cell) -> bool:
    return not isinstance(cell, RNN) or cell.nonlinearity == "tanh"
