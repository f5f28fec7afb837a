"""The cross-entropy of rows of logits and its gradient in their place, while a row is in the nearest cache.

    L_n = log sum_v exp z_nv - k z_ny               k the share of the target y, 1 without label smoothing
    dL_n / dz_nv = softmax(z_n)_v - k [v = y]

PyTorch goes over all logits for each of maximum, softmax, logarithm, sum and conversion; the engine once for all of it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from recurra.kernels import chooser

_TYPES = {torch.float32: 0, torch.bfloat16: 2}  # as args.h has them


def cross_entropy(logits: Tensor, targets: Tensor, kept: float, scale: float, d_bias: Tensor | None) -> float | Tensor:
    """The sum of L_n of logits [N, V] with targets [N], class numbers from 0 to below V.

    With `d_bias` [V], float32 or wider, `scale` times the gradient is written to `logits`, and its sum over the rows
    is added to `d_bias`. Softmax and sums are float32, or float64 of such logits.
    """
    if chooser.NO_ENGINE or logits.device.type != "cpu" or logits.dtype not in _TYPES or not logits.is_contiguous():
        return plain_cross_entropy(logits, targets, kept, scale, d_bias)
    from recurra.kernels.cpu import _engine

    targets = targets.to(torch.int64).contiguous()
    address = 0 if d_bias is None else d_bias.data_ptr()
    kind, (rows, classes), threads = _TYPES[logits.dtype], logits.shape, torch.get_num_threads()
    return _engine.cross_entropy(
        logits.data_ptr(), kind, targets.data_ptr(), rows, classes, kept, scale, address, threads
    )


def plain_cross_entropy(logits: Tensor, targets: Tensor, kept: float, scale: float, d_bias: Tensor | None) -> Tensor:
    """`cross_entropy` in torch."""
    exact = torch.promote_types(logits.dtype, torch.float32)
    y = targets.unsqueeze(1)
    shares = torch.softmax(logits, 1, dtype=exact)
    # The largest share is at least 1 / V: its logarithm is finite, whatever becomes of the others.
    total = (logits.amax(1).to(exact) - shares.amax(1).log()).sum() - kept * logits.gather(1, y).to(exact).sum()
    if d_bias is not None:
        shares.scatter_add_(1, y, shares.new_full(y.shape, -kept)).mul_(scale)
        d_bias += shares.sum(0)
        logits.copy_(shares)
    return total
