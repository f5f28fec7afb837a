"""The loop over each cell's step against torch's own layers, and the laws of lengths and direction."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from recurra.cells import CELLS
from recurra.kernels import reference
from recurra.nn.recurrent import RECURRENT


def layer(cell: str, inputs: int, hidden: int) -> nn.Module:
    torch.manual_seed(0)
    return RECURRENT[cell](inputs, hidden).double()


def by_reference(cell, module, x, state=None, lengths=None, reverse=False):
    xp = x @ module.weight_ih_l0.T + module.bias_ih_l0
    if state is None:
        state = tuple(x.new_zeros(x.shape[1], module.hidden_size) for _ in range(CELLS[cell].STATES))
    return reference.run(cell, xp, state, (module.weight_hh_l0, module.bias_hh_l0), lengths, reverse)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("steps", "rows", "hidden"), [(1, 1, 1), (3, 17, 3), (17, 3, 63)])
def test_the_loop_gives_what_torch_gives_with_all_gradients(cell, steps, rows, hidden):
    module = layer(cell, 5, hidden)
    x = torch.randn(steps, rows, 5, dtype=torch.float64, requires_grad=True)
    weights = list(module.parameters())
    outputs, state = by_reference(cell, module, x)
    theirs, last = module(x)
    last = last if isinstance(last, tuple) else (last,)
    torch.testing.assert_close(outputs, theirs, rtol=0, atol=1e-12)
    for ours, other in zip(state, last, strict=True):
        torch.testing.assert_close(ours, other[0], rtol=0, atol=1e-12)
    seed = torch.randn_like(outputs)
    for ours, other in zip(
        torch.autograd.grad((outputs * seed).sum(), [x, *weights]),
        torch.autograd.grad((theirs * seed).sum(), [x, *weights]),
        strict=True,
    ):
        torch.testing.assert_close(ours, other, rtol=0, atol=1e-10)


@pytest.mark.parametrize("cell", CELLS)
def test_two_calls_are_one(cell):
    module = layer(cell, 2, 3)
    x = torch.randn(7, 4, 2, dtype=torch.float64)
    whole, last = by_reference(cell, module, x)
    first, state = by_reference(cell, module, x[:3])
    second, end = by_reference(cell, module, x[3:], state)
    torch.testing.assert_close(torch.cat([first, second]), whole, rtol=0, atol=0)
    for a, b in zip(end, last, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_a_row_that_has_ended_is_as_if_the_rest_were_not_there(cell, reverse):
    module = layer(cell, 2, 3)
    x = torch.randn(6, 3, 2, dtype=torch.float64)
    lengths = torch.tensor([6, 2, 0])
    x[2:, 1] = torch.nan  # padding must not be read
    x[:, 2] = torch.nan
    outputs, state = by_reference(cell, module, x, lengths=lengths, reverse=reverse)
    alone, end = by_reference(cell, module, x[:2, 1:2], reverse=reverse)
    torch.testing.assert_close(outputs[:2, 1:2], alone, rtol=0, atol=1e-15)
    torch.testing.assert_close(state[0][1:2], end[0], rtol=0, atol=1e-15)
    assert (outputs[2:, 1] == 0).all()
    assert (outputs[:, 2] == 0).all()
    assert (state[0][2] == 0).all()


@pytest.mark.parametrize("cell", CELLS)
def test_reverse_is_the_reversed_sequence(cell):
    module = layer(cell, 2, 3)
    x = torch.randn(5, 2, 2, dtype=torch.float64)
    outputs, _ = by_reference(cell, module, x, reverse=True)
    flipped, _ = by_reference(cell, module, x.flip(0))
    torch.testing.assert_close(outputs, flipped.flip(0), rtol=0, atol=0)


def test_no_steps_leave_the_state():
    module = layer("lstm", 2, 3)
    outputs, state = by_reference("lstm", module, torch.zeros(0, 4, 2, dtype=torch.float64))
    assert outputs.shape == (0, 4, 3)
    assert (state[0] == 0).all()
