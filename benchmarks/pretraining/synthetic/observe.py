"""How a process becomes a record: events, counts, bounds, rounding, a level, gaps."""

from __future__ import annotations

import torch
from benchmarks.pretraining.synthetic.draw import Draw
from benchmarks.pretraining.synthetic.noise import power_law, slow, standard, white
from benchmarks.pretraining.synthetic.shapes import season
from torch import Tensor


def counts(draw: Draw, rows: int, length: int) -> Tensor:
    """Counts around a wandering, seasonal intensity; overdispersed in some rows, rare or intermittent in others."""
    rate = draw.log_uniform(rows, 1, low=0.05, high=60.0).log()
    rate = rate + draw.uniform(rows, 1) * season(draw, rows, length, draw.period(rows)) * draw.chance(rows, 0.7)
    rate = rate + 0.7 * draw.uniform(rows, 1) * power_law(draw, rows, length)
    rate = rate + 0.5 * draw.chance(rows, 0.4) * white(draw, rows, length)
    events = torch.poisson(rate.clamp(-8, 7).exp(), generator=draw.generator)
    present = draw.uniform(rows, length) < draw.uniform(rows, 1, low=0.05, high=0.8)
    return torch.where((draw.chance(rows, 0.25) > 0) & ~present, 0.0, events)


def events(draw: Draw, x: Tensor) -> Tensor:
    """Jumps of level, outliers, bursts of deviation and changes of regime in some rows of unit-scale x [B, L]."""
    rows, length = x.shape
    rate = draw.log_uniform(rows, 1, low=0.5, high=8.0) / length
    jumps = (draw.uniform(rows, length) < rate).float() * draw.normal(rows, length)
    x = x + draw.chance(rows, 0.12) * draw.log_uniform(rows, 1, low=0.5, high=3.0) * jumps.cumsum(1)
    rate = draw.log_uniform(rows, 1, low=0.0005, high=0.03)
    hit = (draw.uniform(rows, length) < rate).float()
    size = draw.normal(rows, length)
    size = torch.where(draw.chance(rows, 0.5) > 0, size.abs(), size)
    x = x + draw.chance(rows, 0.12) * draw.log_uniform(rows, 1, low=1.0, high=8.0) * hit * size
    # another series takes over at some point
    other = x[draw.permutation(rows)]
    when = draw.uniform(rows, 1, low=0.1, high=0.95) * length
    after = torch.arange(length, device=x.device) >= when
    change = (draw.chance(rows, 0.06) > 0) & after
    x = torch.where(change, other, x)
    # a mixture of two
    share = draw.uniform(rows, 1, low=0.1, high=0.9)
    mixed = share * x + (1 - share) * x[draw.permutation(rows)]
    return torch.where(draw.chance(rows, 0.1) > 0, mixed, x)


def transform(draw: Draw, x: Tensor) -> Tensor:
    """Unit-scale x [B, L] -> as it is, an exponential, bounded, of absolute values, rounded, or with a floor."""
    rows = x.shape[0]
    kind = draw.pick(rows, [10, 5, 1, 1, 1])
    strength = draw.log_uniform(rows, 1, low=0.1, high=1.2)
    out = torch.where(kind == 1, (strength * x.clamp(-5, 5)).exp(), x)
    out = torch.where(kind == 2, torch.sigmoid(2 * strength * x), out)
    out = torch.where(kind == 3, x.abs(), out)
    low = draw.uniform(rows, 1, low=-2.0, high=0.3)
    out = torch.where(kind == 4, torch.maximum(x, low), out)
    # a level: most records are positive and stand somewhere above nought
    level = draw.log_uniform(rows, 1, low=0.05, high=30.0)
    out = standard(out) if rows else out
    lowest = out.amin(1, keepdim=True)
    placed = torch.where(draw.chance(rows, 0.75) > 0, out - lowest + level - 0.05, out)
    placed = torch.where(kind == 1, (strength * x.clamp(-5, 5)).exp(), placed)
    digits = draw.log_uniform(rows, 1, low=0.01, high=0.7)
    placed = torch.where(draw.chance(rows, 0.12) > 0, (placed / digits).round() * digits, placed)
    return torch.where(draw.chance(rows, 0.12) > 0, -placed, placed)


def gaps(draw: Draw, x: Tensor) -> Tensor:
    """Missing values: single ones in some rows, stretches in others."""
    rows, length = x.shape
    single = draw.uniform(rows, length) < draw.log_uniform(rows, 1, low=0.005, high=0.3) * draw.chance(rows, 0.1)
    begin = draw.uniform(rows, 1) * length
    size = draw.log_uniform(rows, 1, low=2.0, high=200.0) * draw.chance(rows, 0.12)
    t = torch.arange(length, device=x.device)
    stretch = (t >= begin) & (t < begin + size)
    return torch.where(single | stretch, torch.nan, x)


__all__ = ["counts", "events", "gaps", "slow", "transform"]
