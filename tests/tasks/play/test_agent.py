"""RecurrentAgent: what memory is worth, the model file, acting, resuming to the same bits, failures in mid-episode."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tests.tasks.stopping import check_that_a_stop_is_told

import recurra as rc
from recurra.errors import InputError, TrainingError
from recurra.tasks.play.facts import model_facts
from recurra.tasks.play.observations import recorded
from recurra.tasks.play.shown import kept_in_memory
from recurra.training import Run
from recurra.training.callback import Callback
from recurra.training.checkpoint import CheckpointFolder

pytest.importorskip("gymnasium")
from tests.environments.worlds import Panel, Recall, Walk

SMALL = {"environments": 4, "steps": 32, "passes": 2, "parts": 2}


def small(**changed) -> rc.RecurrentAgent:
    given = {"members": 1, "frames": 512, "episodes": 6, "network": {"hidden": 8}, "practice": SMALL} | changed
    return rc.RecurrentAgent(**given)


@pytest.fixture(scope="module")
def played() -> rc.RecurrentAgent:
    agent = small(members=2)
    agent.learn("CartPoleNoVel")
    return agent


def test_a_training_that_the_user_stopped_is_told(played: rc.RecurrentAgent) -> None:
    check_that_a_stop_is_told(played.model_, model_facts)


@pytest.mark.train
def test_where_only_memory_can_tell_it_is_said_that_memory_helps():
    agent = rc.RecurrentAgent(members=2, frames=12_000, network={"hidden": 16}, practice={"steps": 64})
    evaluation = agent.learn(partial(Recall, wait=2))
    table = evaluation.table["mean return"]
    assert table["Recurra"] > 0.95
    assert abs(table["without memory"] - 0.5) < 0.25
    assert evaluation.verdict.sentence.startswith("Memory helps")
    assert "5 tell more" in evaluation.notes[0]
    with pytest.raises(InputError, match="made by a function"):
        _opened(agent).evaluate()
    assert _opened(agent).evaluate(partial(Recall, wait=2)).table["mean return"]["Recurra"] > 0.95
    with pytest.raises(InputError, match="shows or takes something else"):
        _opened(agent).evaluate("CartPoleNoVel")


@pytest.mark.train
@pytest.mark.parametrize("binary", [False, True])
def test_several_choices_at_once_are_learnt_each(binary):
    agent = rc.RecurrentAgent(
        members=1, frames=6_000, episodes=4, network={"hidden": 16}, practice={"steps": 32}, verbose=False
    )
    agent.fit(partial(Panel, binary=binary))
    assert agent.evaluate(partial(Panel, binary=binary)).table["mean return"]["Recurra"] > 8  # 10, by chance 4 to 5
    opened = _opened(agent)
    action = opened.act({"time": np.zeros(1), "shown": np.array([1, 1])}, begins=True)
    assert action.tolist() == [1, 1]
    table = pd.DataFrame([[0, 1, 0.0], [1, 0, 0.1]], columns=["a", "b", "time"])
    steps = recorded(table, opened.model_.world, "table")[0]
    assert opened._actions(steps).columns.tolist() == ["row", "action 1", "action 2"]
    with pytest.raises(InputError, match="several choices at once has no export"):
        opened.exported()


def _opened(agent: rc.RecurrentAgent) -> rc.RecurrentAgent:
    contents = agent._contents("test")
    return rc.RecurrentAgent.opened(contents, "agent.safetensors")


@pytest.mark.train
def test_it_is_evaluated_by_fresh_episodes_that_no_training_has(played):
    evaluation = played.holdout_.evaluation
    assert evaluation.table.index.tolist() == ["Recurra", "without memory", "random actions"]
    frame = played.results()
    assert frame.groupby("method").size().to_dict() == {"Recurra": 12, "without memory": 12, "random actions": 6}
    assert (frame["return"] == frame["length"]).all()  # a point for every step of the pole
    curves = played.content().data["returns"]
    assert set(curves["kind"]) == {"with memory", "without memory"}
    assert curves["frames"].max() <= 512
    assert len(played.learning()) > 0


@pytest.mark.train
def test_a_model_file_plays_and_acts_to_the_same_bits(played, tmp_path: Path):
    played.save(tmp_path / "a.safetensors")
    again = rc.load(tmp_path / "a.safetensors")
    again.save(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    assert again.evaluate().table.equals(played.holdout_.evaluation.table)
    seen = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    acted = [[agent.act(row, begins=k % 9 == 0) for k, row in enumerate(seen)] for agent in (played, again)]
    assert acted[0] == acted[1]
    frame = pd.DataFrame(seen, columns=["place", "angle"]).assign(episode=np.arange(20) // 9)
    later = again.later(_table(frame))
    predicted = next(again.predictions(later))["action"].tolist()
    player = again.player(drawn=False)
    for k, row in enumerate(seen):
        if k % 9 == 0:
            player.reset()
        assert predicted[k] == player.step(row[None])[0]


def _table(frame: pd.DataFrame):
    from recurra.tasks.opened import Opened

    return Opened(frame, [], "seen", "seen.csv")


@pytest.mark.train
def test_without_memory_nothing_goes_from_one_step_to_the_next(played):
    model, seen = played.model_, np.random.default_rng(0).normal(size=(9, 1, 2)).astype(np.float32)
    outputs = []
    for order in (seen, seen[::-1]):
        player = model.player(model.count, 1, drawn=False)
        player.step(order[0])
        outputs.append(player.step(np.ones((1, 2), np.float32)))
        assert not player.network.remembers
        state = player.memory.copy()
        player.step(order[1])
        player.step(np.ones((1, 2), np.float32))
        assert np.array_equal(player.memory, state)


class Stop(Exception):
    """The power went off."""


class StopsAt(Callback):
    """Ends the program after so many steps of all trainings."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def on_step(self, step: int, loss: float, gradient_norm: float) -> None:
        """See Callback."""
        self.steps -= 1
        if not self.steps:
            raise Stop


