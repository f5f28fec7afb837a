"""Small tables that stay on the device: copying one there at every call would make the host wait for the device."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=512)
def constant(values: tuple[float, ...], device: torch.device, dtype: torch.dtype = torch.float32) -> Tensor:
    """The values as a tensor [N], made once; not to be written to."""
    with torch.inference_mode(False):
        return torch.tensor(values, dtype=dtype, device=device)


@lru_cache(maxsize=32)
def triangle(size: int, device: torch.device) -> Tensor:
    """[size, size] with ones on and above the diagonal: `x @ triangle` is the running sum of x along its last axis."""
    with torch.inference_mode(False):
        return torch.ones(size, size, device=device).triu()
