"""A batch holds its examples and nothing else, and batches together hold every example once."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.encoders.batching import Batches, Steps, like_with_like
from recurra.data.encoders.reader import Fixed
from recurra.data.examples.ragged import Ragged

lengths = st.lists(st.integers(0, 6), min_size=1, max_size=12)


@given(lengths, st.data())
def test_what_is_padded_is_the_sequences(sizes, data):
    ragged = Ragged.of([np.arange(1, n + 1) + 10 * k for k, n in enumerate(sizes)])
    ragged = Ragged(ragged.values.astype(np.int64), ragged.offsets)
    numbers = data.draw(st.lists(st.integers(0, len(sizes) - 1), min_size=1, max_size=8))
    padded = Steps.of(ragged).padded(torch.tensor(numbers), fill=-1)
    assert padded.lengths.tolist() == [sizes[k] for k in numbers]
    assert len(padded.values) == max(1, max(sizes[k] for k in numbers))
    for row, k in enumerate(numbers):
        assert padded.values[: sizes[k], row].tolist() == ragged[k].tolist()
        assert bool((padded.values[sizes[k] :, row] == -1).all())


def test_vectors_are_padded_with_zeros():
    steps = Steps.of(Ragged.of([np.ones((2, 3), np.float32), np.ones((1, 3), np.float32)]))
    padded = steps.padded(torch.tensor([1, 0]))
    assert padded.values.shape == (2, 2, 3)
    assert padded.values[1, 0].tolist() == [0, 0, 0]


@given(lengths, st.integers(1, 20), st.integers(1, 5))
def test_batches_hold_every_example_once_and_are_small(sizes, steps, rows):
    found = like_with_like(torch.tensor(sizes), steps, rows)
    assert sorted(torch.cat(found).tolist()) == list(range(len(sizes)))
    for batch in found:
        longest = max(sizes[k] for k in batch.tolist())
        assert len(batch) <= rows
        assert len(batch) == 1 or len(batch) * longest <= steps
    ordered = [sizes[k] for batch in found for k in batch.tolist()]
    assert ordered == sorted(ordered)


def test_several_inputs_are_read_together():
    encoded = {
        "words": Ragged(np.array([1, 2, 3], np.int32), np.array([0, 2, 3])),
        "facts": Fixed(np.ones((2, 1), np.float32), np.array([True, False]), np.array([[1], [2]])),
    }
    batch = Batches(encoded).read(torch.tensor([1, 0]))
    assert list(batch) == ["words", "facts"]
    assert batch["words"].values.tolist() == [[3, 1], [0, 2]]
    assert batch["facts"].lengths.tolist() == [0, 1]
    codes = batch["facts"].codes
    assert codes is not None
    assert codes.tolist() == [[2], [1]]
    assert batch["words"].codes is None


def test_no_example_makes_no_batch():
    assert like_with_like(torch.zeros(0, dtype=torch.int64), 10, 10) == []
