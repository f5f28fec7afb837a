"""The product of two matrices whose sums are wanted in float32, or in memory that is there already.

torch takes milliseconds to prepare a product of bfloat16 of a new shape, of which batches of texts have many, and
rounds its sums. The engine's tiles do neither, where the processor has them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from recurra.kernels import chooser


def multiply(a: Tensor, b: Tensor, out: Tensor, *, adds: bool = False) -> Tensor:
    """A [M, K] times B [K, N], written or added to `out` [M, N] of their dtype or float32.

    >>> a, b = torch.ones(3, 5, dtype=torch.bfloat16), torch.ones(5, 2, dtype=torch.bfloat16)
    >>> multiply(a, b, torch.ones(3, 2), adds=True)[0].tolist()
    [6.0, 6.0]
    """
    if out.dtype is a.dtype and (adds or a.dtype is not torch.bfloat16):
        return torch.addmm(out, a, b, out=out) if adds else torch.mm(a, b, out=out)
    if a.dtype is torch.bfloat16 and a.is_cpu and not chooser.NO_ENGINE:
        from recurra.kernels.cpu.tiles import multiply_in_tiles

        if multiply_in_tiles(a, b, out, adds=adds):
            return out
    if out.dtype is a.dtype:
        return torch.mm(a, b, out=out)
    product = torch.mm(a, b)
    return out.add_(product) if adds else out.copy_(product)
