"""Large products of bfloat16 in the engine's tiles: what `matrix_product.h` computes where the processor has AMX."""

from __future__ import annotations

import torch
from torch import Tensor

from recurra.kernels.cpu import _engine

_LEAST = 1 << 18  # multiplications; with fewer the call is the time
_SUMS = torch.bfloat16, torch.float32


def multiply_in_tiles(a: Tensor, b: Tensor, out: Tensor, *, adds: bool = False) -> bool:
    """Write A [M, K] times B [K, N], in bfloat16, to `out` of bfloat16 or float32, or add it to such of float32.

    False, and nothing done, where the engine has no tiles, the product is small or `out` is of another kind.
    """
    if len(a) * len(b) * b.shape[1] < _LEAST or out.stride(1) != 1 or out.dtype not in _SUMS:
        return False
    a, b = (x if 1 in x.stride() else x.contiguous() for x in (a, b))
    return _engine.multiply(
        a.data_ptr(), a.stride(0), a.stride(1), b.data_ptr(), b.stride(0), b.stride(1), out.data_ptr(), out.stride(0),
        out.dtype is torch.float32, adds, len(a), b.shape[1], len(b), torch.get_num_threads(),
    )  # fmt: skip
