"""Fresh episodes of an agent: their returns and lengths, and one episode as it was seen, done and remembered."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recurra.environments.making import Make, World
from recurra.environments.several import EnvironmentFailed, Environments
from recurra.errors import InputError
from recurra.language import _
from recurra.tasks.play.model import AgentModel, Player

Floats = npt.NDArray[np.floating]

TESTS = 2**30  # beside a seed, that of the test episodes
VALIDATIONS = 2**29
AT_ONCE = 10
LONGEST = 10_000  # steps, at which an episode of an environment without a limit is ended


class Acting(Protocol):
    """Whatever acts in B games."""

    rows: int

    def step(self, seen: Floats) -> npt.NDArray:
        """What is done at what is seen [B, F]."""
        ...


class RandomPlayer:
    """Actions without a look: any choice as likely as another, numbers spread over what is allowed."""

    def __init__(self, world: World, rows: int, seed: int) -> None:
        self.rows, self._acted, self._rng = rows, world.acted, np.random.default_rng(seed)

    def step(self, seen: Floats) -> npt.NDArray:
        """See `Acting`."""
        if self._acted.groups is not None:
            return self._rng.integers(self._acted.groups, size=(len(seen), len(self._acted.groups)))
        if self._acted.chosen:
            return self._rng.integers(self._acted.size, size=len(seen))
        return self._rng.uniform(-1, 1, size=(len(seen), self._acted.size)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Episodes:
    """Return and length [N] of each, NaN where the environment failed, whose words are in `failures`."""

    returns: Floats
    lengths: npt.NDArray[np.int64]
    failures: tuple[str, ...] = ()


def play_episodes(
    world: World,
    make: Make,
    player: Callable[[int, int], Acting],
    count: int,
    seed: int,
    done: Callable[[int], None] = lambda played: None,
) -> Episodes:
    """`count` episodes, whose seeds follow from `seed`.

    `player` gives who acts in so many games, the first of which has this number.
    """
    returns, lengths, failures = np.full(count, np.nan), np.zeros(count, dtype=np.int64), []
    for first in range(0, count, AT_ONCE):
        rows = min(AT_ONCE, count - first)
        acting = player(rows, first)
        with Environments(world, make, rows, seed + first) as environments:
            try:
                environments.begin()
            except EnvironmentFailed as error:
                failures.append(str(error))
                continue
            alive, gained, steps = list(range(rows)), np.zeros(rows), 0
            while alive and steps < LONGEST:
                try:
                    step = environments.step(acting.step(environments.seen), among=alive)
                except EnvironmentFailed as error:
                    failures.append(str(error))
                    gained[alive] = np.nan  # who of them would have come how far is not known
                    break
                gained += step.rewards
                steps += 1
                alive = [k for k in alive if k not in step.finals]
                lengths[[first + k for k in step.finals]] = steps
            lengths[[first + k for k in alive]] = steps
            returns[first : first + rows] = gained
        done(first + rows)
    return Episodes(returns, lengths, tuple(failures))


def refuse_none(found: Sequence[Episodes], name: str) -> None:
    """Raise InputError where no episode of an environment came to an end."""
    if all(np.isnan(each.returns).all() for each in found):
        failure = next((text for each in found for text in each.failures), name)
        raise InputError(_("no episode could be played to its end: {failure}", failure=failure))


@dataclass(frozen=True, eq=False)
class Witnessed:
    """One episode: what was seen [T, F], done [T] or [T, A], gained [T], remembered [T, H]; pictures of it, if any."""

    seen: Floats
    actions: npt.NDArray
    rewards: Floats
    memory: Floats
    frames: tuple[npt.NDArray[np.uint8], ...] = ()
    why_no_frames: str = ""


def witness(model: AgentModel, make: Make, *, seed: int = 0, render: bool = True, most: int = 500) -> Witnessed:
    """An episode of the best agent, `most` steps at most, with pictures where the environment draws them."""
    world, why = model.world, ""
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")  # pictures are read back, and no window is opened
    player: Player = model.player(model.best, 1, seed=seed)
    drawn = render and world.drawn
    try:
        environments = Environments(world, make, 1, TESTS + seed, render=drawn)
        environments.begin()
        frames = [environments.render()] if drawn else []
    except Exception as error:  # noqa: BLE001  # a missing screen or package costs the pictures alone
        why = " ".join(f"{type(error).__name__}: {error}".split())
        environments, drawn, frames = Environments(world, make, 1, TESTS + seed), False, []
        environments.begin()
    seen, actions, rewards, memory = [], [], [], []
    with environments:
        for _step in range(most):
            seen.append(environments.seen[0].copy())
            action = player.step(environments.seen)
            memory.append(player.memory[0].copy())
            step = environments.step(action, among=[0])
            actions.append(action[0])
            rewards.append(step.rewards[0])
            if drawn:
                frames.append(environments.render())
            if step.finals:
                break
    pictures = tuple(np.asarray(frame, dtype=np.uint8) for frame in frames if frame is not None)
    return Witnessed(np.array(seen), np.array(actions), np.array(rewards), np.array(memory), pictures, why)
