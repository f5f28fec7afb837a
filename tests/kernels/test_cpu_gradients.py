"""First and second derivatives of the C++ engine by finite differences, and gradients asked for in unusual ways."""

from __future__ import annotations

import pytest
import torch
from tests.kernels.cases import BUILDS, CELLS, Case, engine, question
from tests.kernels.test_cpu import possible

from recurra.cells import LSTM, Weights
from recurra.kernels.contract import Call

pytestmark = pytest.mark.skipif(not BUILDS, reason="the C++ engine is not built here")
OPTIONS = [
    {"bias", "state"}, {"bias", "state", "packed", "reverse"}, {"bias", "lengths", "batch_first", "dropout", "zoneout"},
    {"projected", "rate", "norm", "projection", "peephole", "norm_cell"},
]  # fmt: skip


def function_of(asked):
    """The recurrence as a function of its tensors, and those."""
    names = list(asked.tensors)

    def function(*tensors):
        given = dict(zip(names, tensors, strict=True))
        state = tuple(given[name] for name in ("h", "c") if name in given) or None
        weights = Weights(*(given.get(name) for name in Weights._fields[:-1]))  # type: ignore[arg-type]
        outputs, last = engine.run(Call(
            asked.recurrence, given["x"], given.get("input_weight"), given.get("input_bias"), state, weights,
            asked.layout, asked.masks,
        ))  # fmt: skip
        return outputs, *last

    return function, [asked.tensors[name].requires_grad_() for name in names]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join(sorted(options)))
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_first_and_second_derivatives(cell, options):
    function, tensors = function_of(question(Case(cell, 5, 3, 2, 3, possible(cell, options), 3)))
    torch.autograd.gradcheck(function, tensors, fast_mode=True)
    torch.autograd.gradgradcheck(function, tensors, fast_mode=True)


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_every_entry_of_the_first_derivative(cell):
    function, tensors = function_of(question(Case(cell, 5, 2, 2, 3, frozenset({"bias", "state", "packed"}), 1)))
    torch.autograd.gradcheck(function, tensors)


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_gradient_without_graph_equals_the_one_with(cell):
    function, tensors = function_of(question(Case(cell, 5, 3, 2, 17, frozenset({"bias", "state", "reverse"}))))
    results = function(*tensors)
    weights = [torch.randn_like(result) for result in results]
    plain = torch.autograd.grad(results, tensors, weights, retain_graph=True)
    twice = torch.autograd.grad(results, tensors, weights, create_graph=True)  # through the reference
    assert all(gradient.requires_grad for gradient in twice)
    torch.testing.assert_close(plain, tuple(gradient.detach() for gradient in twice), rtol=0, atol=1e-12)


def test_a_graph_used_twice_gives_the_same():
    function, tensors = function_of(question(Case(LSTM(), 5, 3, 2, 17, frozenset({"bias", "state"}))))
    outputs = function(*tensors)[0].sum()
    first = torch.autograd.grad(outputs, tensors, retain_graph=True, allow_unused=True)
    second = torch.autograd.grad(outputs, tensors, allow_unused=True)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(outputs, tensors)


@pytest.mark.parametrize("name", ["x", "recurrent", "input_weight"])
def test_what_is_changed_before_its_gradient_is_noticed(name):
    asked = question(Case(LSTM(), 5, 3, 2, 3, frozenset({"bias"})))
    function, tensors = function_of(asked)
    outputs = function(*tensors)[0]
    with torch.no_grad():
        asked.tensors[name].mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        outputs.sum().backward()


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_gradients_that_are_not_contiguous(cell):
    function, tensors = function_of(question(Case(cell, 5, 4, 2, 3, frozenset({"bias", "state"}))))
    outputs = function(*tensors)[0]
    weights = torch.randn(3, 20, 2, dtype=torch.float64)[:, :, 0].t()
    strided = torch.autograd.grad(outputs, tensors, weights, retain_graph=True)
    expanded = torch.autograd.grad(outputs, tensors, outputs.new_ones(()).expand(20, 3), retain_graph=True)
    plain = torch.autograd.grad(outputs, tensors, weights.contiguous(), retain_graph=True)
    ones = torch.autograd.grad(outputs.sum(), tensors)
    assert all(torch.equal(a, b) for a, b in zip(strided + expanded, plain + ones, strict=True))
