"""Rows of a table that is used again: gradients beside those of torch's embedding, and one table instead of three."""

from __future__ import annotations

import torch
from torch.nn import functional

from recurra.nn.look_up import look_up


def test_gradients_are_those_of_an_embedding():
    torch.manual_seed(0)
    table = torch.randn(7, 3, dtype=torch.float64, requires_grad=True)
    some, others = torch.tensor([[1, 1, 6], [0, 1, 2]]), torch.tensor([5, 1])
    shares = torch.randn(2, 3, dtype=torch.float64)

    def loss(x, y, tied):
        return ((x.sum(0) * y.sum(0).tanh()) @ tied.T).cos().sum() + (shares @ tied.T).sin().sum()

    ours = loss(*look_up(table, some, others))
    theirs = loss(functional.embedding(some, table), functional.embedding(others, table), table)
    assert torch.equal(ours, theirs)
    found, wanted = (torch.autograd.grad(each, table)[0] for each in (ours, theirs))
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)


def test_what_is_not_used_has_no_part():
    table = torch.randn(4, 2, requires_grad=True)
    x, _, _ = look_up(table, torch.tensor([3, 3]), torch.tensor([0]))
    assert torch.autograd.grad(x.sum(), table)[0].tolist() == [[0, 0], [0, 0], [0, 0], [2, 2]]
    _, tied = look_up(table, torch.tensor([1]))
    assert bool((torch.autograd.grad((tied @ torch.ones(2)).sum(), table)[0] == 1).all())


def test_without_a_gradient_it_is_the_table():
    table = torch.randn(4, 2)
    x, tied = look_up(table, torch.tensor([[2]]))
    assert torch.equal(x, table[2].reshape(1, 1, 2))
    assert tied.data_ptr() == table.data_ptr()
