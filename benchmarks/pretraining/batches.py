"""Batches of windows: fresh synthetic series in a pool that is renewed as it is used, and windows of the real corpus."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks.pretraining.augment import begin_late, hide, vary
from benchmarks.pretraining.corpus import Real
from benchmarks.pretraining.synthetic.draw import Draw
from benchmarks.pretraining.synthetic.mixture import Synthetic
from recurra.nn.pretrained.forecasting import standardise
from recurra.nn.pretrained.seasons import detect
from recurra.nn.pretrained.shape import Shape


@dataclass(frozen=True)
class Batch:
    """shown and truth [B, L] (NaN where missing), zero [B], lags and scores [B, 2] of a prefix, patches `at` [A]."""

    shown: Tensor
    truth: Tensor
    zero: Tensor
    lags: Tensor
    scores: Tensor
    at: Tensor


class Batches:
    """`batch(step)` depends on the seed and the step alone (and on the device).

    Seasons are detected in a prefix of the window, of a random length, and the forecasts that count are those after
    it: at no origin does the network know more of the season than it would in use.
    """

    def __init__(
        self, shape: Shape, rows: int, real: Real | None, seed: int, device: torch.device,
        *, real_share: float = 0.4, chunk: int = 2048, pool: int = 8192, uses: float = 3.0, origins: int = 12,
        seasons: bool = True,
    ) -> None:  # fmt: skip
        self.shape, self.rows, self.real, self.origins, self.seasons = shape, rows, real, origins, seasons
        self.length = shape.context + shape.horizon
        self.stored = self.length + self.length // 2
        self.draw = Draw(seed, device)
        self.synthetic = Synthetic(seed + 1, self.stored, device, bank=200 if device.type == "cpu" else 4000)
        self.real_rows = int(rows * real_share) if real is not None else 0
        self.chunk, self.uses, self.seed = chunk, uses, seed
        self.chunks = max(pool // chunk, 1)
        self.made = 0  # chunks so far; the pool holds the last `chunks` of them
        self.pool = torch.empty(self.chunks * chunk, self.stored, device=device)

    def batch(self, step: int) -> Batch:
        """The batch of a step, whatever was asked for before."""
        draw, shape = self.draw, self.shape
        self._renew(step)
        draw.seed(self.seed * 7_919 + step)
        x = self._synthetic(self.rows - self.real_rows)
        if self.real_rows and self.real is not None:
            x = torch.cat([x, vary(draw, self.real.make(draw, self.real_rows))])
        x = begin_late(draw, x, shape.patch, shape.horizon + 3)
        x, mean, scale = standardise(x)
        shown = hide(draw, x, shape.patch)
        patches = shape.context // shape.patch
        first = max(int((0.75 * patches) ** draw.host.random()), 1)
        # after the prefix, spread evenly over the logarithm of the length, as the lengths of histories are
        count = min(self.origins, patches - first + 1)
        shares = [(k + draw.host.random()) / count for k in range(count)]
        at = sorted({min(int(first * ((patches + 1) / first) ** share), patches) - 1 for share in shares})
        lags, scores = detect(shown[:, : first * shape.patch])
        if not self.seasons:
            lags, scores = torch.zeros_like(lags), torch.zeros_like(scores)
        zero = (-mean / scale).squeeze(1).clamp(-1e6, 1e6)
        return Batch(shown, x, zero, lags, scores, torch.tensor(at, device=x.device))

    def _renew(self, step: int) -> None:
        wanted = self.chunks + int(step * (self.rows - self.real_rows) / self.uses / self.chunk)
        for number in range(max(self.made, wanted - self.chunks), wanted):
            place = number % self.chunks * self.chunk
            self.pool[place : place + self.chunk] = self.synthetic.make(self.chunk, number)
        self.made = max(self.made, wanted)

    def _synthetic(self, rows: int) -> Tensor:
        draw = self.draw
        which = draw.integers(rows, low=0, high=len(self.pool))
        start = draw.integers(rows, 1, low=0, high=self.stored - self.length + 1)
        return self.pool[which].gather(1, start + torch.arange(self.length, device=start.device))
