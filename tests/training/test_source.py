"""Sources of batches: a data set is the same whenever it is asked, a stream is read once, experience grows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from recurra.errors import InputError, TrainingError
from recurra.training import TrainingOptions
from recurra.training.loop import train
from recurra.training.source import DataSource, GrowingSource, StreamSource


class Numbers:
    """N examples, each its own number; `lengths` of some."""

    def __init__(self, examples: int, lengths: Tensor | None = None) -> None:
        self.examples, self.lengths = examples, lengths

    def batch(self, numbers: Tensor) -> Any:
        return numbers.long()


class Line(nn.Module):
    """y = w x, with w to be found."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(1))


class Learning:
    """Pairs (x, 3 x) that are known by now; validated by how far w is from 3."""

    lengths = None
    network: Any

    def __init__(self, examples: int) -> None:
        self.network, self.x = Line(), torch.linspace(-1, 1, examples)

    @property
    def examples(self) -> int:
        return len(self.x)

    def batch(self, numbers: Tensor) -> Tensor:
        return self.x[numbers.long()]

    def loss(self, network: Any, batch: Tensor) -> Tensor:
        return ((network.w - 3) * batch).square().mean()

    def validate(self, network: Any) -> float:
        return (network.w - 3).abs().item()


@given(st.integers(1, 40), st.integers(1, 50), st.booleans())
def test_every_epoch_of_a_data_set_has_every_example_once(examples, size, sorted_by_length):
    lengths = torch.arange(examples) % 7 + 1 if sorted_by_length else None
    source = DataSource(Numbers(examples, lengths), size, seed=3)
    size = min(size, examples)
    steps = [source.batch(k).tolist() for k in range(3 * examples)]
    assert all(len(batch) == size for batch in steps)
    flat = [number for batch in steps for number in batch]
    for epoch in range(len(flat) // examples):
        assert sorted(flat[epoch * examples : (epoch + 1) * examples]) == list(range(examples))
    again = DataSource(Numbers(examples, lengths), size, seed=3)
    assert again.batch(examples).tolist() == steps[examples]


def test_a_stream_is_read_once_and_in_order():
    source = StreamSource(iter("abc"))
    assert [source.batch(0), source.glance(0), source.batch(1)] == ["a", "a", "b"]
    with pytest.raises(TrainingError, match="a stream cannot go to step 1, it is at 2: begin a new run"):
        source.batch(0)
    assert source.batch(2) == "c"
    with pytest.raises(TrainingError, match="the stream ended after 3 batches"):
        source.batch(3)


def test_experience_grows_and_old_and_new_are_drawn():
    data = Numbers(1)

    def grow(step: int) -> None:
        data.examples += 2

    source = GrowingSource(data, 4, seed=0, grow=grow)
    seen = [source.batch(step).tolist() for step in range(30)]
    assert [len(batch) for batch in seen[:3]] == [3, 4, 4]
    assert all(len(set(batch)) == len(batch) and max(batch) < 3 + 2 * k for k, batch in enumerate(seen))
    late = [number for batch in seen[20:] for number in batch]
    assert min(late) < 20 < max(late)
    assert source.glance(29).tolist() == seen[29]
    with pytest.raises(TrainingError, match="there is no experience at step 1"):
        GrowingSource(Numbers(0), 4, seed=0, grow=lambda step: None).batch(0)
    with pytest.raises(InputError, match="size is 0"):
        GrowingSource(data, 0, seed=0, grow=grow)


OPTIONS = TrainingOptions(epochs=1, batch_size=8, learning_rate=0.1, patience=1000)


def test_the_loop_learns_from_experience_that_grows():
    problem, sizes = Learning(1), []

    def grow(step: int) -> None:
        problem.x = torch.cat([problem.x, torch.randn(3, generator=torch.Generator().manual_seed(step))])
        sizes.append(problem.examples)

    source = GrowingSource(problem, 8, seed=1, grow=grow)
    record = train(problem, OPTIONS, seed=1, name="growing", steps=120, source=source)
    assert sizes == list(range(4, 4 + 3 * 120, 3))
    assert abs(problem.network.w.item() - 3) < 0.1
    assert record.steps == 120


def test_the_loop_learns_from_a_stream():
    def stream() -> Iterator[Tensor]:
        generator = torch.Generator().manual_seed(0)
        while True:
            yield torch.randn(8, generator=generator)

    problem = Learning(1)
    train(problem, OPTIONS, seed=1, name="stream", steps=120, source=StreamSource(stream()))
    assert abs(problem.network.w.item() - 3) < 0.1
    short = StreamSource(iter([torch.ones(8)]))
    with pytest.raises(TrainingError, match="the stream ended after 1 batches"):
        train(Learning(1), OPTIONS, seed=1, name="short", steps=5, source=short)
    assert math.isfinite(problem.network.w.item())
