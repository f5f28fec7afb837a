"""What comes next: the log loss of the item over all items, or over some that are drawn, and quantiles of numbers.

    L = -z_j + log sum_i exp z_i                                   all items
    L = -z_j + log (exp z_j + sum_(i in S) exp(z_i - log(|S| p_i)))     S drawn by p ~ count^3/4, repeatedly

The correction makes the sampled sum a consistent estimate of that over all others (Bengio, Senecal 2008, "Adaptive
importance sampling to accelerate training of a neural probabilistic language model"); a drawn item that is the true one
is left out of its own sum.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from recurra.nn.next_event import LEVELS
from recurra.nn.projected_loss import projected_loss

_POWER = 0.75  # of counts: Mikolov et al. 2013


def full_loss(queries: Tensor, table: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    """The mean log loss of targets [n] (columns of the table) for queries [n, E]; no scores of all rows in memory."""
    return projected_loss(queries, table, bias, targets)


def sampled_loss(
    queries: Tensor, table: Tensor, bias: Tensor, targets: Tensor, drawn: Tensor, log_chances: Tensor
) -> Tensor:
    """The same over the true item and those `drawn` [S] alone; `log_chances` [V] are log p of a draw."""
    correction = log_chances + torch.tensor(float(len(drawn)), device=queries.device).log()
    true = (queries * table[targets]).sum(dim=-1) + bias[targets]
    others = functional.linear(queries, table[drawn], (bias - correction)[drawn])
    others = others.masked_fill(drawn == targets.unsqueeze(1), -torch.inf)
    return (torch.cat([true.unsqueeze(1), others], dim=1).logsumexp(dim=1) - true).mean()


def chances(counts: Tensor) -> Tensor:
    """p [V] by which items are drawn, of their counts [V]."""
    powers = counts.clamp(min=1).double() ** _POWER
    return (powers / powers.sum()).float()


def number_loss(found: Tensor, truth: Tensor) -> Tensor:
    """The mean pinball loss of quantiles [n, numbers, levels] of numbers [n, numbers], of which NaN are unknown."""
    known = torch.isfinite(truth)
    if not known.any():
        return 0.0 * found.sum()
    levels = torch.tensor(LEVELS, device=found.device)
    error = torch.where(known, truth, 0.0).unsqueeze(-1) - found
    loss = torch.maximum(levels * error, (levels - 1) * error).mean(dim=-1)
    return (loss * known).sum() / known.sum()
