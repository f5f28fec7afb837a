"""Sequences end to end are the sequences themselves, whichever are taken and in whatever order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.examples.ragged import Ragged
from recurra.errors import InputError

LENGTHS = st.lists(st.integers(0, 7), max_size=12)


def sequences(lengths: list[int], width: int = 2) -> list[np.ndarray]:
    rng = np.random.default_rng(len(lengths))
    return [rng.normal(size=(length, width)) for length in lengths]


@given(LENGTHS)
def test_of_and_back(lengths: list[int]) -> None:
    given_ = sequences(lengths)
    ragged = Ragged.of(given_)
    assert len(ragged) == len(lengths)
    assert ragged.lengths.tolist() == lengths
    assert ragged.offsets.dtype == np.int64
    for i, sequence in enumerate(given_):
        np.testing.assert_array_equal(ragged[i], sequence)


@given(LENGTHS.filter(len), st.data())
def test_take_is_a_list_of_the_taken(lengths: list[int], data: st.DataObject) -> None:
    given_ = sequences(lengths)
    numbers = data.draw(st.lists(st.integers(-len(lengths), len(lengths) - 1), max_size=9))
    taken = Ragged.of(given_).take(numbers)
    assert len(taken) == len(numbers)
    for i, number in enumerate(numbers):
        np.testing.assert_array_equal(taken[i], given_[number])


def test_a_mask_is_its_numbers() -> None:
    ragged = Ragged.of(sequences([3, 0, 2, 5]))
    mask = np.array([True, False, False, True])
    np.testing.assert_array_equal(ragged.take(mask).values, ragged.take([0, 3]).values)


def test_one_sequence_is_a_view() -> None:
    ragged = Ragged.of([[1, 2], [3]])
    assert np.shares_memory(ragged[1], ragged.values)
    np.testing.assert_array_equal(ragged[-1], [3])
    with pytest.raises(IndexError):
        ragged[2]


def test_empty_sequences_do_not_change_the_type() -> None:
    assert Ragged.of([[], [1, 2], []]).values.dtype == np.array([1]).dtype
    assert Ragged.of([np.zeros((0, 3), np.float32)]).values.shape == (0, 3)
    assert len(Ragged.of([])) == 0


@pytest.mark.parametrize("offsets", [[], [1, 3], [0, 2], [[0, 3]]])
def test_offsets_must_span_the_values(offsets: list) -> None:
    with pytest.raises(InputError, match=r"from 0 to the number of steps \(3\)"):
        Ragged(np.zeros(3), np.array(offsets, dtype=np.int64))


def test_offsets_must_not_fall() -> None:
    with pytest.raises(InputError, match=r"offsets\[2\]=1 is smaller"):
        Ragged(np.zeros(3), np.array([0, 2, 1, 3]))
