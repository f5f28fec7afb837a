"""Sizes beyond the usual: a million steps, more than 2^31 elements, no steps, no rows."""

from __future__ import annotations

import os

import pytest
import torch
from tests.drawing import THOROUGH
from tests.kernels.cases import BUILDS, CELLS, Case, engine, question

from recurra.cells import RNN, Weights
from recurra.kernels import reference
from recurra.kernels.contract import Call, Layout

pytestmark = pytest.mark.skipif(not BUILDS, reason="the C++ engine is not built here")
every_cell = pytest.mark.parametrize("cell", CELLS, ids=str)


def free_memory() -> float:
    """GiB."""
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30 if hasattr(os, "sysconf") else 0.0


def gradient(run, recurrence, x, state, tensors, steps, last):
    """The outputs of `last` steps, and the gradient of their sum by the x of these steps."""
    x = x.clone().requires_grad_()
    weights = Weights(tensors["recurrent"], tensors["bias"])
    outputs, _ = run(
        Call(recurrence, x, tensors["input_weight"], tensors["input_bias"], state, weights, Layout(steps, 1))
    )
    tail = outputs[-last:]
    (grad,) = torch.autograd.grad(tail.sum(), [x])
    return tail.detach(), grad[-last:]


@pytest.mark.slow
@every_cell
def test_a_million_steps(cell):
    steps, last = 1_000_000, 50
    asked = question(Case(cell, steps, 1, 1, 2, frozenset({"bias"})))
    x, recurrence = asked.tensors["x"], asked.recurrence
    with torch.no_grad():
        _, state = engine.run(Call(
            recurrence, x[:-last], asked.tensors["input_weight"], asked.tensors["input_bias"], None,
            Weights(asked.tensors["recurrent"], asked.tensors["bias"]), Layout(steps - last, 1),
        ))  # fmt: skip
    ours = gradient(engine.run, recurrence, x, None, asked.tensors, steps, last)
    theirs = gradient(reference.run, recurrence, x[-last:], state, asked.tensors, last, last)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


@every_cell
@pytest.mark.parametrize(("steps", "batch"), [(0, 3), (4, 0), (0, 0)])
@pytest.mark.parametrize("options", [(), ("batch_first", "reverse"), ("lengths",), ("dropout", "zoneout")], ids=str)
def test_without_steps_or_rows(options, steps, batch, cell):
    asked = question(Case(cell, steps, batch, 2, 3, frozenset({"bias", "state", *options})))
    outputs, *rest = asked.ask(engine.run, torch.float64)
    last, gradients = rest[: len(cell.states)], rest[len(cell.states) :]
    assert outputs.shape == (0, 3)
    for end, name in zip(last, ("h", "c"), strict=False):
        assert torch.equal(end, asked.tensors[name])
    for name, found in zip(asked.needed, gradients, strict=True):
        assert found.shape == asked.tensors[name].shape
        if name not in ("h", "c"):
            assert (found == 0).all()


@pytest.mark.skipif(
    not THOROUGH or free_memory() < 15, reason="needs 15 GiB of free memory and a minute (set RECURRA_THOROUGH=1)"
)
@pytest.mark.timeout(600)
def test_more_than_2_to_the_31_elements():
    steps, batch, hidden, last = 2**18 + 3, 2**10, 8, 5
    assert steps * batch * hidden > 2**31
    asked = question(Case(RNN(), last, batch, 1, hidden, frozenset({"bias"})), torch.bfloat16)
    tensors = {name: tensor.bfloat16() for name, tensor in asked.tensors.items()}
    weights = Weights(tensors["recurrent"], tensors["bias"])

    def run(x, state, layout):
        weight, bias = tensors["input_weight"], tensors["input_bias"]
        return engine.run(Call(asked.recurrence, x, weight, bias, state, weights, layout))

    x = torch.zeros(steps * batch, 1, dtype=torch.bfloat16)
    x[-last * batch :] = tensors["x"]
    x.requires_grad_()
    outputs, (h,) = run(x, None, Layout(steps, batch))
    assert torch.equal(outputs[-batch:], h)
    small = tensors["x"].requires_grad_()
    again, _ = run(small, (outputs[-(last + 1) * batch : -last * batch].detach(),), Layout(last, batch))
    assert torch.equal(outputs[-last * batch :], again)
    seed = torch.randn(last * batch, hidden).bfloat16()
    (ours,) = torch.autograd.grad(outputs[-last * batch :], [x], seed)
    (theirs,) = torch.autograd.grad(again, [small], seed)
    assert torch.equal(ours[-last * batch :], theirs)
