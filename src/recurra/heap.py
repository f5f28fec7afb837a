"""How much freed memory the C library of GNU keeps for what is allocated next; torch's temporary tensors are its own.

By itself it keeps blocks up to the size of the largest that was freed so far, 32 MB at most. That suits neither of two:
a training asks for the same blocks at every step, and new pages cost a translator's step 7 % unless they are kept from
the first one on; what rearranges ten million rows leaves holes that nothing fits, a sixth of all its memory.

- `keeping`: inside, blocks up to 32 MB are kept.
- `frugal`: from now on those above 4 MB go back to the system at once, but inside `keeping`.

Where the environment sets MALLOC_TRIM_THRESHOLD_ or its like, as Dask's workers do, that holds. With another C library
nothing happens.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM, _MAPPED = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
_KEPT, _FREED = 32 << 20, 4 << 20  # bytes; glibc takes no threshold above the first

_lock = threading.Lock()
_inside = 0  # how many are keeping


def frugal() -> None:
    """Large blocks go back to the system when they are freed, and what is free at the end of the heap does now."""
    with _lock:
        if not _inside:
            _set(_FREED)


@contextmanager
def keeping() -> Iterator[None]:
    """Inside, freed blocks are kept for the next step; `frugal` after it."""
    global _inside
    with _lock:
        _inside += 1
        _set(_KEPT)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _set(_FREED)


def _set(threshold: int) -> None:
    if _library is None:
        return
    _library.mallopt(_MAPPED, threshold)
    _library.mallopt(_TRIM, 2 * threshold)
    if threshold < _KEPT:
        _library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux") or any(
        name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ
    ):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None


_library = _glibc()
