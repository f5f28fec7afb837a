"""Columns in comparable units: logarithms where a positive one spans magnitudes, spread 1, equal ones once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recurra.tasks.series.rows import Floats, Ints

_MAGNITUDES = 3.0  # largest / smallest of a positive column, from which on its logarithm is learnt
_FEW = 0.01  # different values of a column, by its rows, up to which only those are made
_HOLDS = 0.01  # share of its changes that are none, from which on a column holds its value at times
_BEYOND = 0.25  # of its range that a column may leave it by, but none below zero where it never is
_DECIMALS, _WRITTEN = 6, 0.9  # at most, and the share of different values that are written with as many


@dataclass(frozen=True, eq=False)
class Scaling:
    """What it takes to go both ways. D columns of a file, E of them different: `own` [E], `same` [D] says which.

    `steps` [E]: the size of a column's changes; `grid` [G] and `ends` [E + 1]: the values of columns that have few;
    `holds` [E]: those that at times do not change at all, whose steps are those of the other times; `decimals` [E]:
    with how many every value is written, -1 with more.
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
    holds: npt.NDArray[np.bool_]
    decimals: Ints

    @staticmethod
    def of(values: Floats, ends: Ints) -> Scaling:
        """From rows [N, D] of series that begin and end at `ends`."""
        _unique, own, same = np.unique(values, axis=1, return_index=True, return_inverse=True)
        x = values[:, own]
        low, high = x.min(axis=0), x.max(axis=0)
        logs = (low > 0) & (high > _MAGNITUDES * np.maximum(low, 1e-300))
        z = np.where(logs, np.log(np.where(logs, x, 1.0)), x)
        mean, spread = z.mean(axis=0), z.std(axis=0)
        spread = np.where(spread > 0, spread, 1.0)  # one that stands still where it is learnt, and moves later
        within = np.delete(np.diff(z / spread, axis=0), ends[1:-1] - 1, axis=0)
        holds = (within == 0).mean(axis=0) >= _HOLDS
        moving = np.sqrt((within**2).sum(axis=0) / np.maximum((within != 0).sum(axis=0), 1))
        steps = np.maximum(np.where(holds, moving, within.std(axis=0)), 1e-6)
        grids = [np.unique(column) for column in x.T]
        grids = [grid if len(grid) <= max(2, _FEW * len(x)) else grid[:0] for grid in grids]
        stops = np.cumsum([0, *map(len, grids)])
        room = _BEYOND * (z.max(axis=0) - z.min(axis=0)) / spread
        least = (z.min(axis=0) - mean) / spread - room
        least = np.where(~logs & (low >= 0), np.maximum(least, -mean / spread), least)
        return Scaling(
            own.astype(np.int64),
            same.ravel().astype(np.int64),
            logs,
            mean,
            spread,
            steps,
            least,
            (z.max(axis=0) - mean) / spread + room,
            np.concatenate(grids),
            stops.astype(np.int64),
            holds,
            np.array([_decimals_of(column) for column in x.T], dtype=np.int64),
        )

    def bounds(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Between which what goes on from x [T, B, E] stays: the columns' ranges with some room, and where x is."""
        low, high = (torch.from_numpy(each).float() for each in (self.low, self.high))
        return torch.minimum(low, x.amin(0)), torch.maximum(high, x.amax(0))

    @staticmethod
    def within(x: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """Rows thrown back from their bounds, so that none of these is met more often than what lies beside it."""
        return torch.where(x > high, 2 * high - x, torch.where(x < low, 2 * low - x, x)).maximum(low).minimum(high)

    def scaled(self, values: Floats) -> Floats:
        """Rows [..., D] -> [..., E]."""
        x = values[..., self.own]
        safe = np.where(self.logs, np.log(np.maximum(np.where(self.logs, x, 1.0), 1e-12)), x)
        return (safe - self.mean) / self.spread

    def again(self, scaled: Floats) -> Floats:
        """As they come back from a column of few values: rows [..., E] as the user would have them, scaled."""
        return self.scaled(self.values(scaled))

    def values(self, scaled: Floats) -> Floats:
        """Rows [..., E] -> [..., D]; a column of few values has one of them."""
        z = scaled * self.spread + self.mean
        x = np.where(self.logs, np.exp(np.where(self.logs, z, 0.0)), z)
        for k, decimals in enumerate(self.decimals):
            if decimals >= 0:
                x[..., k] = np.round(x[..., k], decimals)
            if len(grid := self.grid[self.ends[k] : self.ends[k + 1]]):
                x[..., k] = grid[np.searchsorted((grid[1:] + grid[:-1]) / 2, x[..., k])]
        return x[..., self.same]


def _decimals_of(column: Floats) -> int:
    """With how many decimals nearly all different values are written, as gaps were filled in; -1: more than six."""
    values = np.unique(column)
    alike = (np.isclose(np.round(values, d), values, rtol=0, atol=1e-9).mean() for d in range(_DECIMALS + 1))
    return next((d for d, share in enumerate(alike) if share >= _WRITTEN), -1)
