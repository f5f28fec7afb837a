"""Several environments side by side, each in an episode of its own that begins again when it ends.

Every episode is reset with a seed that is a function of (seed, environment, number of the episode) alone, and its
actions are remembered. So the state of an environment, which gymnasium cannot save, is known: it is what the same
actions lead to again. (gymnasium's own vectors give neither seed nor place of an episode, and do not say which failed.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.environments.making import Make, World
from recurra.errors import RecurraError
from recurra.language import _

Floats = npt.NDArray[np.floating]
_LARGEST_SEED = 2**31 - 1


class EnvironmentFailed(RecurraError):
    """An environment raised an error, or gave what is no number."""


@dataclass(frozen=True, eq=False)
class Step:
    """What a step led to: what is seen next [B, F] (of a new episode where one ended), rewards [B], and what ended.

    terminated  [B]: by itself; truncated [B]: by a limit of time, so that there would have been more to come
    finals      what was seen last in the episodes that ended, by environment
    episodes    (return, length) of those
    """

    seen: Floats
    rewards: Floats
    terminated: npt.NDArray[np.bool_]
    truncated: npt.NDArray[np.bool_]
    finals: dict[int, Floats]
    episodes: list[tuple[float, int]]


class Environments:
    """B environments of a world, all of whose episodes follow from `seed`."""

    def __init__(self, world: World, make: Make, count: int, seed: int, *, render: bool = False) -> None:
        self.world, self.count, self.seed = world, count, seed
        self._made = [make(render=render) for _k in range(count)]
        self._actions: list[list[Any]] = [[] for _k in range(count)]
        self._numbers = np.zeros(count, dtype=np.int64)  # of the episodes in progress
        self._returns = np.zeros(count)
        self.seen = np.zeros((count, world.observed.width), dtype=np.float32)

    def __enter__(self) -> Environments:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def begin(self) -> Floats:
        """Begin the first episodes; what is seen [B, F]."""
        for k in range(self.count):
            self._reset(k)
        return self.seen

    def step(self, actions: Sequence[Any] | npt.NDArray, among: Sequence[int] | None = None) -> Step:
        """Act in all environments, of which those that are done begin again; or in some, which then stay as they are.

        actions  [B] numbers of choices, [B, K] of several at once, or [B, A]

        Raises EnvironmentFailed.
        """
        rewards = np.zeros(self.count)
        terminated, truncated = np.zeros(self.count, dtype=bool), np.zeros(self.count, dtype=bool)
        finals: dict[int, Floats] = {}
        episodes: list[tuple[float, int]] = []
        acted = self.world.acted
        for k in range(self.count) if among is None else among:
            action = actions[k]
            try:
                seen, reward, over, cut, _info = self._made[k].step(acted.given(action))
                self.seen[k] = self.world.observed.vector(seen)
                rewards[k] = reward
            except Exception as error:  # whatever somebody else's program raises
                raise self._failed(k, f"{type(error).__name__}: {' '.join(str(error).split())}") from error
            self._actions[k].append(action)
            self._returns[k] += rewards[k]
            terminated[k], truncated[k] = bool(over), bool(cut) and not over
            if over or cut:
                finals[k] = self.seen[k].copy()
                episodes.append((float(self._returns[k]), len(self._actions[k])))
                self._check(k, rewards)
                if among is None:
                    self._numbers[k] += 1
                    self._reset(k)
        if not (np.isfinite(self.seen).all() and np.isfinite(rewards).all()):
            for k in range(self.count):
                self._check(k, rewards)
        return Step(self.seen, rewards, terminated, truncated, finals, episodes)

    def render(self) -> Any:
        """A picture of the first one, [height, width, 3]."""
        return self._made[0].render()

    def close(self) -> None:
        """Close all of them."""
        for made in self._made:
            made.close()

    def _reset(self, k: int) -> None:
        try:
            seen, _info = self._made[k].reset(seed=episode_seed(self.seed, k, int(self._numbers[k])))
            self.seen[k] = self.world.observed.vector(seen)
        except Exception as error:
            raise self._failed(k, f"{type(error).__name__}: {' '.join(str(error).split())}") from error
        self._actions[k].clear()
        self._returns[k] = 0.0
        self._check(k, np.zeros(self.count))

    def _check(self, k: int, rewards: Floats) -> None:
        for value, what in ((self.seen[k], _("an observation")), (rewards[k], _("a reward"))):
            if not np.isfinite(value).all():
                shown = np.ravel(value)[~np.isfinite(np.ravel(value))][0]
                raise self._failed(k, _("{what} holds {value}: expected finite numbers", what=what, value=shown))

    def _failed(self, k: int, reason: str) -> EnvironmentFailed:
        return EnvironmentFailed(
            _(
                "{name} failed in step {step} of an episode (seed {seed}): {reason}",
                name=self.world.name,
                step=len(self._actions[k]) + 1,
                seed=episode_seed(self.seed, k, int(self._numbers[k])),
                reason=reason,
            )
        )

    # The state: where each episode is

    def tensors(self) -> dict[str, npt.NDArray]:
        """The numbers of the episodes and their actions so far, which is all that is needed to get there again."""
        width = int(np.prod(self.world.acted.one))
        rows = [np.asarray(actions, dtype=np.float64).reshape(len(actions), width) for actions in self._actions]
        return {
            "numbers": self._numbers.copy(),
            "counts": np.array([len(row) for row in rows]),
            "actions": np.concatenate(rows),
            "seen": self.seen.copy(),
        }

    def restore(self, found: dict[str, npt.NDArray]) -> bool:
        """Begin the same episodes and act again as then; whether what is seen is the same to the bit.

        Where it is not, the environment is not a function of seed and actions, and all episodes begin anew.
        """
        self._numbers = found["numbers"].copy()
        acted, at = self.world.acted, 0
        kind = np.int64 if acted.chosen else np.float32
        for k, count in enumerate(found["counts"].tolist()):
            self._reset(k)
            for row in found["actions"][at : at + count]:
                action = row.astype(kind) if acted.one else int(row[0])
                seen, reward, over, cut, _info = self._made[k].step(acted.given(action))
                self.seen[k] = self.world.observed.vector(seen)
                self._actions[k].append(action)
                self._returns[k] += reward
                if over or cut:
                    break
            at += count
        if np.array_equal(self.seen, found["seen"]):
            return True
        self._numbers += 1
        self.begin()
        return False


def episode_seed(seed: int, environment: int, number: int) -> int:
    """Of one episode.

    >>> episode_seed(0, 1, 2) == episode_seed(0, 1, 2) != episode_seed(0, 2, 1)
    True
    """
    return int(np.random.SeedSequence([seed, environment, number]).generate_state(1)[0]) & _LARGEST_SEED