def _weights(agent: rc.RecurrentAgent) -> list[torch.Tensor]:
    return [value for network in agent.networks for value in network.state_dict().values()]


@pytest.mark.train
@pytest.mark.parametrize("world", ["CartPoleNoVel", Walk])
def test_killed_anywhere_it_goes_on_to_the_same_bits(world, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("recurra.training.loop._CHECKPOINT_SECONDS", -1.0)
    whole = small()
    evaluation = whole.learn(world)
    for steps in (1, 6, 19):  # of 16 of each training; the last is that of the agent without memory
        folder = tmp_path / str(steps)
        with pytest.raises(Stop):
            small().learn(world, run=Run(checkpoints=CheckpointFolder(folder, {}), callbacks=(StopsAt(steps),)))
        again = small()
        resumed = again.learn(world, run=Run(checkpoints=CheckpointFolder(folder, {}, resume=True)))
        assert all(torch.equal(a, b) for a, b in zip(_weights(whole), _weights(again), strict=True))
        assert resumed.table.equals(evaluation.table)
        assert all(
            np.array_equal(a.played, b.played) for a, b in zip(whole.model_.ways, again.model_.ways, strict=True)
        )


@pytest.mark.train
def test_where_an_environment_cannot_be_reached_again_it_is_said(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("recurra.training.loop._CHECKPOINT_SECONDS", -1.0)
    world = partial(Walk, forgetful=True)
    with pytest.raises(Stop):
        small().learn(world, run=Run(checkpoints=CheckpointFolder(tmp_path / "a", {}), callbacks=(StopsAt(6),)))
    agent = small()
    agent.learn(world, run=Run(checkpoints=CheckpointFolder(tmp_path / "a", {}, resume=True)))
    assert any("does not lead to the same again" in note for note in agent.remarks())


class Worn(Walk):
    """Fails for good after so many resets of all of its kind."""

    resets = 0

    def reset(self, **how):
        Worn.resets += 1
        self.fails = "error" if 12 < Worn.resets < 16 else ""
        return super().reset(**how)


@pytest.mark.train
def test_a_failure_in_mid_episode_keeps_what_was_learnt():
    Worn.resets = 0
    agent = small(frames=2_000)
    evaluation = agent.learn(partial(Worn, when=7))
    assert any("the training ended early" in note and "the motor is hot" in note for note in agent.remarks())
    assert evaluation.table.index.tolist() == ["Recurra", "random actions"]
    assert agent.act([0.0, 0.0]).shape == (1,)
    with pytest.raises(TrainingError, match="the motor is hot"):
        small().learn(partial(Walk, fails="error", when=3))


@pytest.mark.train
def test_observations_that_it_cannot_read_are_refused(played):
    for wrong in ([0.0], [0.0, np.nan], "far", [[0.0, 1.0, 2.0]]):
        with pytest.raises(InputError, match="observation"):
            played.act(wrong)
    with pytest.raises(InputError, match="has 3 columns of numbers"):
        played.later(_table(pd.DataFrame({"a": [1.0], "b": [2.0], "c": [0.0]})))
    with pytest.raises(InputError, match="no number in column 'b' of row 2"):
        played.later(_table(pd.DataFrame({"a": [1.0, 1.0], "b": [2.0, np.nan]})))
    with pytest.raises(InputError, match="do not say what would have come of other actions"):
        played.evaluated(played.later(_table(pd.DataFrame({"a": [1.0], "b": [2.0]}))))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"members": 0}, "members is 0"), ({"cell": "gpt"}, "cell is 'gpt'"), ({"device": "cuda"}, "on the processor")],
)
def test_arguments_that_cannot_be_are_refused(wrong, told):
    with pytest.raises(InputError, match=told):
        small(**wrong).learn("CartPoleNoVel")


@pytest.mark.train
def test_what_is_in_memory_can_be_read_off_it(played):
    found = played.witness(render=False)
    assert len(found.seen) == len(found.memory) == len(found.actions) == len(found.rewards)
    insight = played.insight(None)
    assert insight.moved["step"].tolist() == list(range(1, len(found.seen) + 1))
    rng = np.random.default_rng(0)
    seen = rng.normal(size=(300, 1))
    memory = np.column_stack([np.roll(seen[:, 0], 2), rng.normal(size=300)])
    shares = kept_in_memory(type(found)(seen, seen, seen[:, 0], memory))["share"]
    assert shares[2] > 0.95
    assert shares[[0, 1, 3]].max() < 0.2
