"""The sLSTM against the equations of the paper without their stabiliser, in float64 where they do not overflow."""

from __future__ import annotations

import pytest
import torch

from recurra.cells import SLSTM, Weights
from recurra.errors import InputError

B, H = 2, 4


def drawn(heads=1, steps=6):
    g = torch.Generator().manual_seed(0)
    xp = torch.randn(steps, B, 4 * H, generator=g, dtype=torch.float64)
    return xp, torch.randn(4 * H, H // heads, generator=g, dtype=torch.float64)


def full(recurrent, heads):
    """R as one matrix [4H, H] with zeros between the heads."""
    gates = [torch.block_diag(*gate.view(heads, H // heads, -1)) for gate in recurrent.view(4, H, -1)]
    return torch.cat(gates)


@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("forget", ["sigmoid", "exp"])
def test_the_steps_are_the_equations(forget, heads):
    xp, recurrent = drawn(heads)
    cell, matrix = SLSTM(heads, forget), full(recurrent, heads)
    zero = torch.zeros(B, H, dtype=torch.float64)
    state, h, c, n = (zero,) * 4, zero, zero, zero
    for projected in xp:
        i, f, z, o = (projected + h @ matrix.T).chunk(4, -1)
        f = f.sigmoid() if forget == "sigmoid" else f.exp()
        c, n = f * c + i.exp() * z.tanh(), f * n + i.exp()  # equations 9 and 10, as they stand
        h = o.sigmoid() * c / n
        state = cell.step(projected, state, Weights(recurrent))
        torch.testing.assert_close(state[0], h)
        torch.testing.assert_close(state[1] * state[3].exp(), c)
        torch.testing.assert_close(state[2] * state[3].exp(), n)


@pytest.mark.parametrize("forget", ["sigmoid", "exp"])
@pytest.mark.parametrize("size", [1.0, 300.0, 1e4])
def test_no_input_overflows(forget, size):
    xp = drawn(steps=40)[0].float() * size
    state = (torch.zeros(B, H),) * 4
    xp.requires_grad_()
    for projected in xp:
        state = SLSTM(forget=forget).step(projected, state, Weights(torch.randn(4 * H, H)))
        assert all(each.isfinite().all() for each in state)
        assert (state[0].abs() <= 1).all()
        assert (state[2] >= 1).all()
    (gradient,) = torch.autograd.grad(state[0].sum(), [xp])
    assert gradient.isfinite().all()


def test_what_is_kept_is_the_share_of_the_old_memory():
    xp, recurrent = drawn()
    cell, state = SLSTM(), (torch.zeros(B, H, dtype=torch.float64),) * 4
    for projected in xp:
        gates = cell.activate(projected, state, Weights(recurrent))
        new = cell.update(gates, state, Weights(recurrent))
        kept = cell.kept(gates, state, new)
        torch.testing.assert_close(cell.memory(new), kept * cell.memory(state) + (1 - kept) * gates[2])
        torch.testing.assert_close(cell.memory(cell.with_memory(new, kept)), kept)
        state = new


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heads": 0}, "heads is 0: expected a whole number of at least 1"),
        ({"heads": True}, "heads is True"),
        ({"forget": "tanh"}, "forget is 'tanh': expected 'sigmoid' or 'exp'"),
    ],
)
def test_variants_that_are_none(options, message):
    with pytest.raises(InputError, match=message):
        SLSTM(**options)


def test_heads_divide_the_units():
    with pytest.raises(InputError, match="hidden_size is 4: expected a multiple of heads, 3"):
        SLSTM(heads=3).parameters(4, 4)
