"""Batches of windows: synthetic series, from a pool that is renewed as it is used, and stretches of the real corpus."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from benchmarks.pretraining.augment import begin_late, hide, vary
from benchmarks.pretraining.corpus import Real
from benchmarks.pretraining.synthetic.draw import Draw
from benchmarks.pretraining.synthetic.mixture import Synthetic
from torch import Tensor

from recurra.nn.pretrained.constants import constant
from recurra.nn.pretrained.forecasting import standardise
from recurra.nn.pretrained.seasons import detect
from recurra.nn.pretrained.shape import Shape

# (values before the last forecasts, how many times as many rows): long histories, and short ones in larger batches
CONTEXTS = ((1024, 1), (256, 2), (128, 4))
WEIGHTS = (0.5, 0.2, 0.3)


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
        *, real_share: float = 0.4, chunk: int = 2048, pool: int = 8192, uses: float = 3.0, origins: int = 10,
        seasons: bool = True,
    ) -> None:  # fmt: skip
        self.shape, self.rows, self.real, self.origins, self.seasons = shape, rows, real, origins, seasons
        length = shape.context + shape.horizon
        self.stored = length + length // 2
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
        context, more = draw.host.choices(CONTEXTS, WEIGHTS)[0]
        context = min(context, shape.context)
        length = context + shape.horizon
        x = self._synthetic((self.rows - self.real_rows) * more, length)
        if self.real_rows and self.real is not None:
            x = torch.cat([x, vary(draw, self.real.make(draw, self.real_rows * more, length))])
        x = begin_late(draw, x, shape.patch, shape.horizon + 3)
        x, mean, scale = standardise(x)
        shown = hide(draw, x, shape.patch)
        patches = context // shape.patch
        first = max(int((0.75 * patches) ** draw.host.random()), 1)
        # after the prefix, spread evenly over the logarithm of the length, as the lengths of histories are
        origins = min(self.origins, patches)
        shares = [(k + draw.host.random()) / origins for k in range(origins)]
        at = [min(int(first * ((patches + 1) / first) ** share), patches) - 1 for share in shares]
        lags, scores = detect(shown[:, : first * shape.patch])
        if not self.seasons:
            lags, scores = torch.zeros_like(lags), torch.zeros_like(scores)
        zero = (-mean / scale).squeeze(1).clamp(-1e6, 1e6)
        return Batch(shown, x, zero, lags, scores, torch.tensor(at).to(x.device, non_blocking=True))

    def _renew(self, step: int) -> None:
        wanted = self.chunks + int(step * (self.rows - self.real_rows) / self.uses / self.chunk)
        for number in range(max(self.made, wanted - self.chunks), wanted):
            place = number % self.chunks * self.chunk
            self.pool[place : place + self.chunk] = self.synthetic.make(self.chunk, number)
        self.made = max(self.made, wanted)

    def _synthetic(self, rows: int, length: int) -> Tensor:
        """Stretches of the pool; of short ones some take every second, fourth or eighth value: steeper trends."""
        draw = self.draw
        which = draw.integers(rows, low=0, high=len(self.pool))
        kinds = [n for n in (1, 2, 4, 8) if n * length <= self.stored]
        every = constant(tuple(kinds), self.pool.device, torch.long)[draw.pick(rows, [6, 2, 2, 1][: len(kinds)])]
        start = (draw.uniform(rows, 1) * (self.stored - every * (length - 1))).floor().long()
        index = start + every * torch.arange(length, device=start.device)
        return self.pool[which].gather(1, index.clamp(max=self.stored - 1))
