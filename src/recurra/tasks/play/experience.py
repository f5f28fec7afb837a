"""Where an agent's batches come from: rounds of playing, each learnt from a few times and then forgotten.

A round is T steps in B environments with the policy as it is by then. Whole environments make a batch, T steps each,
with the states in which they began and the places where episodes begin; so a recurrence sees a round as it was played.

The state of the source is the round in progress, the states of the streams, the running moments and where every episode
is: with it a run that was killed goes on to the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recurra.environments.several import EnvironmentFailed, Environments
from recurra.language import _
from recurra.nn.agent import AgentNetwork
from recurra.nn.stream import Stream
from recurra.tasks.play.advantages import advantages
from recurra.tasks.play.normalising import Moments, RewardScale, Scale
from recurra.tasks.play.policy import drawn_choices, drawn_numbers, likelihood_of_choices, likelihood_of_numbers
from recurra.tasks.play.settings import Practice
from recurra.training.source import SourceEnded

Floats = npt.NDArray[np.floating]
_RECENT = 100  # episodes whose mean return is shown
_ROUND = ("seen", "begins", "actions", "likelihood", "advantages", "targets")


class Batch(NamedTuple):
    """Some environments of a round: all [T, B, ...] but the states before it, of actor and critic."""

    seen: Tensor
    begins: Tensor
    actions: Tensor
    likelihood: Tensor
    advantages: Tensor
    targets: Tensor
    states: tuple[Any, Any]


@dataclass
class Played:
    """Return, length and frame of the end of every episode so far."""

    rows: list[tuple[float, float, float]]

    def recent(self, count: int = _RECENT) -> float:
        """The mean return of the last ones; NaN of none."""
        return float(np.mean([row[0] for row in self.rows[-count:]])) if self.rows else float("nan")


class Experience:
    """A `training.Source` with a state of its own (`Carrying`), which tells how it goes (`Telling`)."""

    def __init__(self, network: AgentNetwork, environments: Environments, practice: Practice, seed: int) -> None:
        self.network, self.environments, self.practice, self.seed = network, environments, practice, seed
        observed, rows = environments.world.observed, environments.count
        self.moments = Moments.none(observed.width)
        self.rewards = RewardScale(practice.discount, np.zeros(rows))
        self.played = Played([])
        self.remarks: list[str] = []
        self._round = -1
        self._data: dict[str, Tensor] = {}
        self._before: tuple[Any, Any] = (None, None)  # states at the round's beginning
        self._now: tuple[Any, Any] = (None, None)  # and at its end
        self._begins = np.ones(rows, dtype=bool)  # whose next step is the first of an episode
        self._told = 0

    # Batches

    def batch(self, step: int) -> Batch:
        """The next part of the present round, or of a new one. Raises SourceEnded where an environment fails."""
        number, within = divmod(step, self.practice.updates)
        if number != self._round:
            try:
                self._play(number)
            except EnvironmentFailed as error:
                raise SourceEnded(str(error)) from error
        epoch, part = divmod(within, self.practice.parts)
        generator = torch.Generator().manual_seed((self.seed * 1_000_003 + number) * 1_000 + epoch)
        columns = torch.randperm(self.environments.count, generator=generator).chunk(self.practice.parts)[part]
        return self._some(columns)

    def glance(self, step: int) -> Batch:
        """One environment of the round."""
        return self._some(torch.tensor([0]))

    def _some(self, columns: Tensor) -> Batch:
        chosen = [self._data[name].index_select(1, columns) for name in _ROUND]
        states = tuple(_each(state, lambda s: s.index_select(1, columns)) for state in self._before)
        return Batch(*chosen, states=(states[0], states[1]))

    # Playing

    def _play(self, number: int) -> None:
        """T steps in all environments, and what they were worth."""
        steps, rows = self.practice.steps, self.environments.count
        world, rng = self.environments.world, np.random.default_rng([self.seed, number])
        actor, critic, aside = (self.network.acting(rows), self.network.valuing(rows), self.network.valuing(rows))
        if number == 0:
            self.environments.begin()
            self._begins[:] = True
        else:
            actor.state, critic.state = self._now
        self._before = tuple(_tensors(stream.state) for stream in (actor, critic))
        seen = np.zeros((steps, rows, world.observed.width), dtype=np.float32)
        begins, over, terminated = (np.zeros((steps, rows), dtype=bool) for _k in range(3))
        outputs = np.zeros((steps, rows, world.acted.size), dtype=np.float32)
        values, afterwards, rewards = (np.zeros((steps, rows)) for _k in range(3))
        acted = world.acted
        kind = np.int64 if acted.chosen else np.float32
        actions: npt.NDArray[Any] = np.zeros((steps, rows, *acted.one), dtype=kind)
        spread = None if self.network.spread is None else np.exp(self.network.spread.detach().numpy())
        scale = Scale.of(self.moments, world.observed)  # of the last step, wherever that is
        for t in range(steps):
            now = self.environments.seen
            self.moments = self.moments.after(now.astype(np.float64))
            scale = Scale.of(self.moments, world.observed)
            seen[t], begins[t] = scale(now), self._begins
            self._anew(actor, critic, self._begins)
            outputs[t] = actor.step(seen[t])
            values[t] = critic.step(seen[t])[:, 0]
            if spread is None:
                actions[t] = drawn_choices(outputs[t], rng, acted.groups)
            else:
                actions[t] = drawn_numbers(outputs[t], spread, rng)
            done = self.environments.step(actions[t])
            terminated[t], over[t] = done.terminated, done.terminated | done.truncated
            rewards[t] = self.rewards.scaled(done.rewards, over[t])
            if done.truncated.any():
                cut = np.flatnonzero(done.truncated)
                last = scale(np.stack([done.finals[int(k)] for k in cut]))
                afterwards[t, cut] = self._worth(critic, aside, cut, last)
            frame = float((number * steps + t + 1) * rows)
            self.played.rows += [(gained, float(length), frame) for gained, length in done.episodes]
            self._begins = over[t].copy()
        ends = self._worth(critic, aside, np.arange(rows), scale(self.environments.seen))
        followed = np.concatenate([values[1:], ends[None]])
        afterwards = np.where(over, afterwards, followed)
        gained = advantages(rewards, values, afterwards, terminated, over, self.practice.discount, self.practice.trace)
        likelihood = (
            likelihood_of_choices(outputs, actions, acted.groups)
            if spread is None
            else likelihood_of_numbers(outputs, spread, actions)
        )
        centred = (gained - gained.mean()) / (gained.std() + 1e-8)
        found = (seen, begins, actions, likelihood, centred, gained + values)
        self._data = {
            name: torch.from_numpy(np.asarray(value, dtype=np.float32 if value.dtype.kind == "f" else value.dtype))
            for name, value in zip(_ROUND, found, strict=True)
        }
        self._now = actor.state, critic.state
        self._round = number

    def _anew(self, actor: Stream, critic: Stream, begins: npt.NDArray[np.bool_]) -> None:
        for stream in (actor, critic):
            if not self.network.remembers:
                stream.reset()
            elif begins.any():
                stream.reset(np.flatnonzero(begins))

    def _worth(self, critic: Stream, aside: Stream, rows: npt.NDArray[np.int64], seen: Floats) -> Floats:
        """V of what the environments `rows` would go on from, `seen` [k, F]; the critic stays where it is."""
        aside.follow(rows, critic)
        if not self.network.remembers:
            aside.reset()
        return aside.step_rows(np.arange(len(rows)), seen)[:, 0]

    # Telling

    def figures(self) -> dict[str, float]:
        """What is worth logging: frames, the mean return of recent episodes, their length, how many ended since."""
        since, self._told = self.played.rows[self._told :], len(self.played.rows)
        recent = self.played.rows[-_RECENT:]
        frames = (self._round + 1) * self.environments.count * self.practice.steps
        found = {"frames": float(frames), "return": self.played.recent()}
        if recent:
            found["length"] = float(np.mean([row[1] for row in recent]))
        return found | {"episodes": float(len(since))}

    def told(self) -> str:
        """How it goes, for a person."""
        frames = (self._round + 1) * self.environments.count * self.practice.steps
        if not self.played.rows:
            return _("{frames:,} frames, no episode has ended yet", frames=frames)
        return _("{frames:,} frames, return {value:.1f}", frames=frames, value=self.played.recent())

    # The state

    def tensors(self) -> dict[str, Tensor]:
        """Everything that the rest follows from."""
        found = {f"round/{name}": value for name, value in self._data.items()}
        for name, pair in (("before", self._before), ("now", self._now)):
            for k, state in enumerate(pair):
                parts = state if isinstance(state, tuple) else (state,)
                found |= {f"{name}/{k}/{at}": torch.as_tensor(part) for at, part in enumerate(parts)}
        arrays = self.environments.tensors() | {
            "begins": self._begins,
            "moments": _numbers(self.moments),
            "rewards": _numbers(self.rewards.moments),
            "returns": self.rewards.returns,
            "played": np.array(self.played.rows, dtype=np.float64).reshape(-1, 3),
            "at": np.array([self._round, self._told]),
        }
        return found | {f"play/{name}": torch.from_numpy(np.array(value)) for name, value in arrays.items()}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go back there; what cannot be reached again is told in `remarks`."""
        self._data = {name: tensors[f"round/{name}"] for name in _ROUND}
        pairs = []
        for name in ("before", "now"):
            pair = []
            for k in range(2):
                count = sum(key.startswith(f"{name}/{k}/") for key in tensors)
                parts = tuple(tensors[f"{name}/{k}/{at}"] for at in range(count))
                pair.append(parts if count > 1 else parts[0])
            pairs.append((pair[0], pair[1]))
        self._before, now = pairs
        self._now = tuple(_each(state, lambda s: s.numpy()) for state in now)  # type: ignore[assignment]
        found = {name.removeprefix("play/"): t.numpy() for name, t in tensors.items() if name.startswith("play/")}
        self.moments = _moments(found["moments"])
        self.rewards.moments, self.rewards.returns = _moments(found["rewards"]), found["returns"]
        self.played = Played([(float(a), float(b), float(c)) for a, b, c in found["played"]])
        self._round, self._told = map(int, found["at"])
        self._begins = found["begins"].astype(bool)
        if not self.environments.restore(found):
            self._begins[:] = True
            self.remarks.append(
                _(
                    "{name} does not lead to the same again from the same seed and actions: after the interruption all "
                    "episodes began anew, and the result is another one than without it",
                    name=self.environments.world.name,
                )
            )


def _numbers(moments: Moments) -> Floats:
    return np.concatenate([[moments.count], moments.mean, moments.squares])


def _moments(found: Floats) -> Moments:
    width = (len(found) - 1) // 2
    return Moments(float(found[0]), found[1 : 1 + width].copy(), found[1 + width :].copy())


def _tensors(state: Any) -> Any:
    return _each(state, torch.from_numpy)


def _each(state: Any, change: Any) -> Any:
    return tuple(map(change, state)) if isinstance(state, tuple) else change(state)
