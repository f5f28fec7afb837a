"""Quantiles that cannot cross: a median and positive steps away from it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

QUANTILES = (0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975)
MEDIAN = QUANTILES.index(0.5)


class QuantileOutput(nn.Module):
    """Features [..., D] -> quantiles [..., Q] in the order of `QUANTILES`, increasing by construction.

        median = w x + b;  next quantile outward = the one before it -/+ squareplus(w' x + b')
        squareplus(a) = (a + sqrt(a^2 + 4)) / 2

    Squareplus (Barron, 2021, "Squareplus: a softplus-like algebraic rectifier") is several times faster than softplus
    on a CPU, where this layer would otherwise cost a tenth of a training step.

    The weights of the median start at zero: before training the forecast is `centre`, the naive one.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.project = nn.Linear(features, len(QUANTILES))
        with torch.no_grad():
            self.project.weight[MEDIAN].zero_()
            self.project.bias.fill_(-1.0)
            self.project.bias[MEDIAN] = 0.0

    def forward(self, features: Tensor, centre: Tensor) -> Tensor:
        """Quantiles [..., Q] around `centre` [...] plus the median's correction."""
        raw = self.project(features)
        median = centre.unsqueeze(-1) + raw[..., MEDIAN : MEDIAN + 1]
        below = _squareplus(raw[..., :MEDIAN]).flip(-1).cumsum(-1).flip(-1)
        above = _squareplus(raw[..., MEDIAN + 1 :]).cumsum(-1)
        return torch.cat([median - below, median, median + above], dim=-1)


def _squareplus(a: Tensor) -> Tensor:
    return 0.5 * (a + (a * a + 4.0).sqrt())


def pinball_loss(quantiles: Tensor, truth: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean pinball loss of `quantiles` [B, H, Q] against `truth` [B, H]; NaN truth does not count.

    The median counts half as much as all other quantiles together: its loss is half the absolute error, which is what
    point forecasts are judged by. `weight` [B, 1] multiplies the loss of a row. Koenker and Bassett (1978),
    "Regression quantiles".
    """
    levels = torch.tensor(QUANTILES, dtype=quantiles.dtype, device=quantiles.device)
    weights = torch.ones_like(levels)
    weights[MEDIAN] = (len(QUANTILES) - 1) / 2
    known = torch.isfinite(truth)
    error = torch.where(known, truth, 0.0).unsqueeze(-1) - quantiles
    loss = (torch.maximum(levels * error, (levels - 1) * error) * weights).sum(-1) / weights.sum()
    if weight is not None:
        loss = loss * weight
    return (loss * known).sum() / known.sum().clamp(min=1)
