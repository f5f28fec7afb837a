"""The engine reads memory by address: what it is given is made to stand there as it is meant, or refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.kernels.cases import BUILDS, engine, using
from torch import nn

import recurra as rc
from recurra.cells import GRU, LSTM, RNN, Weights
from recurra.errors import ShapeError
from recurra.kernels import chooser, reference
from recurra.kernels.contract import NO_MASKS, Call, DropoutMasks, Layout, Recurrence

pytestmark = pytest.mark.skipif(bool(chooser.NO_ENGINE), reason="the C++ engine is not built here")
T, B, F, H = 5, 4, 3, 17
LAYOUT = Layout(T, B)


def question(cell, masks=NO_MASKS, reverse=False, zoneout=(0.0, 0.0), layout=LAYOUT, dtype=torch.float32) -> Any:
    draw = torch.Generator().manual_seed(0)

    def numbers(*shape):
        return (torch.rand(shape, generator=draw) - 0.5).to(dtype).requires_grad_()

    gates = cell.blocks * H
    state = tuple(numbers(B, H) for _ in range(len(cell.states)))
    weights = Weights(numbers(gates, H), numbers(gates))
    return Recurrence(cell, reverse, zoneout), numbers(T * B, F), numbers(gates, F), None, state, weights, layout, masks


def answers(run, asked):
    outputs, _ = run(Call(*asked))
    leaves = [asked[1], asked[2], *asked[4], asked[5].recurrent]
    return outputs, *torch.autograd.grad(outputs.double().square().sum(), leaves)


def test_masks_with_gaps():
    keep = torch.rand(T * B, H).lt(0.3).byte()
    masks = DropoutMasks(torch.rand(H, B).t(), keep.t().contiguous().t(), keep.t().contiguous().t())
    asked = question(LSTM(), masks, zoneout=(0.3, 0.3))
    torch.testing.assert_close(answers(engine.run, asked), answers(reference.run, asked))


def test_saved_tensors_that_come_back_in_another_order_of_memory():
    asked = question(GRU())
    expected = answers(engine.run, asked)

    def give(tensor):
        return tensor.t().contiguous().t() if tensor.dim() == 2 else tensor

    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: tensor.clone(), give):
        found = answers(engine.run, asked)
    torch.testing.assert_close(found, expected)


def test_a_sign_that_is_only_noted():
    asked = list(question(RNN()))
    asked[4] = (torch.complex(torch.zeros(B, H), asked[4][0].detach()).conj().imag.requires_grad_(),)
    assert asked[4][0].is_neg()
    torch.testing.assert_close(answers(engine.run, asked), answers(reference.run, asked))


def test_a_state_that_autocast_does_not_convert():
    layer, x = rc.nn.GRU(3, 64).double(), torch.randn(2, 5, 3).double()
    with torch.autocast("cpu"), pytest.raises(ShapeError, match=r"hx has dtype torch\.float32, and the input has"):
        layer(x, torch.zeros(1, 5, 64))


@pytest.mark.parametrize("hidden", [33, 300])  # W inside the loop, and outside
@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_backward_inside_autocast(name, hidden):
    torch.manual_seed(0)
    x, h = torch.randn(4, 5, hidden), torch.randn(1, 5, hidden)
    layer = getattr(rc.nn, name)(hidden, hidden)
    hx = (h, torch.zeros_like(h)) if name == "LSTM" else h
    gradients = []
    for inside in (False, True):
        layer.zero_grad()
        with rc.backend("cpu"), torch.autocast("cpu"):
            loss = layer(x, hx)[0].float().sum()
            if inside:
                loss.backward()
        if not inside:
            loss.backward()
        gradients.append([parameter.grad.clone() for parameter in layer.parameters()])
    torch.testing.assert_close(gradients[1], gradients[0], rtol=0, atol=0)


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("cell", [RNN(), GRU(), GRU(reset_after=False), LSTM()], ids=repr)
def test_the_gradient_of_the_state_of_rows_that_end_early(cell, reverse, build):
    lengths = torch.tensor([5, 5, 2, 0])
    asked = question(cell, reverse=reverse, layout=Layout(T, B, lengths=lengths), dtype=torch.bfloat16)
    with using(build):
        found = answers(engine.run, asked)
    for ours, right in zip(found, answers(reference.run, asked), strict=True):
        assert (ours - right).abs().max() <= 0.03 * right.abs().max().clamp(min=1)


def test_a_rate_of_numpy():
    numpy = pytest.importorskip("numpy")
    layer = rc.nn.LSTM(3, 5, regularisation=rc.nn.Regularisation(zoneout=numpy.float64(0.1))).eval()
    assert layer(torch.randn(2, 4, 3))[0].shape == (2, 4, 5)
    assert isinstance(layer, nn.LSTM)
