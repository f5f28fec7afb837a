"""Memory that large temporary tensors leave to the next ones.

The gates of all steps are the largest tensors of a recurrence, and are made and forgotten at every training step. The
C library gives such memory back to the system each time, and taking new pages costs a quarter of the whole time of a
layer of 128 units. So a block goes into a pool when the last tensor that uses it is gone, wherever that happens.

After a training its blocks are of no use to what comes next: `release`.

Sequences of another length in every batch ask for other sizes in every step. Blocks therefore have few sizes, and the
pool and what is in use are together little more than what was lately in use at once; the block that has lain longest
goes first.

The C library has what is smaller, and torch's own temporary tensors: see `recurra.heap`.
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
_SPARE = 1.25  # times the most that was in use at once may be kept, and the share of it that one more block remembers
_REMEMBERED = 0.999

_pool: list[np.ndarray] = []  # that has lain longest first
_in_use, _most_in_use = 0, 0.0  # bytes, and the most of late
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
    block = _take(_rounded(size + _ALIGNED))
    begin = -block.ctypes.data % _ALIGNED
    lease = block[begin : begin + size].view(_Lease)
    lease.block = block
    return torch.from_numpy(lease).view(dtype).view(shape)


def release() -> None:
    """Give the pool back to the system; what is in use comes back to it as before."""
    global _most_in_use
    with _lock:
        _pool.clear()
        _most_in_use = float(_in_use)


def _after_fork() -> None:
    """Another thread may have held the lock when this process was forked, and is not here to let it go."""
    global _lock
    _lock = threading.RLock()
    _pool.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _rounded(size: int) -> int:
    """The next of four sizes to an octave; pages that are never touched cost nothing."""
    step = 1 << max(size.bit_length() - 3, 0)
    return -(-size // step) * step


def _take(size: int) -> np.ndarray:
    global _in_use, _most_in_use
    with _lock:
        fitting = [k for k, block in enumerate(_pool) if size <= block.nbytes <= 2 * size]
        block = _pool.pop(min(fitting, key=lambda k: _pool[k].nbytes)) if fitting else None
        _in_use += size if block is None else block.nbytes
        _most_in_use = max(float(_in_use), _REMEMBERED * _most_in_use)
    return np.empty(size, dtype=np.uint8) if block is None else block


def _give_back(block: np.ndarray) -> None:
    global _in_use
    with _lock:
        _in_use -= block.nbytes
        if block.nbytes > MOST:
            return
        _pool.append(block)
        room = min(MOST, _SPARE * _most_in_use - _in_use)
        while sum(block.nbytes for block in _pool) > room:
            _pool.pop(0)
