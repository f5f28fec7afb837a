"""Batches on threads of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import torch

import recurra as rc
from recurra.kernels.chooser import forced
from recurra.nn.pretrained.batches import for_each


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_two_at_once_each_on_one_thread(two_threads: None) -> None:
    together, seen = threading.Barrier(2, timeout=20), []

    def work(batch: int) -> None:
        together.wait()  # breaks where batches are done one after the other
        seen.append((batch, torch.get_num_threads(), forced()))

    with rc.backend("reference"):
        for_each(work, [4, 5])
    assert sorted(seen) == [(4, 1, "reference"), (5, 1, "reference")]
    assert torch.get_num_threads() == 2


def test_a_single_batch_stays_in_its_thread(two_threads: None) -> None:
    seen = []
    for_each(lambda batch: seen.append((threading.current_thread(), torch.get_num_threads())), [1])
    assert seen == [(threading.current_thread(), 1)]
    assert torch.get_num_threads() == 2


def test_an_error_ends_it_and_the_rest_is_not_begun(two_threads: None) -> None:
    begun = []

    def work(batch: int) -> None:
        begun.append(batch)
        if batch == 0:
            raise ValueError("batch 0")
        time.sleep(0.02)  # in which it is seen

    with pytest.raises(ValueError, match="batch 0"):
        for_each(work, list(range(1000)))
    assert len(begun) < 1000
    assert torch.get_num_threads() == 2
