"""Columns in comparable units: logarithms where a positive one spans magnitudes, spread 1, equal ones once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.tasks.synthesize.rows import Floats, Ints

_MAGNITUDES = 3.0  # largest / smallest of a positive column, from which on its logarithm is learnt
_FEW = 0.01  # different values of a column, by its rows, up to which only those are made
_BEYOND = 0.25  # of its range that a column may leave it by


@dataclass(frozen=True, eq=False)
class Scaling:
    """What it takes to go both ways. D columns of a file, E of them different: `own` [E], `same` [D] says which.

    `steps` [E]: the size of a column's changes; `grid` [G] and `ends` [E + 1]: the values of columns that have few.
    """

    own: Ints
    same: Ints
    logs: npt.NDArray[np.bool_]
    mean: Floats
    spread: Floats
    steps: Floats
    low: Floats
    high: Floats
    grid: Floats
    ends: Ints

    @staticmethod
    def of(values: Floats) -> Scaling:
        """From rows [N, D]."""
        _unique, own, same = np.unique(values, axis=1, return_index=True, return_inverse=True)
        x = values[:, own]
        low, high = x.min(axis=0), x.max(axis=0)
        logs = (low > 0) & (high > _MAGNITUDES * np.maximum(low, 1e-300))
        z = np.where(logs, np.log(np.where(logs, x, 1.0)), x)
        mean, spread = z.mean(axis=0), np.maximum(z.std(axis=0), 1e-12)
        steps = np.maximum(np.diff(z / spread, axis=0).std(axis=0), 1e-6)
        grids = [np.unique(column) for column in x.T]
        grids = [grid if len(grid) <= max(2, _FEW * len(x)) else grid[:0] for grid in grids]
        ends = np.cumsum([0, *map(len, grids)])
        room = _BEYOND * (z.max(axis=0) - z.min(axis=0)) / spread
        return Scaling(
            own.astype(np.int64),
            same.ravel().astype(np.int64),
            logs,
            mean,
            spread,
            steps,
            (z.min(axis=0) - mean) / spread - room,
            (z.max(axis=0) - mean) / spread + room,
            np.concatenate(grids),
            ends.astype(np.int64),
        )

    def scaled(self, values: Floats) -> Floats:
        """Rows [..., D] -> [..., E]."""
        x = values[..., self.own]
        safe = np.where(self.logs, np.log(np.maximum(np.where(self.logs, x, 1.0), 1e-12)), x)
        return (safe - self.mean) / self.spread

    def values(self, scaled: Floats) -> Floats:
        """Rows [..., E] -> [..., D]; a column of few values has one of them."""
        z = scaled * self.spread + self.mean
        x = np.where(self.logs, np.exp(np.where(self.logs, z, 0.0)), z)
        for k in range(len(self.own)):
            if len(grid := self.grid[self.ends[k] : self.ends[k + 1]]):
                x[..., k] = grid[np.searchsorted((grid[1:] + grid[:-1]) / 2, x[..., k])]
        return x[..., self.same]
