"""What a process and its child allocate is what is measured."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

import pytest

CHILD = "import time; b = bytearray(b'x') * 120_000_000; time.sleep(0.6)"
PARENT = f"a = bytearray(b'x') * 60_000_000; print('done', flush=True); import subprocess, sys; \
subprocess.run([sys.executable, '-c', {CHILD!r}])"


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_peaks_of_the_main_process_and_of_all(script: Callable[[str], ModuleType]) -> None:
    found = script("memory").measure([sys.executable, "-c", PARENT], {"done": "alone"}, "child")
    assert list(found.stages) == ["alone", "child"]
    assert 60e6 < found.main < 110e6
    assert 180e6 < found.together < 280e6
