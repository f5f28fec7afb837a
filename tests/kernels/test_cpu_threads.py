"""Threads, processes and the processor's flags: what runs beside a row does not change its bits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import perf_counter

import pytest
import torch
from tests.kernels.cases import BUILDS, CELLS, Case, engine, question, threads, using

from recurra.cells import GRU, RNN

pytestmark = pytest.mark.skipif(not BUILDS, reason="the C++ engine is not built here")
every_cell = pytest.mark.parametrize("cell", CELLS, ids=str)
ROWS = 37


def large(cell, *options):
    """Enough work for several threads: 37 rows, 11 steps, 63 hidden units."""
    return question(Case(cell, 11, ROWS, 5, 63, frozenset({"bias", "state", *options})), torch.float32)


def same_bits(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@every_cell
@pytest.mark.parametrize("options", [(), ("packed", "reverse"), ("dropout", "zoneout")], ids=str)
@pytest.mark.parametrize("build", BUILDS)
def test_the_number_of_threads_changes_no_bit(build, options, cell):
    asked = large(cell, *options)
    with using(build):
        found = []
        for number in (1, 2, 3):
            with threads(number):
                found.append(asked.ask(engine.run, torch.float32))
    # torch's own products, of all rows, may be added up in another order
    names = ["outputs", "h", "c"][: 1 + len(cell.states)] + list(asked.needed)
    own = [i for i, name in enumerate(names) if name in ("outputs", "h", "c", "x")]
    assert same_bits([found[0][i] for i in own], [found[1][i] for i in own])
    assert same_bits([found[0][i] for i in own], [found[2][i] for i in own])
    for other in found[1:]:
        torch.testing.assert_close(other, found[0], rtol=1e-5, atol=1e-5)


@every_cell
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("build", BUILDS)
def test_the_order_of_rows_changes_no_bit(build, dtype, cell):
    asked = large(cell, "dropout", "lengths")
    lengths, dropout = asked.layout.lengths, asked.masks.dropout
    assert lengths is not None
    assert dropout is not None
    order = torch.randperm(ROWS, generator=torch.Generator().manual_seed(0))

    def shuffled(tensor):  # [T*B, F]
        return tensor.view(11, ROWS, -1)[:, order].flatten(0, 1)

    tensors = {
        name: shuffled(tensor) if name == "x" else tensor[order] if name in ("h", "c") else tensor
        for name, tensor in asked.tensors.items()
    }
    other = replace(
        asked, tensors=tensors, layout=replace(asked.layout, lengths=lengths[order]),
        masks=asked.masks._replace(dropout=dropout[order]), needed=(),
    )  # fmt: skip
    with using(build):
        outputs, *last = replace(asked, needed=()).ask(engine.run, dtype)
        moved, *end = other.ask(engine.run, dtype)
    assert same_bits([shuffled(outputs), *(state[order] for state in last)], [moved, *end])


@every_cell
def test_a_row_alone_has_the_bits_of_a_row_among_others(cell):
    asked = large(cell)
    whole = replace(asked, needed=()).ask(engine.run, torch.float32)[0].view(11, ROWS, -1)
    for row in (0, 17, 36):
        tensors = {k: t[row : row + 1] if k in ("h", "c") else t for k, t in asked.tensors.items()}
        tensors["x"] = asked.tensors["x"].view(11, ROWS, -1)[:, row]
        alone = replace(asked, tensors=tensors, layout=replace(asked.layout, batch=1), needed=())
        assert torch.equal(alone.ask(engine.run, torch.float32)[0], whole[:, row])


def test_several_threads_call_at_once():
    questions = [large(cell) for cell in CELLS] * 4
    expected = [asked.ask(engine.run, torch.float32)[:6] for asked in questions[: len(CELLS)]] * 4
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda asked: asked.ask(engine.run, torch.float32)[:6], questions))
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
        assert same_bits(ours[:2], theirs[:2])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_works_with_threads_of_its_own():
    asked = replace(large(GRU()), needed=())
    with threads(2):
        expected = asked.ask(engine.run, torch.float32)
        child = os.fork()
        if not child:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(20)  # a child that waits for threads it has not inherited
            found = [asked.ask(engine.run, torch.float32) for _ in range(3)]
            os._exit(0 if all(same_bits(expected, each) for each in found) else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert same_bits(expected, asked.ask(engine.run, torch.float32))


COLD = """
import os, signal, torch
from recurra import nn
torch.set_num_threads(2)
layer, x = nn.LSTM(32, 64), torch.randn(20, 16, 32)
torch.relu(torch.randn(1000, 1000))  # torch's threads are there, ours have never been asked for
if not os.fork():
    signal.alarm(20)
    layer(x)
    os._exit(0)
raise SystemExit(os.waitstatus_to_exitcode(os.wait()[1]))
"""


@pytest.mark.spawn
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_works_where_the_parent_never_did():
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", COLD], timeout=100).returncode == 0


@pytest.mark.parametrize("build", BUILDS)
@every_cell
def test_denormals_cost_no_result_and_the_flag_stays(cell, build):
    asked = large(cell)
    for tensor in asked.tensors.values():
        tensor.mul_(1e-41)  # far below the smallest normal float32
    for flag in (False, True):
        torch.set_flush_denormal(flag)
        try:
            with using(build):
                found = asked.ask(engine.run, torch.float32)
            kept = bool((torch.full((9,), 1e-20) * 1e-20 != 0).all())
        finally:
            torch.set_flush_denormal(False)
        assert kept is not flag
        assert all(result.isfinite().all() for result in found)
        assert found[0].abs().max() < 1e-37


def test_denormals_are_as_fast_as_other_numbers():
    asked = replace(large(RNN("relu")), needed=())
    asked.tensors["bias"].zero_()
    asked.tensors["input_bias"].zero_()
    usual = min(seconds(asked) for _ in range(5))
    asked.tensors["x"].mul_(1e-41)
    asked.tensors["h"].mul_(1e-41)
    assert min(seconds(asked) for _ in range(5)) < 10 * usual  # 100 times where the processor has to take care of them


def seconds(asked):
    before = perf_counter()
    asked.ask(engine.run, torch.float32)
    return perf_counter() - before
