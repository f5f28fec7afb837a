"""What the C library keeps of freed memory: all in a training, little outside."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not hasattr(ctypes.CDLL(None), "mallinfo2"),
    reason="not the C library of GNU",
)

ASKS = """
import ctypes, torch
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks mapped a b c d e".split()]
info = ctypes.CDLL(None).mallinfo2
info.restype = Info
from recurra import heap

def mapped():
    before = info().mapped
    x = torch.empty(4 << 20)  # 16 MB
    return info().mapped - before >= 1 << 24

found = []
with heap.keeping():
    with heap.keeping():
        found.append(mapped())
    heap.frugal()
    found.append(mapped())
found.append(mapped())
with heap.keeping():
    found.append(mapped())
heap.frugal()
found.append(mapped())
print(*found)
"""


def _told(**environment: str) -> list[str]:
    # whoever sets these decides it himself; Dask, which another test starts, sets one for its whole process
    free = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    command = [sys.executable, "-c", ASKS]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=free | environment).stdout.split()


def test_blocks_are_the_systems_own_but_in_a_training() -> None:
    assert _told() == ["False", "False", "True", "False", "True"]


def test_what_the_environment_says_holds() -> None:
    assert set(_told(MALLOC_MMAP_THRESHOLD_="33554432")) == {"False"}
    assert set(_told(MALLOC_MMAP_THRESHOLD_="131072")) == {"True"}
