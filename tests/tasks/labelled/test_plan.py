"""A part of the examples is held out of all members, and defaults follow from what is read and how much there is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.encoders.reader import Reader
from recurra.data.examples.examples import as_examples
from recurra.data.examples.ragged import Ragged
from recurra.tasks.labelled.plan import default_network, default_training, make_plan


@given(st.integers(25, 400), st.integers(0, 3))
def test_a_part_is_held_out(count, seed):
    labels = np.arange(count) % 3
    labels[::9] = -1
    plan = make_plan(labels, None, seed)
    assert plan.known.tolist() == np.flatnonzero(labels >= 0).tolist()
    assert set(plan.held.tolist()) <= set(plan.known.tolist())
    assert sorted([*plan.held, *plan.learnt]) == plan.known.tolist()
    assert 0 < len(plan.held) <= round(0.2 * len(plan.known))


@pytest.mark.parametrize(("count", "held"), [(100, 20), (400, 50), (3000, 300), (300_000, 10_000)])
def test_of_few_examples_a_larger_share_is_held_out(count, held):
    assert len(make_plan(np.arange(count) % 3, None, 0).held) == held


@pytest.mark.parametrize("count", [1, 5, 19])
def test_of_few_examples_none_is_held_out(count):
    assert not len(make_plan(np.arange(count) % 2, None, 0).held)


def test_groups_are_held_out_whole():
    groups = np.arange(60) // 5
    plan = make_plan(np.arange(60) % 3, groups, 0)
    assert len(plan.held)
    assert not set(groups[plan.held]) & set(groups[plan.learnt])
    assert not len(make_plan(np.arange(60) % 3, np.zeros(60), 0).held)


def test_examples_are_known_by_any_of_their_labels():
    tags = Ragged.of([np.array([0, -1]), np.array([-1, -1]), np.array([1])])
    assert make_plan(tags, None, 0).known.tolist() == [0, 2]
    numbers = np.array([[np.nan, 1.0], [np.nan, np.nan], [-1.0, np.nan]])
    assert make_plan(numbers, None, 0).known.tolist() == [0, 2]
    sets = np.array([[0, 0], [-1, -1]], np.int8)
    assert make_plan(sets, None, 0).known.tolist() == [0]


def test_a_number_of_minus_one_is_a_number():
    """-1 means "missing" of codes, not of numbers to predict."""
    known = make_plan(np.array([[-1.0], [2.0], [np.nan]]), None, 0).known
    assert known.tolist() == [0, 1]


@pytest.mark.parametrize("count", [1, 10, 1_000, 100_000, 10_000_000])
def test_batches_grow_and_passes_shrink(count):
    reader = Reader.learn(as_examples(["a fine film", "a dull film"]))
    options, more = (default_training(reader, n) for n in (count, 10 * count))
    assert options.epochs is not None
    assert more.epochs is not None
    assert 4 <= options.batch_size <= 256
    assert 1 <= options.epochs <= 60
    assert more.batch_size >= options.batch_size
    assert more.epochs <= options.epochs


def test_letters_and_numbers_are_convolved_and_words_are_not():
    encoders = [
        Reader.learn(as_examples(X)).encoders["sequence"] for X in (["a fine film"], ["ACGTACGTAA"], [np.zeros(3)] * 2)
    ]
    assert [bool(default_network(encoder).convolution) for encoder in encoders] == [False, True, True]
