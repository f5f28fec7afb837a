"""Stationary and integrated processes, drawn through their spectra.

White noise in the frequencies, times the square root of a spectral density, transformed back, is a sample of the
Gaussian process with that spectrum: exponential, Matern and quasi-periodic kernels and their sums, ARMA and seasonal AR
recurrences, and power laws between white noise and random walks all cost one transform.
"""

from __future__ import annotations

import math

import torch
from benchmarks.pretraining.synthetic.draw import Draw
from torch import Tensor
from torch.nn import functional


def standard(x: Tensor) -> Tensor:
    """Each row without its mean, of unit deviation."""
    x = x - x.mean(1, keepdim=True)
    return x / x.std(1, keepdim=True).clamp(min=1e-6)


def slow(draw: Draw, rows: int, length: int) -> Tensor:
    """Random functions that change slowly: straight lines between a few knots."""
    knots = draw.host.choice((4, 6, 10, 20))
    points = draw.normal(rows, 1, knots)
    return functional.interpolate(points, size=length, mode="linear", align_corners=True).squeeze(1)


def _frequencies(draw: Draw, rows: int, length: int) -> tuple[Tensor, Tensor]:
    bins = length + 1  # of a transform twice as long as the sample: its ends do not meet
    white = torch.complex(draw.normal(rows, bins), draw.normal(rows, bins))
    return white, torch.linspace(0, math.pi, bins, device=draw.device)


def _back(spectrum: Tensor, length: int) -> Tensor:
    return standard(torch.fft.irfft(spectrum, 2 * length)[:, :length])


def gaussian_process(draw: Draw, rows: int, length: int, bumps: int = 3) -> Tensor:
    """A sum of kernels: each a bump (Gaussian or Cauchy) of its own centre, width and weight in the spectrum."""
    white, w = _frequencies(draw, rows, length)
    density = torch.zeros(rows, length + 1, device=draw.device)
    for bump in range(bumps):
        period = draw.period(rows)
        centre = 2 * math.pi / period * (draw.chance(rows, 0.5 if bump else 0.2))
        width = draw.log_uniform(rows, 1, low=0.3 / length, high=0.3)
        width = torch.where(centre > 0, width.clamp(max=0.02) * 0.3, width)
        away = ((w - centre) / width) ** 2
        shape = torch.where(draw.chance(rows, 0.5) > 0, (-0.5 * away).exp(), 1 / (1 + away))
        weight = draw.log_uniform(rows, 1, low=0.03, high=1.0)
        density += weight * shape / shape.sum(1, keepdim=True).clamp(min=1e-6)
    return _back(white * density.sqrt(), length)


def arma(draw: Draw, rows: int, length: int) -> Tensor:
    """Autoregressive moving-average noise with a seasonal autoregression in some rows."""
    white, w = _frequencies(draw, rows, length)
    e = torch.polar(torch.ones_like(w), -w)
    phi = 1 - draw.log_uniform(rows, 1, low=0.003, high=1.0)
    second = draw.uniform(rows, 1, low=-0.7, high=0.9) * draw.chance(rows, 0.4)
    theta = draw.uniform(rows, 1, low=-0.8, high=0.8) * draw.chance(rows, 0.4)
    gain = (1 + theta * e) / ((1 - phi * e) * (1 - second * e))
    period = draw.period(rows, 400.0).round()
    seasonal = (1 - draw.log_uniform(rows, 1, low=0.005, high=0.6)) * draw.chance(rows, 0.5)
    gain = gain / (1 - seasonal * torch.polar(torch.ones_like(w).expand(rows, -1), -w * period))
    return _back(white * gain, length)


def power_law(draw: Draw, rows: int, length: int) -> Tensor:
    """Noise whose spectrum falls as frequency^-b, b from 0 (white) to 2.5 (smoother than a random walk)."""
    white, w = _frequencies(draw, rows, length)
    slope = draw.uniform(rows, 1, low=0.0, high=1.25)
    return _back(white * (w[1] + w) ** -slope, length)


def white(draw: Draw, rows: int, length: int) -> Tensor:
    """Independent values: normal, of heavy tails, or skewed."""
    normal = draw.normal(rows, length)
    kind = draw.pick(rows, [5, 2, 1])
    heavy = normal / (draw.uniform(rows, length).clamp(min=0.05)) ** 0.5
    skewed = (0.6 * normal).exp() - 1.2
    return standard(torch.where(kind == 0, normal, torch.where(kind == 1, heavy, skewed)))


def volatile(draw: Draw, rows: int, length: int) -> Tensor:
    """White noise whose deviation wanders (stochastic volatility)."""
    return white(draw, rows, length) * (0.8 * power_law(draw, rows, length)).exp()


def local_level(draw: Draw, rows: int, length: int) -> Tensor:
    """Random walks with noise and a wandering, damped slope: the processes behind exponential smoothing."""
    shocks = torch.where(draw.chance(rows, 0.3) > 0, volatile(draw, rows, length), white(draw, rows, length))
    level = shocks.cumsum(1)
    slopes = arma(draw, rows, length) * draw.log_uniform(rows, 1, low=0.02, high=0.6) * draw.chance(rows, 0.5)
    level = (
        level
        + slopes.cumsum(1)
        + draw.normal(rows, 1) * 0.3 * draw.chance(rows, 0.4) * torch.arange(length, device=draw.device)
    )
    return level + draw.log_uniform(rows, 1, low=0.05, high=6.0) * draw.normal(rows, length) * draw.chance(rows, 0.6)
