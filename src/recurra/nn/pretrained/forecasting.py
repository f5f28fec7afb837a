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


def scaled_like(x: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """x [B, L], float64, by the mean and scale of the part `known` [B, T] of it, and where nought lies [B], in float32.
    """  # fmt: skip
    size = _size(known)
    _scaled, mean, scale = standardise(known / size)
    scaled = ((x / size - mean) / scale).clamp(-CUT, CUT)
    return scaled.float(), _nought(mean, scale).float()


def lags_of(scaled: Tensor, season: int | None) -> tuple[Tensor, Tensor]:
    """Lags and scores [B, 2] of windows [B, T] as `seasons.detect` has them, the first lag `season` where it is known.

    A season of 1 says that there is none.
    """
    lags, scores = detect(scaled)
    if season is None:
        return lags, scores
    given = torch.full_like(lags[:, :1], season if season > 1 else 0)
    longer = torch.where(lags > given, lags, 0).amax(1, keepdim=True) if season > 1 else torch.zeros_like(given)
    return torch.cat([given, longer], 1), scores


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
    size = _size(x)
    scaled, mean, scale = standardise(x / size)
    dtype = next(network.parameters()).dtype
    scaled, zero = scaled.to(dtype), _nought(mean, scale).to(dtype)
    lags, scores = lags_of(scaled, season)
    rounds = -(-horizon // shape.horizon)
    scaled = functional.pad(scaled, (0, (rounds - 1) * shape.horizon), value=torch.nan)
    here = x.shape[1] // patch - 1
    at = here + torch.arange(rounds, device=x.device) * (shape.horizon // patch)
    quantiles, of = network(scaled, zero, lags, scores, at)
    unit, last = of.unit[:, at].double()[..., None, None], of.last[:, at].double()[..., None, None]
    values = (quantiles.double() * unit + last).flatten(1, 2)[:, :horizon]
    return (values * scale.unsqueeze(2) + mean.unsqueeze(2)) * size.unsqueeze(2)


def _size(x: Tensor) -> Tensor:
    """The largest value of each row [B, 1], or 1: squares of the largest doubles are none any more."""
    size = torch.where(torch.isfinite(x), x.abs(), 0.0).amax(1, keepdim=True)
    return torch.where(size > 0, size, torch.ones_like(size))


def _nought(mean: Tensor, scale: Tensor) -> Tensor:
    return (-mean / scale).squeeze(1).clamp(-1e6, 1e6)
