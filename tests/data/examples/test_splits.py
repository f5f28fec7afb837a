from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.examples.splits import fold_rows, says_split, split_rows, stated_rows, strata_of
from recurra.errors import InputError

CLASSES = st.lists(st.integers(-1, 4), min_size=2, max_size=60)


@given(CLASSES, st.floats(0.05, 0.95), st.integers(0, 9))
def test_a_split_is_disjoint_complete_exact_and_repeatable(classes: list[int], share: float, seed: int) -> None:
    count = len(classes)
    train, test, _ = split_rows(count, share=share, strata=classes, seed=seed)
    assert sorted([*train, *test]) == list(range(count))
    assert len(test) == min(max(round(share * count), 1), count - 1)
    assert np.array_equal(test, split_rows(count, share=share, strata=classes, seed=seed).test)


@given(CLASSES)
def test_a_split_keeps_the_shares_and_every_class_in_training(classes: list[int]) -> None:
    values = np.array([*classes, *classes])  # no class with a single example
    train, test, _ = split_rows(len(values), share=0.3, strata=values)
    for value in np.unique(values):
        assert abs((values[test] == value).sum() - 0.3 * (values == value).sum()) < 1.5
        assert value in values[train]


def test_a_single_example_is_trained_on() -> None:
    classes = np.array([0] * 10 + [1])
    assert all(10 in split_rows(11, share=0.2, strata=classes, seed=seed).train for seed in range(20))


@given(CLASSES, st.integers(2, 5), st.integers(0, 9))
def test_folds_test_every_example_once(classes: list[int], folds: int, seed: int) -> None:
    values = np.array([*classes, 0, 1, 2])
    parts = fold_rows(len(values), folds, strata=values, seed=seed)
    assert sorted(np.concatenate([part.test for part in parts])) == list(range(len(values)))
    sizes = [len(part.test) for part in parts]
    assert max(sizes) - min(sizes) <= 1
    for part in parts:
        assert sorted([*part.train, *part.test]) == list(range(len(values)))
        for value in np.unique(values):
            assert abs((values[part.test] == value).sum() - (values == value).sum() / folds) <= 1


@given(st.lists(st.sampled_from("abcdefg"), min_size=4, max_size=40), st.integers(0, 9))
def test_no_group_is_on_both_sides(groups: list[str], seed: int) -> None:
    groups = [*groups, "x", "y"]
    names = np.array(groups)
    classes = (names > "c").astype(int)
    parts = [split_rows(len(names), share=0.3, strata=classes, groups=groups, seed=seed)]
    parts += fold_rows(len(names), 2, strata=classes, groups=groups, seed=seed)
    for part in parts:
        assert not set(names[part.train]) & set(names[part.test])
        assert len(part.train)
        assert len(part.test)
        assert sorted([*part.train, *part.test]) == list(range(len(names)))


@given(st.lists(st.integers(0, 20), min_size=2, max_size=40))
def test_the_later_part_is_tested(times: list[int]) -> None:
    values = np.array(times)
    if len(set(times)) == 1:
        with pytest.raises(InputError, match="same time"):
            split_rows(len(values), times=values)
        return
    train, test, _ = split_rows(len(values), share=0.25, times=values)
    assert values[train].max() < values[test].min()
    assert len(train) + len(test) == len(values)
    folds = min(3, len(set(times)) - 1)
    for part in fold_rows(len(values), folds, times=values):
        assert values[part.train].max() < values[part.test].min()


@pytest.mark.parametrize(("early", "late"), [(60, 240), (240, 60)])
def test_a_part_by_time_is_as_near_to_its_share_as_ties_allow(early: int, late: int) -> None:
    times = np.repeat([2018, 2019, 2020], [early, late, 10])
    train, test, _ = split_rows(len(times), times=times)
    assert len(test) == (10 if early == 60 else 70)
    assert len(train) == len(times) - len(test)


def test_stated_parts() -> None:
    column = pd.Series(["train", "Test", "dev", "training"])
    train, test, validation = stated_rows(column)
    assert (train.tolist(), test.tolist(), validation.tolist()) == ([0, 3], [1], [2])
    assert says_split(column)
    assert not says_split(pd.Series(["train", "tram"]))
    with pytest.raises(InputError, match="'tram' in row 2"):
        stated_rows(["train", "tram", "test"])
    with pytest.raises(InputError, match="no example for test"):
        stated_rows(["train", "train"])
    with pytest.raises(InputError, match="holds nothing in row 2: expected"):
        stated_rows(["train", None, "test"])


def test_strata() -> None:
    assert strata_of(np.array([2, -1, 0])).tolist() == [2, -1, 0]
    sets = np.array([[1, 1], [1, 0], [1, 0], [0, 0]], dtype=np.int8)
    assert strata_of(sets).tolist() == [1, 0, 0, 2]  # the rarest label of each
    bins = strata_of(np.arange(100.0)[:, None])
    assert np.bincount(bins).tolist() == [10] * 10
    assert strata_of(np.array([np.nan, 1.0]))[0] == -1


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, 20.0])
def test_impossible_shares(share: float) -> None:
    with pytest.raises(InputError, match="expected a number between 0 and 1"):
        split_rows(10, share=share)


def test_too_few() -> None:
    with pytest.raises(InputError, match="1 example cannot be split"):
        split_rows(1)
    with pytest.raises(InputError, match="1 group cannot be split"):
        split_rows(3, groups=["a"] * 3)
    with pytest.raises(InputError, match="5 folds of 3 examples"):
        fold_rows(3, 5)
    with pytest.raises(InputError, match="groups are missing in row 2"):
        split_rows(3, groups=np.array(["a", None, "b"], dtype=object))
