"""Series of every kind, in the shares of `RECIPES`, from one seed.

| recipe | what |
|---|---|
| structural | trend (straight, broken, damped, saturating) + drifting seasons, added or multiplied + noise |
| process | Gaussian processes of composed kernels, ARMA with seasonal autoregression, power laws |
| smoothing | random walks with noise and wandering slopes, with a season, in logarithms in half of the rows |
| calendar | days within weeks, holidays, nights, at 5 minutes to 3 hours |
| count | Poisson and intermittent counts around a seasonal, wandering intensity |
| chaos | logistic map, Lorenz, van der Pol, threshold autoregression, predator and prey |

Then, for all: jumps, outliers, changes of regime, mixtures of two, a transformation (exponential, bounded, floor), a
level, rounding.
"""

from __future__ import annotations

import torch
from benchmarks.pretraining.synthetic import chaos, noise, observe, shapes
from benchmarks.pretraining.synthetic.draw import Draw
from torch import Tensor

from recurra.nn.pretrained.constants import constant

RECIPES = {"structural": 30, "process": 18, "smoothing": 24, "calendar": 16, "count": 8, "chaos": 4}


class Synthetic:
    """`make(rows, number)` gives [rows, length] series, NaN nowhere; equal numbers give equal series."""

    def __init__(self, seed: int, length: int, device: str | torch.device = "cpu", bank: int = 2000) -> None:
        self.draw, self.length, self.seed = Draw(seed, device), length, seed
        self.bank = chaos.bank(self.draw, bank, length)

    def make(self, rows: int, number: int) -> Tensor:
        self.draw.seed(self.seed * 1_000_003 + number)
        total = sum(RECIPES.values())
        sizes = {name: max(rows * share // total, 1) for name, share in RECIPES.items()}
        sizes["structural"] += rows - sum(sizes.values())
        parts = [getattr(self, f"_{name}")(size) for name, size in sizes.items() if size > 0 and name != "count"]
        x = observe.transform(self.draw, observe.events(self.draw, noise.standard(torch.cat(parts))))
        x = torch.cat([x, observe.counts(self.draw, sizes["count"], self.length)])
        return torch.nan_to_num(x[self.draw.permutation(len(x))], 0.0, 0.0, 0.0)

    def _noise(self, rows: int) -> Tensor:
        draw, length = self.draw, self.length
        kind = draw.pick(rows, [4, 3, 1, 1])
        out = noise.white(draw, rows, length)
        for number, make in enumerate((noise.arma, noise.volatile, noise.power_law), 1):
            out = torch.where(kind == number, make(draw, rows, length), out)
        return out * draw.log_uniform(rows, 1, low=0.02, high=1.2)

    def _structural(self, rows: int) -> Tensor:
        draw, length = self.draw, self.length
        period = draw.period(rows)
        first = shapes.season(draw, rows, length, period) * draw.chance(rows, 0.85)
        multiple = constant((7.0, 4.0, 12.0, 52.0, 365.0, 2.5), draw.device)[draw.pick(rows, [5, 1, 1, 1, 1, 2])]
        longer = (period * multiple).clamp(max=1500.0)
        second = shapes.season(draw, rows, length, longer) * draw.chance(rows, 0.4) * draw.uniform(rows, 1)
        trend = shapes.trend(draw, rows, length) * draw.log_uniform(rows, 1, low=0.3, high=8.0)
        level = trend + noise.power_law(draw, rows, length) * draw.chance(rows, 0.3) * draw.uniform(rows, 1)
        seasons = (first + second) * draw.log_uniform(rows, 1, low=0.1, high=2.0)
        swing = (1 + 0.6 * level).clamp(min=0.1)
        seasons = torch.where(draw.chance(rows, 0.35) > 0, seasons * swing, seasons)
        return level + seasons + self._noise(rows)

    def _process(self, rows: int) -> Tensor:
        draw, length = self.draw, self.length
        kind = draw.pick(rows, [4, 3, 2])
        out = noise.gaussian_process(draw, rows, length)
        out = torch.where(kind == 1, noise.arma(draw, rows, length), out)
        out = torch.where(kind == 2, noise.power_law(draw, rows, length), out)
        return out + draw.chance(rows, 0.5) * draw.log_uniform(rows, 1, low=0.01, high=0.5) * noise.white(
            draw, rows, length
        )

    def _smoothing(self, rows: int) -> Tensor:
        draw, length = self.draw, self.length
        level = noise.local_level(draw, rows, length)
        unit = level.diff(dim=1).abs().mean(1, keepdim=True)
        size = draw.log_uniform(rows, 1, low=0.3, high=20.0) * draw.chance(rows, 0.55)
        return level + unit * size * shapes.season(draw, rows, length, draw.period(rows, 60.0))

    def _calendar(self, rows: int) -> Tensor:
        draw, length = self.draw, self.length
        x = shapes.calendar(draw, rows, length)
        x = x * (0.4 * noise.slow(draw, rows, length) * draw.chance(rows, 0.6)).exp()
        x = x + draw.chance(rows, 0.4) * draw.uniform(rows, 1, high=1.5) * noise.power_law(draw, rows, length)
        return x + self._noise(rows) * 0.6

    def _chaos(self, rows: int) -> Tensor:
        draw = self.draw
        x = self.bank[draw.integers(rows, low=0, high=len(self.bank))]
        return x + draw.chance(rows, 0.5) * draw.log_uniform(rows, 1, low=0.02, high=0.5) * draw.normal(*x.shape)
