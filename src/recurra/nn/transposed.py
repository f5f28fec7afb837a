"""Linear layers whose weight lies the other way round in memory: for a few rows, as single steps have, the faster way.

Five rows times [256, 6000] take 0.36 ms so and 0.64 ms as [6000, 256] (float32, one core): either way all weights are
read once, but the BLAS copies the second into the first before.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Transposed:
    """Weights [N, K] as [K, N], each kept until it is another one; a module `forget`s them whenever it is trained."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[tuple[Any, ...], Tensor]] = {}

    def linear(self, name: str, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """x [R, K], weight [N, K] -> [R, N]; without gradients."""
        now = id(weight), weight.data_ptr(), weight._version
        kept = self._kept.get(name)
        if kept is None or kept[0] != now:
            kept = self._kept[name] = now, weight.detach().t().contiguous()
        return torch.mm(x, kept[1]) if bias is None else torch.addmm(bias, x, kept[1])

    def forget(self) -> None:
        """Keep none: training writes to weights past their version counters."""
        self._kept.clear()

    def __getstate__(self) -> dict[str, Any]:
        return {"_kept": {}}
