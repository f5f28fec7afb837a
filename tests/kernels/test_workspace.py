"""The memory of a large temporary tensor serves the next one, and no two tensors at once."""

from __future__ import annotations

import threading

import pytest
import torch

from recurra.kernels import workspace

LIKE = torch.empty(0)
ROWS = workspace.LARGE // 4


@pytest.fixture(autouse=True)
def _an_empty_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "_pool", [])
    monkeypatch.setattr(workspace, "_in_use", 0)
    monkeypatch.setattr(workspace, "_most_in_use", 0.0)


def test_a_block_is_used_again_once_its_tensor_is_gone() -> None:
    first = workspace.empty(LIKE, ROWS, 3)
    address = first.data_ptr()
    beside = workspace.empty(LIKE, ROWS, 3)
    assert beside.data_ptr() != address
    part = first[1:]
    del first
    another = workspace.empty(LIKE, ROWS, 3)
    assert another.data_ptr() != address, "a view still reads it"
    del part
    assert workspace.empty(LIKE, ROWS, 3).data_ptr() == address


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_what_is_asked_for_is_what_comes(dtype: torch.dtype) -> None:
    tensor = workspace.empty(LIKE.to(dtype), ROWS, 2)
    assert tensor.dtype == dtype
    assert tensor.shape == (ROWS, 2)
    assert tensor.is_contiguous()
    assert tensor.data_ptr() % 64 == 0
    assert workspace.empty(LIKE, ROWS, 2, dtype=dtype).dtype == dtype
    tensor.fill_(1)
    assert bool((tensor == 1).all())


def test_a_small_tensor_is_torch_s_own() -> None:
    tensor = workspace.empty(LIKE, 3, 5)
    assert tensor.shape == (3, 5)
    del tensor
    assert workspace._pool == []


def test_a_block_much_too_large_is_left_for_others() -> None:
    large = workspace.empty(LIKE, 5 * ROWS)
    address = large.data_ptr()
    del large
    assert workspace.empty(LIKE, ROWS).data_ptr() != address


def test_the_pool_does_not_grow_beyond_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "MOST", 3 * workspace.LARGE)
    tensors = [workspace.empty(LIKE, ROWS) for _ in range(6)]
    assert len({tensor.data_ptr() for tensor in tensors}) == 6
    tensors.clear()
    assert sum(block.nbytes for block in workspace._pool) <= 3 * workspace.LARGE


def test_threads_never_share_a_block() -> None:
    wrong = []

    def work(number: int) -> None:
        for _ in range(50):
            tensor = workspace.empty(LIKE, ROWS).fill_(number)
            if not bool((tensor == number).all()):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_sizes_that_change_with_every_step_are_not_all_kept() -> None:
    drawn = torch.Generator().manual_seed(0)
    most = 0
    for rows in torch.randint(ROWS, 6 * ROWS, (300,), generator=drawn).tolist():
        held = [workspace.empty(LIKE, rows), workspace.empty(LIKE, 2 * rows)]
        most = max(most, workspace._in_use)
        del held
    assert workspace._in_use == 0
    assert sum(block.nbytes for block in workspace._pool) <= 1.25 * most


def test_what_was_once_large_is_forgotten_in_time() -> None:
    workspace.empty(LIKE, 100 * ROWS)
    for _ in range(4000):
        workspace.empty(LIKE, ROWS)
    assert sum(block.nbytes for block in workspace._pool) < 10 * workspace.LARGE


def test_what_is_released_is_gone_and_what_is_in_use_comes_back() -> None:
    held, gone = workspace.empty(LIKE, ROWS), workspace.empty(LIKE, ROWS)
    del gone
    workspace.release()
    assert workspace._pool == []
    size = workspace._in_use
    del held
    assert [block.nbytes for block in workspace._pool] == [size]
