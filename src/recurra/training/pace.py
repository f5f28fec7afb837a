"""How far a training is: counted in steps, or in the processor time that it was given.

    done in 0..length;    the learning rate, the validations and the end follow `done`

By steps `done` is the step, and a run is repeatable. By time it is a share of the seconds, so that two networks of
different speed each have a whole schedule; another machine, or the same on a busy day, makes another number of steps.
"""

from __future__ import annotations

import time
from typing import Protocol, final

import torch

from recurra.training.options import TrainingOptions
from recurra.training.parallel import Parallel

_VALIDATIONS = 25
_PARTS = 1_000  # of a training by time


class Pace(Protocol):
    """`length` is what there is to do, in whatever units."""

    length: int

    def begin(self, done: float) -> None:
        """The training begins, or goes on after so much was done."""
        ...

    def done(self, step: int) -> float:
        """How much is done after so many steps, at most `length`."""
        ...

    def due(self, step: int) -> bool:
        """Whether the held-out part is to be looked at after this step, as it always is at the end."""
        ...

    def validated(self, step: int) -> None:
        """It was looked at."""
        ...

    def steps(self, step: int) -> int:
        """The steps of the whole training, as far as they can be told after `step` of them."""
        ...


@final
class BySteps:
    """So many steps."""

    def __init__(self, steps: int) -> None:
        self.length = steps

    def begin(self, done: float) -> None:
        """Nothing: the steps tell."""

    def done(self, step: int) -> float:
        """The step itself."""
        return step

    def due(self, step: int) -> bool:
        """About 25 times."""
        return step % max(1, self.length // _VALIDATIONS) == 0 or step == self.length

    def validated(self, step: int) -> None:
        """Nothing: the steps tell."""

    def steps(self, step: int) -> int:
        """As many as there are."""
        return self.length


@final
class ByTime:
    """So many seconds of this process on the processor, all its threads together; of several processes their mean."""

    def __init__(self, seconds: float, parallel: Parallel) -> None:
        self.length = _PARTS
        self._seconds, self._parallel = seconds, parallel
        self.begin(0.0)

    def begin(self, done: float) -> None:
        """Count from now on."""
        self._done, self._next = done, done + _PARTS / _VALIDATIONS
        self._since = time.process_time() - done / self.length * self._seconds

    def done(self, step: int) -> float:
        """The thousandths of the time that are gone."""
        spent = torch.tensor((time.process_time() - self._since) / self._seconds, dtype=torch.float64)
        self._parallel.average(spent)
        self._done = min(self.length * float(spent), float(self.length))
        return self._done

    def due(self, step: int) -> bool:
        """25 times at most, and so seldom that it takes a tenth of the time."""
        return self._done >= min(self._next, self.length)

    def validated(self, step: int) -> None:
        """Learn what it takes."""
        before = self._done
        self._next = self.done(step) + max(_PARTS / _VALIDATIONS, 9 * (self._done - before))

    def steps(self, step: int) -> int:
        """As many as there will be if they go on taking as long."""
        return max(step, round(step * self.length / self._done)) if self._done else max(step, 1)


def pace(options: TrainingOptions, steps: int, parallel: Parallel) -> Pace:
    """By time where `options` give seconds, by `steps` otherwise."""
    return BySteps(steps) if options.seconds is None else ByTime(options.seconds, parallel)
