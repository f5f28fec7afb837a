"""What is done to windows before the network sees them: flips, mixtures, modulation, gaps, late beginnings."""

from __future__ import annotations

import torch
from benchmarks.pretraining.synthetic.draw import Draw
from benchmarks.pretraining.synthetic.noise import slow
from benchmarks.pretraining.synthetic.observe import gaps
from torch import Tensor


def vary(draw: Draw, x: Tensor) -> Tensor:
    """Real windows x [B, L]: some mixed with another, of a modulated size, with a ceiling, or upside down."""
    rows, length = x.shape
    spread = torch.nan_to_num((x - x.nanmean(1, keepdim=True)).square().nanmean(1, keepdim=True).sqrt(), 1.0)
    spread = spread.clamp(min=1e-9)
    other = draw.permutation(rows)
    share = draw.uniform(rows, 1, low=0.2, high=0.9)
    mixed = share * x / spread + (1 - share) * (x / spread)[other]
    # where the other is missing the window stays as it is
    mixed = torch.where(torch.isfinite(mixed), mixed, x / spread)
    x = torch.where(draw.chance(rows, 0.12) > 0, mixed, x / spread)
    x = torch.where(draw.chance(rows, 0.12) > 0, x * (0.5 * slow(draw, rows, length)).exp(), x)
    x = torch.where(draw.chance(rows, 0.08) > 0, x + slow(draw, rows, length), x)
    high = torch.nan_to_num(x.nanmean(1, keepdim=True)) + draw.uniform(rows, 1, low=0.5, high=1.5)
    x = torch.where(draw.chance(rows, 0.03) > 0, torch.minimum(x, high), x)
    hit = (draw.uniform(rows, length) < 0.01) & (draw.chance(rows, 0.05) > 0)
    x = x + hit * draw.log_uniform(rows, 1, low=1.0, high=6.0)
    return torch.where(draw.chance(rows, 0.12) > 0, -x, x)


def begin_late(draw: Draw, x: Tensor, patch: int, shortest: int) -> Tensor:
    """Windows that begin anywhere: within the first patch in a third of the rows, much later in another third."""
    rows, length = x.shape
    kind = draw.pick(rows, [3, 4, 4])
    first = draw.uniform(rows, 1, high=float(patch))
    late = length - draw.log_uniform(rows, 1, low=float(shortest), high=float(length))
    begin = torch.where(kind == 0, torch.zeros_like(first), torch.where(kind == 1, first, late))
    return torch.where(torch.arange(length, device=x.device) < begin, torch.nan, x)


def hide(draw: Draw, x: Tensor, patch: int) -> Tensor:
    """What the network is shown of x: gaps, and in a quarter of the rows whole patches in a row that are missing.

    The truth is not hidden: forecasts across such a stretch are those of a longer horizon.
    """
    rows, length = x.shape
    x = gaps(draw, x)
    size = draw.log_uniform(rows, 1, low=float(patch), high=length / 2)
    begin = draw.uniform(rows, 1) * length / patch
    t = torch.arange(length, device=x.device) // patch
    hidden = (t >= begin.floor()) & (t < begin.floor() + (size / patch).ceil()) & (draw.chance(rows, 0.25) > 0)
    return torch.where(hidden, torch.nan, x)
