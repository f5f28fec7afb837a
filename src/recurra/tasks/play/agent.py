"""RecurrentAgent: it learns to act in an environment, and whether memory helps there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra import cells
from recurra.checking import require
from recurra.data.schema.facts import Fact
from recurra.deploy.exported import Exported
from recurra.ensemble.members import Member
from recurra.environments.making import Make, World, world_of
from recurra.errors import InputError
from recurra.evaluation.playing.evaluation import RANDOM, WITHOUT, evaluate_returns
from recurra.evaluation.shared.evaluation import MODEL, Evaluation
from recurra.formatting import count
from recurra.language import _, listing
from recurra.methods import method_name
from recurra.nn.agent import AgentNetwork, AgentOptions
from recurra.options import option
from recurra.report import Deferred
from recurra.tasks.estimator import Done, Evaluated, Insight, Later, Prepared, nobody
from recurra.tasks.opened import Opened, open_examples
from recurra.tasks.parameters import chosen_options
from recurra.tasks.play.evaluating import (
    TESTS,
    VALIDATIONS,
    Episodes,
    RandomPlayer,
    Witnessed,
    play_episodes,
    refuse_none,
    witness,
)
from recurra.tasks.play.exported import exported
from recurra.tasks.play.facts import model_facts, world_facts
from recurra.tasks.play.model import (
    MEMORYLESS,
    AgentModel,
    Player,
    Recipe,
    Way,
    build_network,
    chosen_way,
    fit_agents,
)
from recurra.tasks.play.observations import Recorded, recorded
from recurra.tasks.play.settings import Practice
from recurra.tasks.play.shown import ActionPreview, curves_of, insight_of, shown_episode
from recurra.tasks.printed import scores_of
from recurra.tasks.studied import FileStudy, Gathered, Parts, StudiedEstimator, Tested
from recurra.training import Run, TrainingOptions
from recurra.training.progress import expect
from recurra.training.run import chosen_run

Ints = npt.NDArray[np.int64]
_VALIDATED = 10  # episodes, of each way to act


class Stage:
    """An environment as a data set: what is played are episodes, and `seed` says which."""

    def __init__(self, world: World, make: Make, episodes: int, seed: int, own: bool) -> None:
        self.world, self.make, self.episodes, self.seed, self.own = world, make, episodes, seed, own

    def __len__(self) -> int:
        return self.episodes

    def take(self, rows: Ints) -> Stage:
        """So many."""
        return Stage(self.world, self.make, len(rows), self.seed, self.own)

    def digest(self) -> str:
        """Another one for another environment."""
        return hashlib.blake2b(repr(self.world).encode(), digest_size=16).hexdigest()


class RecurrentAgent(StudiedEstimator):
    """An agent that remembers: recurrent proximal policy optimisation in an environment of gymnasium.

    cell      a registered cell
    members   agents, each trained from a seed of its own; the best in validation acts
    network   `nn.agent.AgentOptions`, or some of them by name
    training  `TrainingOptions`, likewise (`epochs`: passes over a round)
    practice  `tasks.play.settings.Practice`, likewise: environments, steps, discount, entropy, ...
    frames    steps of all environments together that each agent is trained on
    episodes  fresh ones to evaluate each agent on

    `learn(environment)` trains agents with memory and as many of the same size without, and evaluates both beside
    random actions. After it: `model_`, `holdout_`, `verdict_`.

    >>> agent = RecurrentAgent(members=1, frames=512, episodes=2, practice={"environments": 4, "steps": 64})
    >>> evaluation = agent.learn("CartPoleNoVel")
    >>> agent.act([0.0, 0.01]) in (0, 1)
    True
    """

    KIND = "recurrent agent"
    MODEL = AgentModel
    PANELS: ClassVar = ("cards", "methods", "returns", "episode", "training", "memory")
    PACKAGES = ("torch", "numpy", "gymnasium")
    UNIT = "episode"
    keeps_data = True  # its environment is made by its name
    evaluates_alone = True

    _acting: Player | None = None
    _make: Make | None = None
    _unreached: Sequence[str] = ()

    def __init__(
        self,
        *,
        cell: str = "gru",
        members: int = 5,
        network: AgentOptions | Mapping[str, Any] | None = None,
        training: TrainingOptions | Mapping[str, Any] | None = None,
        practice: Practice | Mapping[str, Any] | None = None,
        frames: int = 100_000,
        episodes: int = 50,
        seed: int = 0,
        device: str = "auto",
        verbose: bool | None = None,
    ) -> None:
        self.cell = cell
        self.members = members
        self.network = network
        self.training = training
        self.practice = practice
        self.frames = frames
        self.episodes = episodes
        self.seed = seed
        self.device = device
        self.verbose = verbose

    # In Python

    def learn(self, prepared: Prepared | str | Make, *, run: Run | None = None) -> Evaluation:  # pyright: ignore[reportIncompatibleMethodOverride]  # an environment, too
        """Train in an environment, by its name or by a function that makes one, and evaluate. Raises InputError."""
        if not isinstance(prepared, Prepared):
            prepared = self.prepare(self._entered(prepared))
        return super().learn(prepared, run=run)

    def fit(self, environment: str | Make, *, run: Run | None = None) -> Self:
        """Train agents that remember, without an evaluation."""
        stage = self._stage(self._entered(environment))
        self._recipe()
        run = self._run(run, trainings=1)
        return self._fit_ends(self._both(stage, run=run, name="training", memoryless=False), stage)

    def act(self, observation: Any, *, begins: bool = False) -> Any:
        """What the environment is to be given after `observation`; `begins`: it is the first of an episode.

        The memory of the episode is the agent's own; `player` plays several games at once.
        """
        model = self._fitted()
        acting = None if begins else self._acting
        if acting is None:
            acting = self._acting = model.player(model.best, 1, seed=int(self.seed))
        observed = model.world.observed
        try:
            seen = observed.vector(observation)
        except (ValueError, TypeError, StopIteration, RuntimeError) as error:
            raise InputError(_("observation cannot be read: {error}", error=error)) from error
        if seen.shape != (observed.width,) or not np.isfinite(seen).all():
            raise InputError(
                _("observation is {shown}: expected {width} finite numbers", shown=observation, width=observed.width)
            )
        return model.world.acted.given(acting.step(seen[None])[0])

    def player(self, rows: int = 1, *, drawn: bool | None = None) -> Player:
        """The agent at so many games, a step of all of them at a time: see `Player`."""
        model = self._fitted()
        return model.player(model.best, rows, seed=int(self.seed), drawn=drawn)

    def stream(self, *given: Any, **how: Any) -> Player:
        """As `player`."""
        return self.player(*given, **how)

    def evaluate(self, environment: str | Make | None = None) -> Evaluation:
        """Play fresh episodes in the environment it learnt in, or in another one that shows and takes the same."""
        later = self._later_stage(None if environment is None else self._entered(environment))
        self.holdout_ = self._evaluated(self._fitted(), later, np.arange(len(later)))
        return self.holdout_.evaluation

    def witness(self, *, render: bool = True) -> Witnessed:
        """An episode as it was seen, done and remembered."""
        return witness(self._fitted(), self._maker(), seed=int(self.seed), render=render)

    # From the command line

    def read_file(self, file: str, reading: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> Opened:
        """An environment by its name; of a fitted agent also a table of observations."""
        if hasattr(self, "model_") and columns is None and Path(file).is_file():
            return open_examples(file, reading, text=set())
        return self._entered(file)

    def _entered(self, environment: str | Make) -> Opened:
        world, make = world_of(environment)
        name = re.sub(r"[^\w.-]+", "-", world.name).strip("-.") or "agent"
        stage = Stage(world, make, int(self.episodes), int(self.seed), not isinstance(environment, str))
        return Opened(pd.DataFrame(), world_facts(world), name, world.name, None, {}, stage)

    def _stage(self, opened: Opened) -> Stage:
        assert isinstance(opened.table, Stage)
        return opened.table

    def prepare(self, opened: Opened, *, share: float = 0.1, **columns: Any) -> Prepared:
        """The environment, and the episodes that it will be evaluated on."""
        recipe = self._recipe()
        stage = self._stage(opened)
        self._make = stage.make
        fresh = Gathered(stage, np.arange(len(stage)))
        told = _(
            "{episodes} of each agent, from seeds that no training has; {validated} before them choose how each acts",
            episodes=count(len(stage), "fresh episode"),
            validated=2 * _VALIDATED,
        )
        facts = [*opened.facts, Fact(_("evaluation"), told, option("episodes"))]
        study = FileStudy(Gathered(stage, np.arange(0), None, facts, fresh), None)
        return Prepared(study, facts, stage.digest(), {"recipe": repr(recipe)})

    def _recipe(self) -> Recipe:
        for name in ("members", "frames", "episodes"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise InputError(
                    _("{name} is {value!r}: expected a whole number of at least 1", name=name, value=value)
                )
        if self.cell not in cells.names():
            raise InputError(
                _("cell is {cell!r}: expected one of {names}", cell=self.cell, names=listing(cells.names()))
            )
        if self.device not in ("auto", "cpu"):
            raise InputError(
                _(
                    "device is {device!r}: agents learn on the processor, where they act; leave it out",
                    device=self.device,
                )
            )
        training = chosen_options(self.training, TrainingOptions(weight_decay=0.0, clip_norm=0.5))
        practice = chosen_options(self.practice, Practice())
        practice = replace(practice, frames=int(self.frames))
        if training.epochs is not None:
            practice = replace(practice, passes=max(1, round(training.epochs)))
        network = chosen_options(self.network, AgentOptions())
        return Recipe(self.cell, int(self.members), network, training, practice, int(self.episodes), int(self.seed))

    def _run(self, run: Run | None, *, trainings: int) -> Run:
        run = chosen_run(run, verbose=self.verbose, device="cpu")
        expect(run.progress, 2 * int(self.members))
        return run

    # Of a study

    def _gathered(self, opened: Opened, roles: Any, **columns: Any) -> Gathered:
        raise NotImplementedError("an environment has no rows")

    def _split(self, data: Any, share: float) -> Parts:
        raise NotImplementedError("it is evaluated on fresh episodes")

    def _trained(self, data: Stage, *, run: Run, name: str) -> AgentModel:
        return self._both(data, run=run, name=name, memoryless=True)

    def _both(self, stage: Stage, *, run: Run, name: str, memoryless: bool) -> AgentModel:
        """Agents with memory, then without; each then shows in validation how it acts best."""
        recipe = self._recipe()
        members, sources = fit_agents(stage.world, stage.make, recipe, run=run, name=name, remembers=True)
        total = len(members)
        if memoryless and not members[-1].interrupted:
            more, played = fit_agents(stage.world, stage.make, recipe, run=run, name=MEMORYLESS, remembers=False)
            members, sources = members + more, sources + played
        ways: list[Way] = []
        for member, source in zip(members, sources, strict=True):

            def episodes(player: Player, drawn: bool, member: Member[AgentNetwork] = member) -> Sequence[float]:
                def acting(rows: int, first: int) -> Player:
                    return Player(member.network, player.scale, rows, player.groups, drawn=drawn, seed=first)

                seed = VALIDATIONS + int(self.seed)
                returns = play_episodes(stage.world, stage.make, acting, _VALIDATED, seed).returns
                return [-np.inf] if np.isnan(returns).all() else returns[~np.isnan(returns)].tolist()

            ways.append(chosen_way(member, source, episodes))
        self._unreached = [remark for source in sources for remark in source.remarks]
        return AgentModel(stage.world, recipe, tuple(ways), tuple(members), total, stage.own)

    def _compared(self, model: Any, data: Any, run: Run) -> Any:
        return model

    def _with_baselines(self, model: Any, data: Any) -> Any:
        return model

    def _study(self, learnt: Any, tested: Any, rows: Ints, every: Any, run: Run | None) -> Evaluation:
        evaluation = super()._study(learnt, tested, rows, every, run)
        remarks = [r for m in self.model_.members if m.record is not None for r in m.record.remarks]
        self.notes_ = [*self.notes_, *dict.fromkeys([*self._unreached, *remarks])]
        return evaluation

    def _evaluated(self, model: AgentModel, data: Stage, rows: Ints, *, done: Done = nobody) -> Tested:
        seed, total = TESTS + int(self.seed), len(rows)
        found: dict[str, list[Episodes]] = {MODEL: [], WITHOUT: []}
        for number in range(len(model.members)):
            acting = partial(_acting, model, number)
            played = play_episodes(data.world, data.make, acting, total, seed)
            found[MODEL if number < model.count else WITHOUT].append(played)
            done(round(total * (number + 1) / (len(model.members) + 1)))

        def at_random(rows: int, first: int) -> RandomPlayer:
            return RandomPlayer(data.world, rows, seed + first)

        found[RANDOM] = [play_episodes(data.world, data.make, at_random, total, seed)]
        done(total)
        refuse_none(found[MODEL], data.world.name)
        found = {method: each for method, each in found.items() if each}
        # An episode in which the environment failed is left out of all agents, so that they are evaluated alike.
        known = ~np.isnan([each.returns for several in found.values() for each in several]).any(axis=0)
        if not known.any():
            refuse_none([Episodes(np.array([np.nan]), np.zeros(1, int), each.failures) for each in found[MODEL]], "")
        returns = {method: np.stack([each.returns[known] for each in several]) for method, several in found.items()}
        evaluation = evaluate_returns(returns, seed=int(self.seed))
        if not known.all():
            failure = next(text for several in found.values() for each in several for text in each.failures)
            note = _(
                "{failed} were left out, since the environment failed in them: {failure}",
                failed=count(int((~known).sum()), "episode"),
                failure=failure,
            )
            evaluation = replace(evaluation, notes=(*evaluation.notes, note))
        return Tested(model, data, found, evaluation, rows)

    def _frame(self, tested: Tested) -> pd.DataFrame:
        frames = [
            pd.DataFrame(
                {
                    "method": method_name(method),
                    "agent": number,
                    "episode": np.arange(1, len(each.returns) + 1),
                    "return": each.returns,
                    "length": each.lengths,
                }
            )
            for method, several in tested.produced.items()
            for number, each in enumerate(several, start=1)
        ]
        return pd.concat(frames, ignore_index=True)

    # Later

    def _maker(self) -> Make:
        if self._make is None:
            model = self._fitted()
            if model.own:
                raise InputError(
                    _(
                        "{name} was made by a function, which no file holds: give it again, as evaluate(function) does",
                        name=model.world.name,
                    )
                )
            self._make = world_of(model.world.name)[1]
        return self._make

    def _later_stage(self, opened: Opened | None) -> Stage:
        model = self._fitted()
        if opened is None:
            return Stage(model.world, self._maker(), int(self.episodes), int(self.seed), model.own)
        stage = self._stage(opened)
        if (stage.world.observed, stage.world.acted) != (model.world.observed, model.world.acted):
            raise InputError(
                _(
                    "{name} shows or takes something else than {own}, in which the agent learnt",
                    name=stage.world.name,
                    own=model.world.name,
                )
            )
        self._make = stage.make
        return stage

    def later(self, opened: Opened) -> Later:
        """An environment to play in, or observations to act on."""
        if isinstance(opened.table, Stage):
            stage = self._later_stage(opened)
            return Later(stage, opened.facts, opened.name, opened.source, len(stage))
        data, facts = recorded(opened.frame, self._fitted().world, opened.source)
        return Later(data, [*opened.facts, *facts], opened.name, opened.source, len(data))

    def evaluated(self, later: Later | None, **shown: Any) -> Evaluated:
        """By fresh episodes."""
        if later is not None and isinstance(later.data, Recorded):
            raise InputError(
                _(
                    "{source} holds observations, which do not say what would have come of other actions: an agent is "
                    "evaluated by playing. Leave the file out",
                    source=later.source,
                )
            )
        stage = self._later_stage(None) if later is None else later.data
        self.holdout_ = self._evaluated(self._fitted(), stage, np.arange(len(stage)))
        facts = world_facts(stage.world) if later is None else later.facts
        title = _("In {source} ({episodes})", source=stage.world.name, episodes=count(len(stage), "fresh episode"))
        content: Any = partial(self.content, facts=facts)
        return Evaluated(facts, scores_of(self.holdout_.evaluation, title), self._frame(self.holdout_), content)

    def predictions(self, later: Later | None, *, done: Done = nobody, **shown: Any) -> Iterator[pd.DataFrame]:
        """The actions that it would take at recorded observations."""
        if later is None or not isinstance(later.data, Recorded):
            raise InputError(
                _("an agent predicts its actions at recorded observations: give a table of them, a row for each step")
            )
        yield self._actions(later.data)
        done(len(later.data))

    def _predicted(self, data: Any, rows: Ints, done: Done, **shown: Any) -> Iterator[pd.DataFrame]:
        yield self._actions(data)

    def _actions(self, data: Recorded) -> pd.DataFrame:
        model = self._fitted()
        player, taken, before = model.player(model.best, 1, seed=int(self.seed), drawn=False), [], None
        for seen, episode in zip(data.seen, data.episodes.tolist(), strict=True):
            if episode != before:
                player.reset()
                before = episode
            taken.append(np.ravel(model.world.acted.given(player.step(seen[None])[0])))
        values = np.array(taken).reshape(len(taken), -1)
        several = values.shape[1] > 1
        columns = {f"action {k + 1}" if several else "action": values[:, k] for k in range(values.shape[1])}
        return pd.DataFrame({"row": np.arange(1, len(taken) + 1), **columns})

    def preview(self) -> ActionPreview:
        """The first actions."""
        return ActionPreview()

    def exported(self, *, network_alone: bool = False) -> Exported:
        """The best of the agents that remember, as graphs: what is seen in, what is done out."""
        return exported(self._fitted())

    def insight(self, later: Later | None, *, step: int | None = None, done: Done = nobody) -> Insight:
        """What the agent's memory holds in an episode of its own."""
        if later is not None and isinstance(later.data, Recorded):
            raise InputError(_("an agent is inspected while it plays: leave the file out"))
        return insight_of(self._fitted(), self.witness(render=False), world_facts(self._fitted().world))

    def facts(self) -> list[Fact]:
        """What it decided by itself."""
        return model_facts(self._fitted())

    def _title(self) -> str:
        return _("Playing {name}", name=self._fitted().world.name)

    def _panel_data(self, tested: Tested) -> dict[str, Any]:
        return {
            "returns": curves_of(self._fitted()),
            "episode": Deferred(lambda: shown_episode(self.witness())),
        }

    # The model file

    @classmethod
    def _network(cls, parts: Mapping[str, Any]) -> AgentNetwork:
        return build_network(parts["recipe"], parts["world"], remembers=True)

    def _settings_of(self, model: AgentModel) -> dict[str, Any]:
        recipe = model.recipe
        return {
            "cell": recipe.cell,
            "members": recipe.members,
            "network": recipe.network,
            "training": recipe.training,
            "practice": recipe.practice,
            "frames": recipe.practice.frames,
            "episodes": recipe.episodes,
            "seed": recipe.seed,
        }

    def _check_opened(self, model: AgentModel) -> None:
        self._recipe()
        require(len(model.members) >= 1, "it has no agent")
        for number, member in enumerate(model.members):
            member.network.remembers = number < model.count


def _acting(model: AgentModel, number: int, rows: int, first: int) -> Player:
    return model.player(number, rows, seed=first)
