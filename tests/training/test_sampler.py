"""The order of the examples: everyone once in an epoch, and batches of about equal length."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recurra.training.sampler import bucketed, shuffled


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=300), st.integers(1, 40), st.integers(0, 39), st.integers(0, 9)
)
def test_every_example_comes_once(lengths: list[int], size: int, first: int, seed: int) -> None:
    order = bucketed(torch.tensor(lengths), size, first % size, torch.Generator().manual_seed(seed))
    assert sorted(order.tolist()) == list(range(len(lengths)))


@pytest.mark.parametrize("first", [0, 5])
def test_batches_hold_examples_of_about_equal_length(first: int) -> None:
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(1, 101, (4000,), generator=generator)
    order = bucketed(lengths, 32, first, generator).long()
    batches = lengths[order][first:].split(32)[:-1]
    padded = sum(int(batch.max()) * len(batch) for batch in batches)
    assert padded < 1.06 * sum(int(batch.sum()) for batch in batches)
    plain = lengths[shuffled(4000, generator).long()].split(32)[:-1]
    assert sum(int(batch.max()) * len(batch) for batch in plain) > 1.7 * sum(int(batch.sum()) for batch in plain)


def test_batches_come_in_no_order_of_length() -> None:
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(1, 101, (4000,), generator=generator)
    longest = torch.stack([b.max() for b in lengths[bucketed(lengths, 32, 0, generator).long()].split(32)]).double()
    steps = torch.arange(len(longest), dtype=torch.float64)
    assert abs(float(torch.corrcoef(torch.stack([steps, longest]))[0, 1])) < 0.3


def test_the_same_seed_gives_the_same_order() -> None:
    lengths = torch.arange(100) % 7
    a, b = (bucketed(lengths, 8, 3, torch.Generator().manual_seed(4)) for _ in range(2))
    assert torch.equal(a, b)
