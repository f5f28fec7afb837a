"""The loss: pinball over all quantiles at many origins, weighed so that no kind of series outweighs another."""

from __future__ import annotations

import torch
from torch import Tensor

from recurra.nn.pretrained.constants import constant
from recurra.nn.quantiles import MEDIAN, QUANTILES

WEIGHING = 0.7
NEARER = 16.0  # steps ahead: what is nearer counts more
LEAST_UNIT = 1e-4
FARTHEST = 100.0


def origin_loss(quantiles: Tensor, truth: Tensor) -> Tensor:
    """Quantiles [B, A, H, Q] and truth [B, A, H] (NaN where unknown), in causal units -> mean loss.

    The median counts half. An origin is divided by a power of the width of its own forecast, a number that is known
    at the origin: dividing by anything of the truth would make the median low.
    """
    count = len(QUANTILES)
    levels = constant(QUANTILES, quantiles.device)
    half = tuple(0.5 if k == MEDIAN else 0.5 / (count - 1) for k in range(count))
    weights = constant(half, quantiles.device)
    known = torch.isfinite(truth)
    error = torch.where(known, truth, 0.0).unsqueeze(3) - quantiles
    loss = (torch.maximum(levels * error, (levels - 1) * error) * weights).sum(3)
    width = (quantiles[..., -3] - quantiles[..., 2]).detach().mean(2, keepdim=True)
    ahead = torch.arange(1, truth.shape[2] + 1, device=truth.device)
    near = (1 + ahead / NEARER) ** -0.5
    weight = (0.3 + width) ** -WEIGHING * near * known
    return (loss * weight).sum() / known.sum().clamp(min=1)


def truth_at(x: Tensor, last: Tensor, unit: Tensor, count: Tensor, at: Tensor, patch: int, horizon: int) -> Tensor:
    """The values after the patches `at`, in the units there [B, A, H].

    NaN where too little was known to have a unit, or all of it was one value: what comes then has no measure.
    """
    index = (at + 1).unsqueeze(1) * patch + torch.arange(horizon, device=x.device)
    after = x[:, index]
    relative = (after - last[:, at].unsqueeze(2)) / unit[:, at].unsqueeze(2)
    measured = (count[:, at] >= 3) & (unit[:, at] > LEAST_UNIT)
    return torch.where(measured.unsqueeze(2), relative, torch.nan).clamp(-FARTHEST, FARTHEST)
