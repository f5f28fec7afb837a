"""What a network of labelled sequences is trained to make small; what is not known does not count."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def class_loss(logits: Tensor, truth: Tensor, weight: Tensor | None, smoothing: float) -> Tensor:
    """Mean cross entropy of `logits` [..., K] against class numbers [...]; -1 does not count.

    `weight` [K] of the classes; `smoothing` is the share of the truth that is spread over all classes (Szegedy et
    al. 2016, "Rethinking the Inception architecture for computer vision").
    """
    flat, known = truth.reshape(-1), truth >= 0
    loss = functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), flat, weight, ignore_index=-1, label_smoothing=smoothing, reduction="sum"
    )
    # A batch may hold no known label, or only classes of weight 0: nothing is learnt from it then.
    count = known.sum() if weight is None else weight[truth[known]].sum()
    return loss / count.clamp(min=torch.finfo(loss.dtype).tiny)


def label_loss(logits: Tensor, truth: Tensor, weight: Tensor | None, smoothing: float) -> Tensor:
    """Mean binary cross entropy of `logits` [B, K] against 0 and 1; NaN does not count; `weight` [K] of the ones."""
    known = torch.isfinite(truth)
    target = torch.where(known, truth, 0.0) * (1 - smoothing) + smoothing / 2
    loss = functional.binary_cross_entropy_with_logits(logits, target, pos_weight=weight, reduction="none")
    return (loss * known).sum() / known.sum().clamp(min=1)


def number_loss(values: Tensor, truth: Tensor) -> Tensor:
    """Mean squared error of `values` [B, M], in units of the targets' spread; NaN does not count.

    Beyond three spreads it grows linearly (Huber 1964), so that few wild targets do not decide.
    """
    known = torch.isfinite(truth)
    loss = functional.huber_loss(values, torch.where(known, truth, values), reduction="none", delta=3.0)
    return (loss * known).sum() / known.sum().clamp(min=1)
