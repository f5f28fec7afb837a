"""What is seen and done as vectors: values come back, other spaces are refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.environments.spaces import acted, observed
from recurra.errors import InputError

gymnasium = pytest.importorskip("gymnasium")
from gymnasium import spaces  # noqa: E402  # not there without the extra


def test_parts_follow_one_another_and_choices_have_a_place_each():
    space = spaces.Tuple([spaces.Discrete(3, start=5), spaces.Box(-1, 1, (2, 2)), spaces.MultiDiscrete([2, 4])])
    read = observed(space, "world")
    assert read.width == 3 + 4 + 2 + 4
    numbers = np.arange(4, dtype=np.float32).reshape(2, 2) / 4
    vector = read.vector((6, numbers, np.array([1, 3])))
    assert vector.tolist() == [0, 1, 0, 0, 0.25, 0.5, 0.75, 0, 1, 0, 0, 0, 1]
    assert read.measured.tolist() == [False] * 3 + [True] * 4 + [False] * 6
    assert len(read.names) == read.width


def test_a_mapping_is_read_in_the_order_of_its_names():
    space = spaces.Dict({"b": spaces.Discrete(2), "a": spaces.Dict({"x": spaces.Box(0, 1, (1,))})})
    vector = observed(space, "world").vector({"b": 1, "a": {"x": np.array([0.5])}})
    assert vector.tolist() == [0.5, 0, 1]


@pytest.mark.parametrize(
    "space",
    [spaces.MultiDiscrete([2, 3], start=[0, 5]), spaces.MultiDiscrete(np.array([[2], [4]])), spaces.MultiBinary(3)],
)
def test_several_choices_are_what_the_environment_takes(space):
    done = acted(space, "world")
    done.check()
    highest = done.given(np.array(done.sizes) - 1)
    assert space.contains(highest)
    assert space.contains(done.given(np.zeros(len(done.sizes), dtype=int)))
    assert not space.contains(highest + 1)


@pytest.mark.parametrize("place", [-1, 3])
def test_a_choice_that_there_is_not_is_refused(place):
    with pytest.raises(ValueError, match="choice"):
        observed(spaces.Tuple([spaces.Discrete(3), spaces.Discrete(2)]), "world").vector((place, 0))


def test_actions_span_what_is_allowed():
    done = acted(spaces.Box(np.array([0, -2], dtype=np.float32), np.array([1, 2], dtype=np.float32)), "world")
    assert done.given(np.array([-1, 1], dtype=np.float32)).tolist() == [0, 2]
    assert done.given(np.array([0, 0], dtype=np.float32)).tolist() == [0.5, 0]
    assert done.given(np.array([9, -9], dtype=np.float32)).tolist() == [1, -2]
    free = acted(spaces.Box(-np.inf, np.inf, (1, 1)), "world")
    assert free.low == (None,)
    assert free.given(np.array([3.5], dtype=np.float32)).tolist() == [[3.5]]
    assert acted(spaces.Discrete(4, start=2), "world").given(np.int64(1)) == 3


@pytest.mark.parametrize(
    ("space", "told"),
    [
        (spaces.Dict({}), "a Dict space"),
        (spaces.Text(4), "a Text space"),
        (spaces.Box(0, 255, (8, 8, 3), np.uint8), "images"),
        (spaces.Tuple([spaces.Dict({"a": spaces.Text(2)})]), "a Text space"),
    ],
)
def test_what_cannot_be_seen_is_refused_by_its_name(space, told):
    with pytest.raises(InputError, match=told):
        observed(space, "world")


@pytest.mark.parametrize(
    "space", [spaces.Tuple([spaces.Discrete(2)]), spaces.Dict({}), spaces.Box(0, 9, (1,), np.int64)]
)
def test_what_cannot_be_done_is_refused_by_its_name(space):
    with pytest.raises(InputError, match=f"actions of a {type(space).__name__} space"):
        acted(space, "world")
