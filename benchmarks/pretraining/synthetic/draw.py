"""Random numbers of one seeded generator, one row for each series."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import torch
from torch import Tensor

from recurra.nn.pretrained.constants import constant

# Season lengths that clocks, calendars and accounts give, and how often each is drawn.
CALENDAR = {
    4.0: 6, 5.0: 1, 6.0: 1, 7.0: 8, 8.0: 1, 10.0: 1, 12.0: 12, 13.0: 1, 20.0: 1, 24.0: 10, 26.0: 1, 28.0: 1, 30.0: 1,
    48.0: 4, 52.0: 3, 52.18: 3, 60.0: 1, 96.0: 3, 144.0: 2, 168.0: 3, 288.0: 1, 336.0: 1, 365.25: 2,
}  # fmt: skip


class Draw:
    """Rows of random numbers on one device; the same seed gives the same rows on the same device."""

    def __init__(self, seed: int, device: str | torch.device = "cpu") -> None:
        self.device = torch.device(device)
        self.generator = torch.Generator(self.device)
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Begin anew: what follows depends on `seed` alone."""
        self.generator.manual_seed(seed)
        self.host = random.Random(seed)  # what decides for all rows at once, without waiting for the device

    def uniform(self, *size: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        return torch.rand(*size, generator=self.generator, device=self.device) * (high - low) + low

    def log_uniform(self, *size: int, low: float, high: float) -> Tensor:
        return self.uniform(*size, low=math.log(low), high=math.log(high)).exp()

    def normal(self, *size: int) -> Tensor:
        return torch.randn(*size, generator=self.generator, device=self.device)

    def integers(self, *size: int, low: int, high: int) -> Tensor:
        """low <= values < high"""
        return torch.randint(low, high, size, generator=self.generator, device=self.device)

    def chance(self, rows: int, p: float) -> Tensor:
        """[rows, 1] of ones and zeros"""
        return (self.uniform(rows, 1) < p).float()

    def pick(self, rows: int, weights: Sequence[float]) -> Tensor:
        """[rows, 1] of indices"""
        return self._which(rows, tuple(weights)).unsqueeze(1)

    def _which(self, rows: int, weights: tuple[float, ...]) -> Tensor:
        total = sum(weights)
        bounds = constant(tuple(sum(weights[: k + 1]) / total for k in range(len(weights) - 1)), self.device)
        return torch.searchsorted(bounds, self.uniform(rows), right=True)

    def period(self, rows: int, longest: float = 512.0) -> Tensor:
        """[rows, 1]: two thirds of the calendar, one third any length from 3 on"""
        at = self._which(rows, tuple(CALENDAR.values()))
        anything = self.log_uniform(rows, low=3.0, high=longest)
        anything = torch.where(self.uniform(rows) < 0.5, anything.round(), anything)
        return (
            torch.where(self.uniform(rows) < 0.67, constant(tuple(CALENDAR), self.device)[at], anything)
            .clamp(max=longest)
            .unsqueeze(1)
        )

    def permutation(self, rows: int) -> Tensor:
        return torch.randperm(rows, generator=self.generator, device=self.device)
