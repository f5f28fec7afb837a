"""The effective memory of a recurrence: how many steps back its gradient can still be told from nothing.

    effective memory = the largest m with carried_k >= 1/100 for all k = 0 ... m

A weight learns from what lay k steps back in proportion to carried_k. Where a hundredth is left, the nearest steps
drown it, and with a decay of rho per step m is log(1/100) / log(rho): 6 steps for 0.5, 43 for 0.9, 458 for 0.99.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LEFT = 0.01
GROWN = 10.0


@dataclass(frozen=True)
class Memory:
    """`steps` back; `whole` where that is as far as the sequence goes, `length`, so that it may be more.

    `growth` is the largest `carried`, `peak` how many steps back it is.
    """

    steps: int
    length: int
    growth: float
    peak: int

    @property
    def whole(self) -> bool:
        """Whether the gradient reaches the beginning of the sequence."""
        return self.steps >= self.length - 1

    def __str__(self) -> str:
        return f"{'at least ' if self.whole else ''}{self.steps} step{'' if self.steps == 1 else 's'}"


def memory_of(carried: npt.ArrayLike) -> Memory:
    """The effective memory of `carried` [T], which is 1 at 0 steps back.

    >>> memory_of([0.5**k for k in range(50)])
    Memory(steps=6, length=50, growth=1.0, peak=0)
    >>> str(memory_of([1.0, 0.9, 0.8]))
    'at least 2 steps'
    """
    share = np.asarray(carried, dtype=np.float64)
    finite = np.where(np.isnan(share), np.inf, share)
    below = np.flatnonzero(finite < LEFT)
    steps = int(below[0]) - 1 if len(below) else len(share) - 1
    peak = int(finite.argmax())
    return Memory(max(steps, 0), len(share), float(finite[peak]), peak)
