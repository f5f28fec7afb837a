"""Memory that large temporary tensors leave to the next ones.

The gates of all steps are the largest tensors of a recurrence, and are made and forgotten at every training step. The
C library gives such memory back to the system each time, and taking new pages costs a quarter of the whole time of a
layer of 128 units. So a block goes into a pool when the last tensor that uses it is gone, wherever that happens.
"""

from __future__ import annotations

import math
import os
import threading

import numpy as np
import torch
from torch import Tensor

LARGE = 1 << 20  # bytes; what is smaller the C library keeps by itself
MOST = 1 << 31  # bytes in the pool at most
_ALIGNED = 64

_pool: list[np.ndarray] = []
_lock = threading.RLock()  # a lease may end in the midst of taking another one


class _Lease(np.ndarray):
    """A stretch of a block; the block goes back to the pool with it."""

    block: np.ndarray | None = None

    def __del__(self) -> None:
        if self.block is not None:
            _give_back(self.block)


def empty(like: Tensor, *shape: int, dtype: torch.dtype | None = None) -> Tensor:
    """An uninitialised tensor for temporary use, of the dtype of `like` unless given, on the CPU."""
    dtype = dtype or like.dtype
    size = math.prod(shape) * dtype.itemsize
    if size < LARGE:
        return like.new_empty(shape, dtype=dtype)
    block = _take(size + _ALIGNED)
    begin = -block.ctypes.data % _ALIGNED
    lease = block[begin : begin + size].view(_Lease)
    lease.block = block
    return torch.from_numpy(lease).view(dtype).view(shape)


def _after_fork() -> None:
    """Another thread may have held the lock when this process was forked, and is not here to let it go."""
    global _lock
    _lock = threading.RLock()
    _pool.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _take(size: int) -> np.ndarray:
    with _lock:
        fitting = [k for k, block in enumerate(_pool) if size <= block.nbytes <= 2 * size]
        if fitting:
            return _pool.pop(min(fitting, key=lambda k: _pool[k].nbytes))
    return np.empty(size, dtype=np.uint8)


def _give_back(block: np.ndarray) -> None:
    if block.nbytes > MOST:
        return
    with _lock:
        _pool.append(block)
        while sum(block.nbytes for block in _pool) > MOST:
            _pool.pop(0)
