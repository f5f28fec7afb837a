"""Small environments of the tests: one that asks for memory, and some that fail."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces


class Recall(gymnasium.Env):
    """A sign is shown once; after `wait` blank steps it is asked for. Only memory can tell it."""

    def __init__(self, wait: int = 2, render_mode: str | None = None) -> None:
        self.wait = wait
        self.observation_space = spaces.Discrete(3)
        self.action_space = spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.sign, self.at = int(self.np_random.integers(2)), 0
        return self.sign, {}

    def step(self, action: Any) -> Any:
        self.at += 1
        over = self.at > self.wait
        return 2, float(action == self.sign) if over else 0.0, over, False, {}


class Walk(gymnasium.Env):
    """Numbers that add up; it fails as it is told to: `fails` is "", "nan", "reward" or "error", in the step `when`."""

    metadata = {"render_modes": []}  # noqa: RUF012  # gymnasium's own way

    def __init__(self, fails: str = "", when: int = 30, limit: int = 40, forgetful: bool = False) -> None:
        self.fails, self.when, self.limit, self.forgetful = fails, when, limit, forgetful
        self.observation_space = spaces.Box(-np.inf, np.inf, (2,))
        self.action_space = spaces.Box(-1, 1, (1,))

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=None if self.forgetful else seed)
        self.place, self.at = self.np_random.normal(size=2), 0
        return self.place.astype(np.float32), {}

    def step(self, action: Any) -> Any:
        self.at += 1
        self.place = self.place + self.np_random.normal(size=2) * 0.1 + 0.1 * float(action[0])
        seen, reward = self.place.astype(np.float32), -float(abs(self.place[0]))
        if self.at == self.when:
            if self.fails == "error":
                raise RuntimeError("the motor is hot")
            if self.fails == "nan":
                seen = seen * np.nan
            if self.fails == "reward":
                reward = float("inf")
        return seen, reward, False, self.at >= self.limit, {}


class Panel(gymnasium.Env):
    """A switch and a dial are to be set as they are shown, in a mapping with the time beside them."""

    def __init__(self, binary: bool = False, render_mode: str | None = None) -> None:
        self.sizes = np.array([2, 2] if binary else [2, 3])
        self.action_space = spaces.MultiBinary(2) if binary else spaces.MultiDiscrete(self.sizes)
        self.observation_space = spaces.Dict(
            {"shown": spaces.MultiDiscrete(self.sizes), "time": spaces.Box(0, 1, (1,), np.float32)}
        )

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.shown, self.at = self.np_random.integers(self.sizes), 0
        return self._seen(), {}

    def step(self, action: Any) -> Any:
        assert self.action_space.contains(action)
        reward = float((np.asarray(action) == self.shown).mean())
        self.shown, self.at = self.np_random.integers(self.sizes), self.at + 1
        return self._seen(), reward, self.at >= 10, False, {}

    def _seen(self) -> Any:
        return {"shown": self.shown, "time": np.array([self.at / 10], np.float32)}
