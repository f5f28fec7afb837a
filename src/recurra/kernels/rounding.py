"""Weights as whole numbers from -127 to 127, with one scale for each output: a quarter of the size.

A weight is off by half a step of its scale at most, 1/254 of the largest weight of the same output.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def rounded(matrix: npt.NDArray[np.floating]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Whole numbers [n, m] and scales [n] of weights [n, m]; what was rounded before stays as it is.

    >>> whole, scale = rounded(np.array([[0.5, -1.0], [0.0, 0.0]], np.float32))
    >>> whole.tolist(), (scale * 127).tolist()
    ([[64, -127], [0, 0]], [1.0, 127.0])
    """
    largest = np.abs(matrix).max(axis=1, initial=0.0)
    scale = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    return np.rint(matrix / scale[:, None]).astype(np.int8), scale


def rounded_weights(weights: Tensor) -> Tensor:
    """The same as weights again, [..., m]."""
    matrix = weights.detach().cpu().float().numpy()
    whole, scale = rounded(matrix.reshape(-1, matrix.shape[-1]))
    made: Any = (whole * scale[:, None]).reshape(matrix.shape)
    return torch.from_numpy(made).to(weights)
