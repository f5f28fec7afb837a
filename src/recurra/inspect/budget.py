"""When to look: a small share of the time of a training, whatever a look costs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

# What a look is taken to cost before there has been one: seconds (small networks: 5 to 30 ms were measured, 8 to 30 of
# their steps), or training steps (large ones: half a step to two). A long sequence may cost more, once.
_FIRST_SECONDS, _FIRST_STEPS = 0.05, 3.0
_MORE = 1.25  # the next look may cost more than the dearest before it
_APART = 12  # looks are no closer than this part of the steps until then: they show how it changes
_WARM = 5  # steps before the first: the caches of the first ones would be measured


class Budget:
    """Keeps what is spent within `share` of the time between two calls of `allows`."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.training = self.spent = 0.0
        self._dearest, self._looked, self._steps, self._last = 0.0, False, 0, 0
        self._since: float | None = None

    def allows(self) -> bool:
        """A training step is over: whether there is time for a look at it."""
        now = time.perf_counter()
        if self._since is not None:
            self.training += now - self._since
        self._since = now
        self._steps += 1
        if self._steps <= _WARM or self._steps - self._last < self._steps // _APART:
            return False
        unknown = max(_FIRST_SECONDS, _FIRST_STEPS * self.training / (self._steps - 1))
        cost = _MORE * self._dearest or unknown
        return self.spent + cost <= self.share * self.training

    @contextmanager
    def spending(self) -> Iterator[None]:
        """What happens inside the `with` is a look, and no training."""
        before = self.spent
        self._last = self._steps  # also of one that fails: the next is not tried at every step
        with self.charging():
            yield
        cost = self.spent - before
        # The first look also warms caches, and would put off the second for ever.
        self._dearest = max(self._dearest, cost) if self._looked else 0.6 * cost
        self._looked = True

    @contextmanager
    def charging(self) -> Iterator[None]:
        """What happens inside the `with` costs time, and is neither a look nor training."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            now = time.perf_counter()
            self.spent += now - begin
            if self._since is not None:
                self._since += now - begin
