"""Trends and seasons: the parts of a series that go on."""

from __future__ import annotations

import math

import torch
from benchmarks.pretraining.synthetic.draw import Draw
from benchmarks.pretraining.synthetic.noise import slow, standard
from torch import Tensor

from recurra.nn.pretrained.constants import constant

TABLE = 512


def trend(draw: Draw, rows: int, length: int) -> Tensor:
    """None, straight, broken, damped, saturating (logistic) or quadratic; of about unit range."""
    t = torch.linspace(0, 1, length, device=draw.device).expand(rows, length)
    kind = draw.pick(rows, [2, 2, 4, 2, 2, 1])
    slope = draw.normal(rows, 1)
    breaks = (draw.uniform(rows, length) < draw.log_uniform(rows, 1, low=0.5, high=12.0) / length).float()
    slopes = slope + (breaks * draw.normal(rows, length) * 1.5).cumsum(1)
    broken = slopes.cumsum(1) / length
    damped = slope * (1 - (-t * draw.log_uniform(rows, 1, low=1.0, high=30.0)).exp())
    middle = draw.uniform(rows, 1, low=-0.2, high=1.2)
    logistic = slope * torch.sigmoid((t - middle) * draw.log_uniform(rows, 1, low=4.0, high=60.0))
    quadratic = slope * (t - draw.uniform(rows, 1)) ** 2
    out = torch.zeros_like(broken)
    for number, part in enumerate((slope * t, broken, damped, logistic, quadratic), 1):
        out = torch.where(kind == number, part, out)
    return out


def profile(draw: Draw, rows: int, phase: Tensor, period: Tensor) -> Tensor:
    """One season's shape at `phase` [rows, L] in 0..1: harmonics, levels, or a few spikes. Unit deviation."""
    kind = draw.pick(rows, [4, 2, 1])
    angle = 2 * math.pi * phase
    decay = draw.uniform(rows, 1, low=0.3, high=2.5)
    smooth = torch.zeros_like(phase)
    for harmonic in range(1, 7):
        fits = (2 * harmonic <= period).float()
        size = draw.normal(rows, 1) * harmonic**-decay * fits
        smooth = smooth + size * torch.sin(harmonic * angle + draw.uniform(rows, 1, high=2 * math.pi))
    levels = draw.normal(rows, TABLE)
    often = draw.log_uniform(rows, 1, low=0.02, high=0.5)
    spikes = (draw.uniform(rows, TABLE) < often).float() * (1 + 0.5 * levels)
    table = torch.where(kind == 1, levels, spikes)
    place = (phase * period.clamp(max=TABLE)).long().clamp(0, TABLE - 1)
    stepped = table.gather(1, place)
    return standard(torch.where(kind == 0, smooth, stepped))


def season(draw: Draw, rows: int, length: int, period: Tensor) -> Tensor:
    """A season of `period` [rows, 1] whose size, and in some rows whose shape, drifts."""
    t = torch.arange(length, device=draw.device)
    turns = (t + draw.uniform(rows, 1) * period) / period
    phase = turns - turns.floor()
    out = profile(draw, rows, phase, period)
    if draw.host.random() < 0.4:  # in this share of the calls half of the rows change their shape
        blend = torch.sigmoid(2 * slow(draw, rows, length)) * draw.chance(rows, 0.5)
        out = out * (1 - blend) + profile(draw, rows, phase, period) * blend
    size = (0.5 * slow(draw, rows, length) * draw.chance(rows, 0.5)).exp()
    return out * size


def calendar(draw: Draw, rows: int, length: int) -> Tensor:
    """Days within weeks: one shape on workdays, another (or a share of it) on days off, holidays as days off.

    In some rows the nights are empty (sunlight, opening hours), and every day has a size of its own.
    """
    day = constant((24.0, 48.0, 96.0, 144.0, 288.0, 12.0, 8.0), draw.device)[draw.pick(rows, [8, 4, 2, 2, 1, 1, 1])]
    t = torch.arange(length, device=draw.device) + (draw.uniform(rows, 1) * 7 * day).floor()
    number = (t / day).floor()
    phase = t / day - number
    work = profile(draw, rows, phase, day)
    other = draw.chance(rows, 0.5)
    free = profile(draw, rows, phase, day) * other + (1 - other) * work * draw.uniform(rows, 1) - draw.uniform(rows, 1)
    weekday = torch.remainder(number, 7)
    off = weekday >= 5 + draw.pick(rows, [5, 2, 3]).float()  # two days off, one, none
    days = draw.normal(rows, length + 16).gather(1, (number - number[:, :1]).long().clamp(max=length))
    off = off | (days > 2.1)
    out = torch.where(off, free, work)
    own = (0.4 * days * draw.chance(rows, 0.5)).exp()
    empty = draw.chance(rows, 0.25) > 0
    return torch.where(empty, (out - 0.2).clamp(min=0), out) * own
