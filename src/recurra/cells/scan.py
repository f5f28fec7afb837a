"""A recurrence that is linear in its state, computed for all steps together.

    h_t = a_t h_{t-1} + b_t

In chunks of about sqrt(T) steps: first every chunk from a state of zero, all chunks side by side; then the state goes
from chunk to chunk; then it is added to every step of its chunk, times the product of the a before it. That takes
2 sqrt(T) operations on large tensors in place of T on small ones. Nothing is divided and no logarithm is taken, so that
the result is as exact as that of the steps, for any sign and for a = 0; with |a| <= 1 nothing can overflow.

Blelloch (1990), "Prefix sums and their applications".
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def linear_scan(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
    """a, b [T, ...], start [...] -> h [T, ...]; autograd differentiates it as often as one likes.

    >>> linear_scan(torch.tensor([0.5, 0.5, 2.0]), torch.tensor([1.0, 0.0, 1.0]), torch.tensor(4.0))
    tensor([3.0000, 1.5000, 4.0000])
    """
    steps = len(a)
    if not steps:
        return a
    size = math.isqrt(steps - 1) + 1
    chunks = -(-steps // size)
    spare = chunks * size - steps
    if spare:  # steps behind the end, whose values nobody reads
        behind = (0, 0) * (a.dim() - 1) + (0, spare)
        a, b = functional.pad(a, behind), functional.pad(b, behind)
    # `size` tensors of [chunks, ...]
    factors, terms = (each.reshape(chunks, size, *each.shape[1:]).unbind(1) for each in (a, b))
    products, within = [factors[0]], [terms[0]]
    for a_t, b_t in zip(factors[1:], terms[1:], strict=True):
        products.append(a_t * products[-1])
        within.append(a_t * within[-1] + b_t)
    h, starts = start, []
    for product, last in zip(products[-1].unbind(), within[-1].unbind(), strict=True):
        starts.append(h)
        h = product * h + last
    entering = torch.stack(starts)
    found = torch.stack([product * entering + each for product, each in zip(products, within, strict=True)], dim=1)
    return found.flatten(0, 1)[:steps]
