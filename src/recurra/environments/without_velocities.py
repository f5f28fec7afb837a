"""Environments whose velocities are hidden: what stands still and what moves look alike, but for who remembers."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

# The name, what it hides something of, and the places of an observation that stay.
HIDDEN: dict[str, tuple[str, tuple[int, ...]]] = {
    "CartPoleNoVel": ("CartPole-v1", (0, 2)),  # place and angle
    "PendulumNoVel": ("Pendulum-v1", (0, 1)),  # cosine and sine of the angle
    "AcrobotNoVel": ("Acrobot-v1", (0, 1, 2, 3)),
    "MountainCarNoVel": ("MountainCar-v0", (0,)),
}


class WithoutVelocities(gymnasium.ObservationWrapper):
    """Of each observation [F] the places in `shown`."""

    def __init__(self, env: gymnasium.Env, shown: tuple[int, ...]) -> None:
        super().__init__(env)
        self._shown = list(shown)
        space: Any = env.observation_space
        low, high = space.low[self._shown], space.high[self._shown]
        self.observation_space = gymnasium.spaces.Box(low, high, dtype=space.dtype)

    def observation(self, observation: Any) -> Any:
        """The part that is shown."""
        return np.asarray(observation)[self._shown]
