"""When lower precision pays: bfloat16 where the machine multiplies it fast and the matrices are large enough."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import torch
from torch import nn

_WIDE = 512  # below this many columns the casts cost more than the faster products save


def autocast(network: nn.Module, precision: str) -> Callable[[], AbstractContextManager[object]]:
    """Makes the context of a forward pass; `precision` is "auto", "float32" or "bfloat16"."""
    device = next(network.parameters()).device
    if _wants_bfloat16(network, device, precision):
        return partial(torch.autocast, device.type, dtype=torch.bfloat16)
    return nullcontext


def _wants_bfloat16(network: nn.Module, device: torch.device, precision: str) -> bool:
    if precision != "auto":
        return precision == "bfloat16"
    widest = max((p.shape[-1] for p in network.parameters() if p.ndim == 2), default=0)
    fast = torch.cuda.is_bf16_supported() if device.type == "cuda" else torch.cpu._is_amx_tile_supported()
    return fast and widest >= _WIDE
