"""Deterministic and thresholded dynamics, simulated step by step: a bank from which rows are cut."""

from __future__ import annotations

import torch
from benchmarks.pretraining.synthetic.draw import Draw
from benchmarks.pretraining.synthetic.noise import standard
from torch import Tensor


def bank(draw: Draw, rows: int, length: int) -> Tensor:
    """[5 * rows, length]: logistic maps, Lorenz, van der Pol, threshold autoregressions, predator and prey."""
    return torch.cat([make(draw, rows, length) for make in (_logistic, _lorenz, _van_der_pol, _threshold, _prey)])


def _run(state: Tensor, length: int, step, every: int = 1) -> Tensor:
    out = []
    for _ in range(64):
        state = step(state)
    for _ in range(length):
        for _ in range(every):
            state = step(state)
        out.append(state[0])
    return standard(torch.nan_to_num(torch.stack(out, 1), 0.0, 0.0, 0.0))


def _logistic(draw: Draw, rows: int, length: int) -> Tensor:
    r = draw.uniform(rows, low=3.5, high=4.0)
    return _run(draw.uniform(1, rows, low=0.1, high=0.9), length, lambda s: r * s * (1 - s))


def _lorenz(draw: Draw, rows: int, length: int) -> Tensor:
    dt = draw.log_uniform(rows, low=0.004, high=0.025)
    rho = draw.uniform(rows, low=24, high=35)

    def step(s: Tensor) -> Tensor:
        x, y, z = s
        return s + dt * torch.stack([10 * (y - x), x * (rho - z) - y, x * y - 8 / 3 * z])

    return _run(draw.normal(3, rows) + 5, length, step, every=2)


def _van_der_pol(draw: Draw, rows: int, length: int) -> Tensor:
    dt = draw.log_uniform(rows, low=0.01, high=0.1)
    mu = draw.uniform(rows, low=0.2, high=4)

    def step(s: Tensor) -> Tensor:
        x, y = s
        return (s + dt * torch.stack([y, mu * (1 - x * x) * y - x])).clamp(-8, 8)

    return _run(draw.normal(2, rows), length, step)


def _threshold(draw: Draw, rows: int, length: int) -> Tensor:
    low, high = draw.uniform(rows, low=-0.6, high=0.95), draw.uniform(rows, low=-0.9, high=0.95)
    shift = draw.normal(rows)
    return _run(
        draw.normal(1, rows),
        length,
        lambda s: torch.where(s > 0, high * s - shift, low * s + shift) + draw.normal(1, rows),
    )


def _prey(draw: Draw, rows: int, length: int) -> Tensor:
    dt = draw.log_uniform(rows, low=0.01, high=0.05)
    a, b = draw.uniform(rows, low=0.6, high=1.6), draw.uniform(rows, low=0.5, high=1.5)

    def step(s: Tensor) -> Tensor:
        u, v = s
        u = u + dt * u * (a - v)
        return torch.stack([u, v + dt * v * (u - b)]).clamp(1e-3, 50)

    return _run(draw.uniform(2, rows, low=0.5, high=2), length, step, every=2)
