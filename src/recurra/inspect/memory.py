"""The effective memory of a recurrence: within how many steps nearly all of the gradient stays that it carries back.

    effective memory = the smallest m with  sum_{1 <= k <= m} carried_k >= 99/100 * sum_{k >= 1} carried_k

A weight learns from what lay k steps back in proportion to carried_k: the nearest steps drown a hundredth. With a decay
of rho per step m is where rho^k falls below 1/100: 7 steps for 0.5, 44 for 0.9, 459 for 0.99. carried_0 is 1 by
definition and says nothing of the recurrence: it is left out, so that a constant factor between the last step and all
others (an output gate that is nearly shut) shortens no memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.language import _, several

LEFT = 0.01
GROWN = 10.0
_NEARLY = 0.95


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
        """Whether the gradient reaches the beginning of the sequence, or nearly so."""
        return self.steps >= _NEARLY * (self.length - 1)

    def __str__(self) -> str:
        steps = several("{n} step", "{n} steps", self.steps)
        return _("at least {steps}", steps=steps) if self.whole else steps


def memory_of(carried: npt.ArrayLike) -> Memory:
    """The effective memory of `carried` [T], which is 1 at 0 steps back.

    >>> memory_of([0.5**k for k in range(50)])
    Memory(steps=7, length=50, growth=1.0, peak=0)
    >>> str(memory_of([1.0, 0.9, 0.8]))
    'at least 2 steps'
    """
    share = np.asarray(carried, dtype=np.float64)
    finite = np.where(np.isnan(share), np.inf, share)
    total = np.cumsum(finite[1:])
    steps = len(share) - 1
    if len(total) and np.isfinite(total[-1]):
        steps = 1 + int(np.searchsorted(total, (1 - LEFT) * total[-1])) if total[-1] > 0 else 0
    peak = int(finite.argmax())
    return Memory(steps, len(share), float(finite[peak]), peak)
