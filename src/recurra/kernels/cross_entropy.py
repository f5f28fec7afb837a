"""The cross-entropy of rows of logits and its gradient in their place, while a row is in the nearest cache.

    L_n = log sum_v exp(z_nv + b_v) - (1 - e) (z_ny + b_y) - e / V sum_v (z_nv + b_v)     label smoothing e
    dL_n / dz_nv = softmax(z_n + b)_v - (1 - e) [v = y] - e / V

PyTorch goes over all logits for each of bias, maximum, softmax, logarithm, sum and conversion; the engine once for all.
"""

from __future__ import annotations

import torch
from torch import Tensor

from recurra.kernels import chooser

_TYPES = {torch.float32: 0, torch.bfloat16: 2}  # as args.h has them


def cross_entropy(
    logits: Tensor, bias: Tensor, targets: Tensor, smoothing: float, scale: float, d_bias: Tensor | None
) -> float | Tensor:
    """The sum of L_n of logits z [N, V] and a bias [V] with targets [N], class numbers from 0 to below V.

    With `d_bias` [V], `scale` times the gradient is written to `logits`, and its sum over the rows is added to
    `d_bias`. `bias` and `d_bias` are float32, as softmax and sums are; all are float64 for such logits.
    """
    ours = logits.is_cpu and logits.dtype in _TYPES and bias.dtype is torch.float32 and logits.is_contiguous()
    if chooser.NO_ENGINE or not ours:
        return plain_cross_entropy(logits, bias, targets, smoothing, scale, d_bias)
    from recurra.kernels.cpu import _engine

    targets, bias = targets.to(torch.int64).contiguous(), bias.contiguous()
    rows, classes = logits.shape
    return _engine.cross_entropy(
        logits.data_ptr(),
        _TYPES[logits.dtype],
        bias.data_ptr(),
        targets.data_ptr(),
        rows,
        classes,
        1 - smoothing,
        smoothing / classes,
        scale,
        0 if d_bias is None else d_bias.data_ptr(),
        torch.get_num_threads(),
    )


def plain_cross_entropy(
    logits: Tensor, bias: Tensor, targets: Tensor, smoothing: float, scale: float, d_bias: Tensor | None
) -> Tensor:
    """`cross_entropy` in torch."""
    y, kept, spread = targets.unsqueeze(1), 1 - smoothing, smoothing / logits.shape[1]
    z = logits.to(bias.dtype) + bias
    shares = z.softmax(1)
    # The largest share is at least 1 / V: its logarithm is finite, whatever becomes of the others.
    total = (z.amax(1) - shares.amax(1).log()).sum() - kept * z.gather(1, y).sum() - spread * z.sum()
    if d_bias is not None:
        shares.scatter_add_(1, y, shares.new_full(y.shape, -kept)).sub_(spread).mul_(scale)
        d_bias += shares.sum(0)
        logits.copy_(shares)
    return total
