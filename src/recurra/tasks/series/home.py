"""Where series were, and how fast they go back there: what those that are made for long keep to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recurra.tasks.series.rows import Floats
from recurra.tasks.series.windows import Stretches

_RETURNS = -3.43  # t of the slope by which a column is no random walk: Dickey and Fuller (1979), at 1 %
_BLOCK, _QUICKEST = 96, 0.05  # rows of a mean; what is left of a distance after a block
_FEWEST_BLOCKS, _SOME_BLOCKS = 20, 8  # means, to be certain and to guess
_BUT_LAST, _BUT_FIRST = slice(None, -1), slice(1, None)
_LONGEST = 48  # rows in which a series goes back at the slowest


@dataclass(frozen=True, eq=False)
class Home:
    """Of series [S] that were learnt, their means and least and largest values [S, E]; how fast they go back [E]."""

    mean: Floats
    low: Floats
    high: Floats
    rate: Floats

    @staticmethod
    def of(found: Stretches) -> Home:
        """From their rows."""
        parts = [found.part(k) for k in range(len(found))]
        mean, low, high = (np.stack([how(part, axis=0) for part in parts]) for how in (np.mean, np.min, np.max))
        return Home(mean, low, high, np.minimum(back_to_mean(found, certain=False), -1 / _LONGEST))

    def take(self, series: slice) -> Home:
        """Of some of the series."""
        return Home(self.mean[series], self.low[series], self.high[series], self.rate)


def back_to_mean(found: Stretches, *, certain: bool = True) -> Floats:
    """By how much of the way a column goes back to its mean in each row [E], at most 0: of those that do go back.

    Told from the means of blocks, since in single rows nearly every column seems to go back. 0 where a random walk
    would seem to go back as fast; unless it need not be `certain`, which keeps a random walk, too, where it has been.
    """
    parts = [found.part(k)[: len(found.part(k)) // _BLOCK * _BLOCK] for k in range(len(found))]
    blocks = [part.reshape(-1, _BLOCK, part.shape[1]).mean(axis=1) for part in parts if len(part)]
    before, after = (np.concatenate([part[cut] for part in blocks] or [found.z[:0]]) for cut in (_BUT_LAST, _BUT_FIRST))
    if len(before) < (_FEWEST_BLOCKS if certain else _SOME_BLOCKS):
        return np.full(found.z.shape[1], 0.0 if certain else -1 / _BLOCK)
    x, change = before - before.mean(axis=0), after - before
    square = np.maximum((x**2).sum(axis=0), 1e-12)
    slope = (x * change).sum(axis=0) / square
    noise = change - change.mean(axis=0) - slope * x
    error = np.sqrt(np.maximum((noise**2).sum(axis=0) / (len(x) - 2) / square, 1e-12))
    rate = np.clip(1 + slope, _QUICKEST, 1.0) ** (1 / _BLOCK) - 1
    return np.where(slope / error < _RETURNS, rate, 0.0) if certain else rate
