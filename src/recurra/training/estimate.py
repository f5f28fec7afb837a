"""How long several trainings of one kind will still take, from the first seconds of the first."""

from __future__ import annotations

import time

from recurra.language import _

_AFTER = 2.0  # seconds of a training until its speed is believed: the first steps warm caches
_LEAST = 3  # steps


class TimeLeft:
    """The time left of the training in progress, and of `runs` of them in all that are about equally long."""

    def __init__(self, runs: int = 1) -> None:
        self.runs, self.begun = max(runs, 1), 0
        self._total, self._since, self._first = 1, 0.0, 0

    def start(self, total: int) -> None:
        """A training of `total` steps begins."""
        self.begun += 1
        self._total, self._since, self._first = total, time.monotonic(), 0

    def seconds(self, step: int) -> float | None:
        """Seconds left of all trainings after `step` steps of this one; None while it cannot be told."""
        elapsed, done = time.monotonic() - self._since, step - self._first
        if step == 0 or done <= 0:
            return None
        if self._first == 0 and elapsed > _AFTER / 4 and step < self._total:  # from here on the speed is measured
            self._first, self._since = step, time.monotonic()
            return None
        if elapsed < _AFTER or done < _LEAST:
            return None
        further = max(self.runs - self.begun, 0)
        return elapsed / done * (self._total - step + further * self._total)


def duration(seconds: float) -> str:
    """A time in words that are short and no more exact than it is known.

    >>> duration(8), duration(95), duration(936), duration(5400), duration(200_000)
    ('10 s', '2 min', '16 min', '1.5 h', '56 h')
    """
    if seconds < 50:
        return f"{max(5, 5 * round(seconds / 5))} s"
    if seconds < 3300:
        return _("{value} min", value=max(1, round(seconds / 60)))
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 10 else f"{hours:.0f} h"
