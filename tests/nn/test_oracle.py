"""Whole layers, drawn at random, by the C++ engine: what the reference gives in float64, and what torch.nn gives."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from tests.drawing import examples
from tests.kernels.cases import BUILDS, FLOOR, NORMED, PLAIN, using
from tests.nn.drawn import Drawn, layers, tensors
from tests.nn.pairs import Ran

import recurra as rc

pytestmark = pytest.mark.skipif(not BUILDS, reason="the C++ engine is not built here")
DEEP = 5.0  # up to three layers on top of each other, where a kernel's test has one


def answer(drawn: Drawn, layer: Any, backend: str) -> list[torch.Tensor]:
    """Outputs, last states, and the gradient by the input, the initial states and every parameter."""
    dtype = layer.weight_ih_l0.dtype
    rows, hx = drawn.rows(dtype).requires_grad_(), drawn.states(layer)
    given_states = [] if hx is None else list(hx) if isinstance(hx, tuple) else [hx]
    for state in given_states:
        state.requires_grad_()
    torch.manual_seed(drawn.seed)  # of dropout and zoneout
    with rc.backend(backend), Ran() as ran:
        found = tensors(drawn.call(layer, rows, hx))
    assert ran.counts == {backend: len(layer._all_weights) if backend != "torch" else 1}
    generator = torch.Generator().manual_seed(0)
    seeds = [torch.randn(each.shape, generator=generator, dtype=torch.float64).to(dtype) for each in found]
    gradients = torch.autograd.grad(found, [rows, *given_states, *layer.parameters()], seeds)
    return [each.detach() for each in found] + list(gradients)


def close(ours: list[torch.Tensor], theirs: list[torch.Tensor], tolerance: float) -> None:
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(
            a.double(), b.double(), rtol=0, atol=tolerance * (float(b.abs().max()) + FLOOR[a.dtype])
        )


def tolerance(drawn: Drawn, dtype: torch.dtype) -> float:
    return DEEP * (NORMED if dict(drawn.arguments).get("layer_norm") else PLAIN)[dtype]


@pytest.mark.slow
@pytest.mark.parametrize("build", BUILDS)
@settings(max_examples=examples(40))
@given(drawn=layers())
def test_every_layer_is_the_reference(build, drawn):
    layer = drawn.layer()
    with using(build):
        ours = answer(drawn, layer, "cpu")
    close(ours, answer(drawn, layer, "reference"), tolerance(drawn, torch.float64))


@pytest.mark.slow
@settings(max_examples=examples(60))
@given(drawn=layers(noise=False))
def test_float32_is_the_reference_in_float64(drawn):
    single = drawn.layer(torch.float32)
    double = drawn.layer(torch.float64)
    double.load_state_dict(single.state_dict())
    ours, theirs = answer(drawn, single, "cpu"), answer(drawn, double, "reference")
    if dict(drawn.arguments).get("nonlinearity") == "relu":  # which units are at zero is rounding's affair
        ours, theirs = ours[:2], theirs[:2]
    # the inputs are not rounded beforehand: twice the error
    close(ours, theirs, 2 * tolerance(drawn, torch.float32))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@settings(max_examples=examples(40))
@given(drawn=layers(forms=("padded", "packed", "unsorted", "unbatched", "strided"), plain=True))
def test_plain_layers_are_torchs(dtype, drawn):
    layer = drawn.layer(dtype)
    ours, theirs = answer(drawn, layer, "cpu"), answer(drawn, layer, "torch")
    close(ours, theirs, 2 * tolerance(drawn, dtype))


@pytest.mark.slow
@settings(max_examples=examples(40))
@given(drawn=layers())
def test_without_gradients_the_results_are_the_same(drawn):
    layer = drawn.layer()
    rows, hx = drawn.rows(), drawn.states(layer)
    results = []
    for grad in (True, False):
        torch.manual_seed(drawn.seed)
        with torch.set_grad_enabled(grad), rc.backend("cpu"):
            results.append(tensors(drawn.call(layer, rows, hx)))
    assert results[0][0].requires_grad
    assert not results[1][0].requires_grad
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"bidirectional": True, "num_layers": 2}], ids=["one", "both ways"])
@pytest.mark.parametrize("form", ["padded", "lengths", "packed"])
@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_first_and_second_derivatives(name, form, options):
    drawn = Drawn(name, 2, 3, (*options.items(), ("batch_first", True)), 5, 3, form, True, 5)
    layer = drawn.layer()
    hx = drawn.states(layer)
    leaves = [drawn.rows(), *(hx if isinstance(hx, tuple) else [hx]), *(p.detach() for p in layer.parameters())]
    names = [parameter for parameter, _ in layer.named_parameters()]
    given_states = len(leaves) - len(names) - 1

    def function(rows, *rest):
        state, weights = rest[:given_states], dict(zip(names, rest[given_states:], strict=True))
        called = Called(drawn, layer, rows, state if given_states == 2 else state[0])
        return tuple(tensors(torch.func.functional_call(called, {f"layer.{n}": w for n, w in weights.items()}, ())))

    leaves = [leaf.clone().requires_grad_() for leaf in leaves]
    with rc.backend("cpu"):
        torch.autograd.gradcheck(function, leaves, fast_mode=True)
        torch.autograd.gradgradcheck(function, leaves, fast_mode=True)


class Called(torch.nn.Module):
    """A layer about to be called, so that its weights can be put in from outside."""

    def __init__(self, drawn, layer, rows, hx):
        super().__init__()
        self.layer, self.arguments = layer, (drawn, rows, hx)

    def forward(self):
        drawn, rows, hx = self.arguments
        return drawn.call(self.layer, rows, hx)
