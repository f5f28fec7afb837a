"""Two pieces of work timed in turns, so that whatever else the machine does meets both alike."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SAMPLE = 0.003  # seconds that one sample takes at least; a call in microseconds is repeated


@dataclass(frozen=True)
class Pairs:
    """Seconds per call of both, sample beside sample."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """How many times as long theirs took, pair by pair."""
        return tuple(b / a for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def ratio(self) -> float:
        """The median of the ratios: above 1, ours is faster."""
        return statistics.median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        """The lower and the upper quartile of the ratios.

        Example:
            >>> Pairs((1.0, 1.0, 1.0), (2.0, 3.0, 4.0)).spread
            (2.5, 3.5)
        """
        if len(self.ratios) == 1:
            return self.ratios[0], self.ratios[0]
        low, _, high = statistics.quantiles(self.ratios, n=4, method="inclusive")
        return low, high


def paired(
    ours: Callable[[], object],
    theirs: Callable[[], object],
    *,
    seconds: float = 1.0,
    least: int = 5,
    most: int = 20,
    warm_up: int = 2,
) -> Pairs:
    """Time both in turns, in `least` to `most` pairs, as many as `seconds` allow.

    A sample repeats its call for at least 3 ms. Which of the two goes first changes from pair to pair. The garbage
    collector rests meanwhile. Calls before the measuring (`warm_up` of each, at least one) do not count.
    """
    with _no_garbage_collection():
        repeats = [_repeats(work, warm_up) for work in (ours, theirs)]
        samples: tuple[list[float], list[float]] = ([], [])
        begin = time.perf_counter()
        while len(samples[0]) < most:
            for which in (0, 1) if len(samples[0]) % 2 == 0 else (1, 0):
                samples[which].append(_sample((ours, theirs)[which], repeats[which]))
            pairs = len(samples[0])
            spent = time.perf_counter() - begin
            if pairs >= least and spent * (pairs + 1) / pairs > seconds:
                break
    return Pairs(tuple(samples[0]), tuple(samples[1]))


def geometric_mean(ratios: list[float]) -> float:
    """The mean of ratios: a halving and a doubling cancel.

    Example:
        >>> geometric_mean([0.5, 2.0])
        1.0
    """
    return math.exp(math.fsum(map(math.log, ratios)) / len(ratios)) if ratios else math.nan


def _repeats(work: Callable[[], object], warm_up: int) -> int:
    fastest = min(_sample(work, 1) for _ in range(max(warm_up, 1)))
    return max(1, math.ceil(SAMPLE / max(fastest, 1e-9)))


def _sample(work: Callable[[], object], repeats: int) -> float:
    begin = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - begin) / repeats


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
