"""How the gates of a layer are used: open, shut, saturated, and units that never answer.

A gate is saturated where the slope of its nonlinearity is under a tenth of its greatest: a sigmoid below 0.026 or above
0.974, a tanh beyond 0.949 on either side. What stands there hardly learns.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from recurra.inspect.recording import Passage

# Of an activation, below and above which value it is saturated; what is not here has no ends, or none that say much.
ENDS = {"sigmoid": (0.02566, 0.97434), "tanh": (-0.94868, 0.94868)}


@dataclass(frozen=True)
class GateUse:
    """The shares of a gate's values, over rows, steps and units, at its lower and at its upper end.

    `keeps`: at which end it keeps the memory, as `cells.Gate` has it.
    """

    name: str
    low: float
    high: float
    keeps: str = ""

    @property
    def saturated(self) -> float:
        """The share that hardly learns; a gate at the end where it keeps the memory does what it should."""
        return (0.0 if self.keeps == "shut" else self.low) + (0.0 if self.keeps == "open" else self.high)


@torch.no_grad()
def gate_use(passage: Passage, alive: Tensor) -> tuple[tuple[GateUse, ...], float]:
    """The use of every gate, and the share of units that are 0 at every step of every row (dead ReLU units)."""
    found, dead = [], 0.0
    for j, gate in enumerate(passage.cell.gates):
        values = torch.cat([step.gates[j].detach() for step in passage.steps])[alive]
        if gate.activation == "relu":
            dead = float((values == 0).all(0).double().mean())
        if gate.activation in ENDS:
            low, high = ENDS[gate.activation]
            shares = float((values < low).double().mean()), float((values > high).double().mean())
            found.append(GateUse(gate.name, *shares, gate.keeps))
    return tuple(found), dead
