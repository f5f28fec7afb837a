"""Running mean and spread of what is seen, and the scale of rewards: learnt while playing, frozen afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from recurra.checking import require
from recurra.environments.spaces import Observed

Floats = npt.NDArray[np.floating]
FAR = 10.0  # standard deviations beyond which nothing is read
_LEAST = 1e-8


@dataclass(frozen=True, eq=False)
class Moments:
    """Count, mean [F] and sum of squared deviations [F]; a new one after every batch.

    Source: Chan, Golub, LeVeque (1979), "Updating formulae and a pairwise algorithm for computing sample variances".
    """

    count: float
    mean: Floats
    squares: Floats

    @classmethod
    def none(cls, width: int) -> Moments:
        """Of nothing yet."""
        return cls(0.0, np.zeros(width), np.zeros(width))

    def check(self) -> None:
        """Refuse what cannot be moments."""
        require(self.mean.shape == self.squares.shape and bool((self.squares >= 0).all()), "moments")

    def after(self, values: Floats) -> Moments:
        """With further values [B, F]."""
        count = self.count + len(values)
        mean = values.mean(axis=0)
        apart = mean - self.mean
        squares = self.squares + ((values - mean) ** 2).sum(axis=0)
        return Moments(
            count, self.mean + apart * (len(values) / count), squares + apart**2 * (self.count * len(values) / count)
        )

    @property
    def spread(self) -> Floats:
        """The standard deviation [F], 1 of nothing yet and where nothing moves."""
        found = np.sqrt(self.squares / max(self.count, 1.0))
        return np.where(found > _LEAST, found, 1.0)


@dataclass(frozen=True, eq=False)
class Scale:
    """Vectors as a network reads them: numbers by mean and spread, choices as they are."""

    mean: npt.NDArray[np.float32]
    spread: npt.NDArray[np.float32]

    @classmethod
    def of(cls, moments: Moments, observed: Observed) -> Scale:
        """What the moments say, where there are numbers."""
        measured = observed.measured
        return cls(
            np.where(measured, moments.mean, 0.0).astype(np.float32),
            np.where(measured, moments.spread, 1.0).astype(np.float32),
        )

    def check(self) -> None:
        """Refuse what cannot be a scale."""
        require(self.mean.shape == self.spread.shape and bool((self.spread > 0).all()), "the scale of observations")

    def __call__(self, seen: Floats) -> npt.NDArray[np.float32]:
        """[B, F] of what is seen [B, F]."""
        return np.clip((seen - self.mean) / self.spread, -FAR, FAR)


@dataclass
class RewardScale:
    """Rewards divided by the spread of discounted returns, so that the critic learns numbers of about 1."""

    discount: float
    returns: Floats  # [B] of the episodes in progress
    moments: Moments = field(default_factory=lambda: Moments.none(1))

    def scaled(self, rewards: Floats, over: npt.NDArray[np.bool_]) -> Floats:
        """[B]; `over`: where an episode ended with this reward."""
        self.returns = self.returns * self.discount + rewards
        self.moments = self.moments.after(self.returns[:, None])
        self.returns = np.where(over, 0.0, self.returns)
        return np.clip(rewards / self.moments.spread[0], -FAR, FAR)
