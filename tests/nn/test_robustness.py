"""Wrong input never crashes: it is refused in words, by ours as by torch, and what is right is answered."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest
import torch
from tests.drawing import THOROUGH
from tests.fuzz.calls import draw
from tests.fuzz.verdict import BAD, verdict_of
from tests.fuzz.wrong import WRONG
from tests.kernels.cases import BUILDS
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

import recurra as rc
from recurra.errors import ShapeError

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["RNN", "GRU", "LSTM"]
every_name = pytest.mark.parametrize("name", NAMES)


@pytest.mark.slow
def test_random_calls():
    verdicts, wrong = Counter(), Counter()
    for seed in range(10_000 if THOROUGH else 500):
        call = draw(Random(seed))
        verdict, why = verdict_of(call, seed)
        assert verdict not in BAD, f"{verdict}, call {seed}: {call} {why}"
        verdicts[verdict] += 1
        wrong[call.wrong] += 1
    assert set(wrong) == {"", *WRONG}
    assert min(verdicts["right"], verdicts["refused"]) > 150


@pytest.mark.spawn
@pytest.mark.skipif(not BUILDS, reason="the C++ engine is not built here")
def test_the_harness_runs():
    engine = sys.modules["recurra.kernels.cpu._engine"].__file__
    command = [sys.executable, "-m", "tests.fuzz", "--inside", "--engine", str(engine), "--calls", "20"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "20 calls" in run.stdout
    assert "the engine ran" in run.stdout


def packed(name, **other):
    layer = getattr(rc.nn, name)(4, 17)
    rows = pack_padded_sequence(torch.randn(5, 3, 4), torch.tensor([2, 5, 3]), enforce_sorted=False)
    return layer, rows._replace(**other)


@every_name
@pytest.mark.parametrize("sizes", [[3.0, 3.0, 2.0, 1.0, 1.0], [[3, 3, 2, 1, 1]]], ids=["not whole", "two dimensions"])
def test_batch_sizes_of_another_kind(name, sizes):
    layer, rows = packed(name, batch_sizes=torch.tensor(sizes))
    with pytest.raises(ShapeError, match=r"input\.batch_sizes is torch\..* expected torch\.int64 in one dimension"):
        layer(rows)


@every_name
@pytest.mark.parametrize("order", [[], [0], [0, 1, 2, 0]])
def test_an_order_of_other_rows(name, order):
    # the initial states are put into this order, and would be too few
    wrong = torch.tensor(order, dtype=torch.int64)
    layer, rows = packed(name, sorted_indices=wrong, unsorted_indices=wrong)
    h = torch.randn(1, 3, 17)
    with pytest.raises(ShapeError, match=r"input\.sorted_indices has shape \(\d,\): expected \(3,\)"):
        layer(rows, (h, h) if name == "LSTM" else h)


@every_name
def test_an_order_out_of_range(name):
    wrong = torch.tensor([0, 2**40, -1])
    layer, rows = packed(name, sorted_indices=wrong, unsorted_indices=wrong)
    h = torch.randn(1, 3, 17)
    with pytest.raises((IndexError, RuntimeError), match=r"out of (range|(\w+ )?bounds)"):
        layer(rows, (h, h) if name == "LSTM" else h)


@every_name
def test_batch_sizes_whose_sum_overflows(name):
    layer = getattr(rc.nn, name)(4, 17)
    rows = PackedSequence(torch.randn(1, 4), torch.tensor([2**62, 2**62, 2**62, 2**62, 1]))
    with pytest.raises(RuntimeError, match=r"input\.batch_sizes"):
        layer(rows)


@every_name
@pytest.mark.parametrize("weight", ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"])
@pytest.mark.parametrize(
    "change", [lambda w: w[:-1], lambda w: w.unsqueeze(0), lambda w: w.double(), lambda w: w.to("meta")],
    ids=["short", "deep", "double", "meta"],
)  # fmt: skip
def test_a_weight_that_does_not_fit(name, weight, change):
    layer = getattr(rc.nn, name)(4, 17)
    setattr(layer, weight, nn.Parameter(change(getattr(layer, weight).detach())))
    with rc.backend("cpu" if BUILDS else "reference"), pytest.raises(RuntimeError, match=r"expected|must match|size"):
        layer(torch.randn(5, 3, 4))


@every_name
def test_weights_with_gaps_between_them(name):
    layer, other = getattr(rc.nn, name)(4, 17), getattr(rc.nn, name)(4, 17)
    for key, parameter in layer.named_parameters():
        apart = torch.stack([parameter.detach()] * 2, -1)[..., 0]
        setattr(other, key, nn.Parameter(apart))
        assert not getattr(other, key).is_contiguous()
    x = torch.randn(5, 3, 4)
    torch.testing.assert_close(other(x), layer(x), rtol=0, atol=0)


def test_the_gradient_of_relu_does_not_hide_a_nan():
    x = torch.randn(5, 3, 4)
    x[2, 1, 0] = torch.nan
    layer = rc.nn.RNN(4, 17, nonlinearity="relu")
    with rc.backend("cpu" if BUILDS else "reference"):
        layer(x)[0].square().sum().backward()
    assert all(torch.isnan(parameter.grad).all() for parameter in layer.parameters())  # type: ignore[arg-type]
