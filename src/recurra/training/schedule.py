"""The learning rate: one cycle, a function of how far the training is, or halved when the loss stands still."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

from recurra.training.options import TrainingOptions

_START, _END = 25.0, 1e4  # the cycle begins at a 25th of its peak and ends at a 10,000th of its beginning
_BETTER = 1e-4  # a loss counts as better when it is lower by this share


class Schedule(Protocol):
    """Learning rates; frozen, so that a state of training is a plain value."""

    def at(self, step: float) -> float:
        """The learning rate after `step` steps."""
        ...

    def after(self, loss: float) -> Schedule:
        """The schedule after a validation."""
        ...


@dataclass(frozen=True)
class OneCycle:
    """Up to `peak` in the first fifth of `steps`, down to almost nothing in the rest, both along half a cosine.

    Smith and Topin (2018), "Super-convergence: very fast training of neural networks using large learning rates".
    """

    peak: float
    steps: int

    def at(self, step: float) -> float:
        """The learning rate after `step` of the steps."""
        top = max(0.2 * (self.steps + 1), 2.0) - 1
        start = self.peak / _START
        if step <= top:
            return _along(start, self.peak, step / top)
        return _along(self.peak, start / _END, (step - top) / (self.steps - top))

    def after(self, loss: float) -> OneCycle:
        """The same: it does not look at losses."""
        return self


@dataclass(frozen=True)
class Plateau:
    """Halved when more than `patience` validations in a row were no better than the best before them."""

    rate: float
    patience: int
    best: float = math.inf
    waited: int = 0

    def at(self, step: float) -> float:
        """The learning rate; `step` does not matter."""
        return self.rate

    def after(self, loss: float) -> Plateau:
        """The schedule after a validation; NaN is no better than anything."""
        if loss < self.best * (1 - _BETTER):
            return replace(self, best=loss, waited=0)
        if self.waited < self.patience:
            return replace(self, waited=self.waited + 1)
        return replace(self, rate=0.5 * self.rate, waited=0)


def schedule(options: TrainingOptions, steps: int) -> OneCycle | Plateau:
    """What `options` ask for, for a training of so many steps."""
    if options.schedule == "plateau":
        return Plateau(options.learning_rate, max(1, options.patience // 3))
    return OneCycle(options.learning_rate, steps)


def _along(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2 * (math.cos(math.pi * share) + 1)
