"""From windows in their own units to quantiles in the same units, however long the horizon."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from recurra.nn.pretrained.network import Pretrained
from recurra.nn.pretrained.seasons import detect

CUT = 40.0  # standard deviations beyond which a value of the past counts as this many


def standardise(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """x [B, L] -> (x - mean) / scale, mean [B, 1], scale [B, 1]; the scale of a constant row is 1."""
    known = torch.isfinite(x)
    count = known.sum(1, keepdim=True).clamp(min=1)
    mean = torch.where(known, x, 0.0).sum(1, keepdim=True) / count
    scale = (torch.where(known, x - mean, 0.0).square().sum(1, keepdim=True) / count).sqrt()
    scale = torch.where(scale > 1e-9 * mean.abs() + 1e-30, scale, torch.ones_like(scale))
    return ((x - mean) / scale).clamp(-CUT, CUT), mean, scale


@torch.no_grad()
def forecast(network: Pretrained, x: Tensor, horizon: int, season: int | None = None) -> Tensor:
    """Windows x [B, T] in float64, NaN where missing -> quantiles [B, horizon, Q] in the units of x.

    `season`: the first lag where it is known (1: none), else both are detected. Beyond the network's own horizon it
    goes on: patches that are not known yet are fed as missing, as they are in training, and the forecasts after them
    are taken from there, wider as less is known.
    """
    shape = network.shape
    patch = shape.patch
    x = x[:, -shape.context :]
    x = functional.pad(x, (-x.shape[1] % patch, 0), value=torch.nan)
    # squares of the largest doubles are none any more
    size = torch.where(torch.isfinite(x), x.abs(), 0.0).amax(1, keepdim=True)
    size = torch.where(size > 0, size, torch.ones_like(size))
    scaled, mean, scale = standardise(x / size)
    dtype = next(network.parameters()).dtype
    scaled, zero = scaled.to(dtype), (-mean / scale).squeeze(1).clamp(-1e6, 1e6).to(dtype)
    lags, scores = detect(scaled)
    if season is not None:
        given = torch.full_like(lags[:, :1], season if season > 1 else 0)
        longer = torch.where(lags > given, lags, 0).amax(1, keepdim=True) if season > 1 else torch.zeros_like(given)
        lags = torch.cat([given, longer], 1)
    rounds = -(-horizon // shape.horizon)
    scaled = functional.pad(scaled, (0, (rounds - 1) * shape.horizon), value=torch.nan)
    here = x.shape[1] // patch - 1
    at = here + torch.arange(rounds, device=x.device) * (shape.horizon // patch)
    quantiles, of = network(scaled, zero, lags, scores, at)
    unit, last = of.unit[:, at].double()[..., None, None], of.last[:, at].double()[..., None, None]
    values = (quantiles.double() * unit + last).flatten(1, 2)[:, :horizon]
    return (values * scale.unsqueeze(2) + mean.unsqueeze(2)) * size.unsqueeze(2)
