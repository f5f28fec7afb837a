"""What was learnt of an environment: agents that remember, agents of the same size that do not, and how each acts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.checking import require
from recurra.ensemble.members import Member, Seat
from recurra.environments.making import Make, World
from recurra.environments.several import Environments
from recurra.language import mark
from recurra.nn.agent import AgentNetwork, AgentOptions
from recurra.nn.stream import Stream
from recurra.tasks.play.experience import Experience
from recurra.tasks.play.normalising import Scale
from recurra.tasks.play.policy import Groups, best_choices, drawn_choices, drawn_numbers
from recurra.tasks.play.problem import PlayProblem
from recurra.tasks.play.settings import Practice
from recurra.training import Run, TrainingOptions

Floats = npt.NDArray[np.floating]

MEMORYLESS = mark("without memory")  # what their trainings are called


@dataclass(frozen=True)
class Recipe:
    """How the agents are made: everything that a further one would need."""

    cell: str
    members: int
    network: AgentOptions
    training: TrainingOptions
    practice: Practice
    episodes: int
    seed: int

    def check(self) -> None:
        """Refuse what cannot have been trained."""
        require(self.members >= 1, "it has no agent")


@dataclass(frozen=True, eq=False)
class Way:
    """How one agent acts: its scale, whether it draws its actions or takes the best, and its return in validation.

    played  [episodes, 3] of its training: return, length, frames by then
    """

    scale: Scale
    played: npt.NDArray[np.float64]
    drawn: bool = False
    validated: float | None = None

    def check(self) -> None:
        """Refuse what is no way."""
        require(self.played.ndim == 2 and self.played.shape[1] == 3, "what was played")


@dataclass(frozen=True, eq=False)
class AgentModel:
    """Agents: the first `count` of `members` remember, the others do not; `ways` are by member.

    own  whether the environment was made by a function of the user's, which no file can hold
    """

    world: World
    recipe: Recipe
    ways: tuple[Way, ...]
    members: tuple[Member[AgentNetwork], ...]
    count: int
    own: bool = False

    def check(self) -> None:
        """Refuse parts that do not belong together."""
        require(len(self.ways) == len(self.members) >= self.count >= 1, "agents")

    @property
    def baselines(self) -> dict[str, Any]:
        """What it is evaluated beside."""
        return {"random actions": None}

    @property
    def best(self) -> int:
        """Of the agents that remember, the one that acts: the best in validation."""
        found = [way.validated for way in self.ways[: self.count]]
        return int(np.argmax([-np.inf if value is None else value for value in found]))

    def player(self, number: int, rows: int, *, seed: int = 0, drawn: bool | None = None) -> Player:
        """The agent `number` at so many games."""
        way = self.ways[number]
        chosen = way.drawn if drawn is None else drawn
        network, groups = self.members[number].network, self.world.acted.groups
        return Player(network, way.scale, rows, groups, drawn=chosen, seed=seed)


class Player:
    """An agent that acts in B games, one step at a time: NumPy in, NumPy out, a call of the engine in between."""

    def __init__(
        self,
        network: AgentNetwork,
        scale: Scale,
        rows: int,
        groups: Groups = None,
        *,
        drawn: bool,
        seed: int = 0,
    ) -> None:
        self.network, self.scale, self.rows, self.groups, self.drawn = network, scale, rows, groups, drawn
        self.stream: Stream = network.acting(rows)
        self._rng = np.random.default_rng(seed)
        self._spread = None if network.spread is None else np.exp(network.spread.detach().numpy())

    def step(self, seen: Floats) -> npt.NDArray:
        """Actions [B], of several choices [B, K], of numbers [B, A], for what is seen [B, F]."""
        if not self.network.remembers:
            self.stream.reset()
        outputs = self.stream.step(self.scale(seen).astype(np.float32, copy=False))
        if self._spread is None:
            if self.drawn:
                return drawn_choices(outputs, self._rng, self.groups)
            return best_choices(outputs, self.groups)
        return drawn_numbers(outputs, self._spread, self._rng) if self.drawn else outputs

    def reset(self, rows: Any = None) -> None:
        """New episodes begin in some games, or in all."""
        self.stream.reset(rows)

    @property
    def memory(self) -> npt.NDArray[np.float32]:
        """h [B, H] of the last layer."""
        state = self.stream.state
        return (state[0] if isinstance(state, tuple) else state)[-1]


def build_network(recipe: Recipe, world: World, *, remembers: bool) -> AgentNetwork:
    """A fresh network, drawn from torch's global generator."""
    return AgentNetwork(
        world.observed.width,
        world.acted.size,
        recipe.cell,
        recipe.network,
        chosen=world.acted.chosen,
        remembers=remembers,
    )


def fit_agents(
    world: World, make: Make, recipe: Recipe, *, run: Run, name: str, remembers: bool
) -> tuple[list[Member[AgentNetwork]], list[Experience]]:
    """Train as many agents as the recipe says, each in environments of its own; an interruption ends it."""
    members: list[Member[AgentNetwork]] = []
    histories: list[Experience] = []
    practice = recipe.practice
    while len(members) < recipe.members and not (members and members[-1].interrupted):
        seat = Seat(name, len(members), recipe.members, recipe.seed)
        with seat.drawing():
            network = build_network(recipe, world, remembers=remembers)
        with Environments(world, make, practice.environments, seat.own_seed) as environments:
            source = Experience(network, environments, practice, seat.own_seed)
            steps = practice.rounds * practice.updates
            problem = PlayProblem(network, practice, world.acted.groups)
            record = seat.train(problem, recipe.training, run=run, watch=remembers, steps=steps, source=source)
        members.append(Member(network, record))
        histories.append(source)
    return members, histories


def chosen_way(
    member: Member[AgentNetwork], source: Experience, play: Callable[[Player, bool], Sequence[float]]
) -> Way:
    """Whether an agent does better with its best actions or with drawn ones, by episodes that test nothing else."""
    world = source.environments.world
    scale = Scale.of(source.moments, world.observed)
    found = {
        drawn: float(np.mean(play(Player(member.network, scale, 1, world.acted.groups, drawn=drawn), drawn)))
        for drawn in (False, True)
    }
    drawn = found[True] > found[False]
    played = np.array(source.played.rows, dtype=np.float64).reshape(-1, 3)
    return Way(scale, played, drawn, found[drawn] if np.isfinite(found[drawn]) else None)
