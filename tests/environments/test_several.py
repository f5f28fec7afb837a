"""Environments side by side: repeatable, their place in an episode can be reached again, failures say where."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from recurra.environments.making import world_of
from recurra.environments.several import EnvironmentFailed, Environments
from recurra.errors import InputError

pytest.importorskip("gymnasium")
from tests.environments.worlds import Recall, Walk


def made(environment, rows: int = 3, seed: int = 0) -> Environments:
    world, make = world_of(environment)
    return Environments(world, make, rows, seed)


def actions(several: Environments, rng: np.random.Generator):
    if several.world.acted.chosen:
        return rng.integers(several.world.acted.size, size=several.count)
    return rng.normal(size=(several.count, several.world.acted.size)).astype(np.float32)


def walk(several: Environments, steps: int, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [several.step(actions(several, rng)).seen.copy() for _k in range(steps)]


@pytest.mark.parametrize("environment", ["CartPoleNoVel", "PendulumNoVel", Recall, Walk])
def test_the_same_seed_leads_to_the_same_and_so_does_a_restored_place(environment):
    first, second, other = made(environment), made(environment), made(environment, seed=1)
    for several in (first, second, other):
        several.begin()
    one, two = walk(first, 57), walk(second, 57)
    assert np.array_equal(one, two)
    assert not np.array_equal(one, walk(other, 57))
    again = made(environment)
    assert again.restore(first.tensors())
    assert np.array_equal(walk(first, 40, seed=5), walk(again, 40, seed=5))


def test_an_environment_that_is_no_function_of_its_seed_is_known_and_begins_anew():
    several = made(partial(Walk, forgetful=True))
    several.begin()
    walk(several, 10)
    again = made(partial(Walk, forgetful=True))
    assert not again.restore(several.tensors())
    assert again.tensors()["counts"].tolist() == [0, 0, 0]


def test_what_ends_begins_anew_and_says_how():
    several = made(partial(Walk, limit=5), rows=2)
    several.begin()
    rng = np.random.default_rng(0)
    step = several.step(actions(several, rng))
    for k in range(1, 5):
        assert not step.truncated.any()
        step = several.step(actions(several, rng))
        assert step.truncated.tolist() == [k == 4] * 2
    assert not step.terminated.any()
    assert sorted(step.finals) == [0, 1]
    assert [length for _gained, length in step.episodes] == [5, 5]
    assert not np.array_equal(step.finals[0], step.seen[0])
    recall = made(partial(Recall, wait=1), rows=1)
    recall.begin()
    recall.step(np.array([0]))
    assert recall.step(np.array([0])).terminated.tolist() == [True]


def test_some_of_them_act_and_the_others_stay():
    several = made("CartPoleNoVel")
    before = several.begin().copy()
    after = several.step(np.array([1, 1, 1]), among=[1]).seen
    assert np.array_equal(after[[0, 2]], before[[0, 2]])
    assert not np.array_equal(after[1], before[1])


@pytest.mark.parametrize(
    ("fails", "told"),
    [
        ("nan", "an observation holds nan"),
        ("reward", "a reward holds inf"),
        ("error", "RuntimeError: the motor is hot"),
    ],
)
def test_a_failure_names_the_step_and_the_seed(fails, told):
    several = made(partial(Walk, fails=fails, when=4))
    several.begin()
    with pytest.raises(EnvironmentFailed, match=rf"failed in step \d of an episode \(seed \d+\): {told}"):
        walk(several, 9)


@pytest.mark.parametrize(
    ("name", "closest"),
    [("CartPoleNoVell", "CartPoleNoVel"), ("Cartpole-v9", "CartPole-v1"), ("RepeatPreviousEas", "RepeatPreviousEasy")],
)
def test_a_name_that_there_is_not_is_answered_with_the_closest(name, closest):
    with pytest.raises(InputError, match=f"there is no environment '{name}'.*{closest}"):
        world_of(name)


def test_a_name_without_a_version_is_the_newest():
    assert world_of("CartPole")[1]().spec.id == "CartPole-v1"


def test_what_makes_no_environment_is_refused():
    with pytest.raises(InputError, match="environment is int"):
        world_of(3)  # type: ignore[arg-type]
