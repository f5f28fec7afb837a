"""Rows of an embedding's table, where the same table is read again afterwards: tied weights.

    y_n = E[k_n],    dE[k_n] += dy_n

E itself is handed on, so that its gradient comes back through here and dE is added to it in place. Autograd by itself
makes a table of zeros for every look-up, and adds them all up: with 6,000 rows of 256 more than a tenth of a step.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional


def look_up(table: Tensor, *numbers: Tensor) -> tuple[Tensor, ...]:
    """The rows `numbers` [...] of `table` [V, E], as [..., E] of each; the last is the table, for its later use.

    That use is to be a product, whose gradient is a tensor of its own: it is written to. There is no second derivative.
    On a GPU it is PyTorch's own look-up, whose gradient has the same bits in every run.

    >>> table = torch.ones(4, 2, requires_grad=True)
    >>> rows, tied = look_up(table, torch.tensor([1, 1, 3]))
    >>> (rows @ tied.T).sum().backward()
    >>> table.grad[:, 0].tolist()
    [3.0, 11.0, 3.0, 7.0]
    """
    if not table.is_cpu:
        return *(functional.embedding(each, table) for each in numbers), table
    return _LookUp.apply(table, *numbers)


class _LookUp(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, table: Tensor, *numbers: Tensor) -> tuple[Tensor, ...]:
        ctx.save_for_backward(*numbers)
        ctx.set_materialize_grads(False)
        ctx.like = table.shape, table.dtype
        return *(functional.embedding(each, table) for each in numbers), table

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        numbers = ctx.saved_tensors
        *of_rows, of_table = grads
        shape, dtype = ctx.like
        if of_table is None:
            of_table = torch.zeros(shape, dtype=dtype)
        for each, grad in zip(numbers, of_rows, strict=True):
            if grad is not None:
                of_table.index_add_(0, each.flatten(), grad.reshape(-1, shape[1]))
        return of_table, *(None for _ in numbers)
