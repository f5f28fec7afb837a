"""Elman's cell against its equation."""

from __future__ import annotations

import pytest
import torch

from recurra.cells import RNN, Weights


@pytest.mark.parametrize(("nonlinearity", "f"), [("tanh", torch.tanh), ("relu", torch.relu), (torch.sin, torch.sin)])
def test_the_step_is_the_equation(nonlinearity, f):
    xp, h, u, b = torch.randn(2, 3), torch.randn(2, 3), torch.randn(3, 3), torch.randn(3)
    (new,) = RNN(nonlinearity).step(xp, (h,), Weights(u, b))
    torch.testing.assert_close(new, f(xp + h @ u.T + b))


def test_dropout_is_on_what_enters_the_product():
    xp, h, u, mask = torch.randn(2, 3), torch.randn(2, 3), torch.randn(3, 3), torch.tensor([[2.0, 0, 2], [0, 0, 2]])
    (new,) = RNN().step(xp, (h,), Weights(u), mask)
    torch.testing.assert_close(new, torch.tanh(xp + (h * mask) @ u.T))
