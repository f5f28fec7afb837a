"""What classes, labels and tags share: weights as tensors, and whether those of a file fit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recurra.language import _

Floats = npt.NDArray[np.floating]

MOST_CLASSES = 20  # whose probabilities stand in columns of their own


def weight_tensor(weight: Floats | None, like: Tensor) -> Tensor | None:
    """The weights [K] as a tensor of the type and at the place of `like`."""
    return None if weight is None else torch.as_tensor(weight, dtype=like.dtype).to(like.device)


def weighed_count(weight: Floats | None, targets: Tensor) -> float:
    """How many of the codes `targets` are known, each as often as its class weighs."""
    known = targets >= 0
    if weight is None:
        return float(known.sum())
    return float(torch.as_tensor(weight).to(targets.device)[targets[known]].sum())


def weighing_flaw(weight: Floats | None, smoothing: float, outputs: int) -> str | None:
    """What does not fit about weights [K] and a share of smoothing."""
    if not 0 <= smoothing < 1:
        return _("a label smoothing of {smoothing}", smoothing=smoothing)
    return _("another number of outputs in its weight") if weight is not None and weight.shape != (outputs,) else None


def probability_columns(names: tuple, decoded: Floats) -> dict[str, Floats]:
    """p_NAME for each of at most 20 classes."""
    return {f"p_{name}": decoded[:, k] for k, name in enumerate(names)} if len(names) <= MOST_CLASSES else {}


def code_counts(names: tuple, codes: npt.NDArray) -> list[tuple[str | None, int]]:
    """How often each class occurs among codes of any number, -1 where missing."""
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    return [(str(name), int(count)) for name, count in zip(names, counts, strict=True)]
