"""Tiles in memory compute what the processor's tiles do: on a processor that has them, to the bit."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from itertools import product
from pathlib import Path

import pytest
import torch
from tests import emulated
from tests.kernels.cases import BUILDS, CELLS, Case, builds, engine, poisoned, question, using

CHILD = """
from tests.emulated import load, newest
load(newest())
from tests.kernels.test_emulation import digest
print(digest())
"""


def digest() -> str:
    """Of results and gradients of the AMX build: numbers small and large, tiles full and not."""
    found = sha256()
    sizes = ((1, 3), (17, 33), (32, 16), (45, 40), (64, 7), (130, 21))
    with using(emulated.ISA), poisoned():
        for cell, (hidden, batch), scale in product(CELLS, sizes, (1e-38, 1.0, 1e4)):
            asked = question(
                Case(cell, 5, batch, hidden + 2, hidden, frozenset({"bias", "state", "lengths", "reverse"}))
            )
            asked.tensors["x"].mul_(scale)
            asked.tensors["recurrent"].mul_(scale**0.5)
            for tensor in asked.ask(engine.run, torch.bfloat16):
                found.update(tensor.contiguous().view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


@pytest.mark.skipif(emulated.ISA not in BUILDS, reason="no AMX here")
def test_tiles_in_memory_have_the_bits_of_the_processors():
    beside = emulated.newest()
    if beside is None:
        pytest.skip("no engine with tiles in memory is built (pip install -C cmake.define.EMULATE_AMX=ON -e .)")
    if Path(builds._engine.__file__) == beside:
        pytest.skip("these are tiles in memory themselves")
    child = subprocess.run(
        [sys.executable, "-c", CHILD], cwd=emulated.ROOT, capture_output=True, text=True, timeout=280, check=True
    )
    assert child.stdout.strip() == digest()
