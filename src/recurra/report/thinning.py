"""Thinning a long series to what a screen can show, so that no peak, no trough and no long gap disappears."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt


def thin(values: npt.NDArray[np.floating], limit: int) -> npt.NDArray[np.int64]:
    """The positions to draw, at most `limit`, in order.

    The last third of them is the untouched end of the series, where one looks; before it, each stretch keeps its
    lowest and its highest value, or one missing value where there is no other.

    Example:
        >>> thin(np.array([0.0, 9.0, 1.0, 2.0, 3.0, 1.0, -5.0, 0.0, 1.0, 2.0]), 6).tolist()
        [0, 1, 4, 6, 8, 9]
    """
    n = len(values)
    if n <= limit:
        return np.arange(n)
    tail = max(1, limit // 3)
    stretches = max(1, (limit - tail) // 2)
    edges = np.linspace(0, n - tail, stretches + 1).astype(np.int64)
    kept: list[int] = []
    for begin, end in pairwise(edges.tolist()):
        stretch = values[begin:end]
        if np.isfinite(stretch).any():
            kept += [begin + int(np.argmin(np.where(np.isfinite(stretch), stretch, np.inf)))]
            kept += [begin + int(np.argmax(np.where(np.isfinite(stretch), stretch, -np.inf)))]
        elif len(stretch):
            kept.append(begin)
    return np.concatenate([np.unique(np.array(kept, dtype=np.int64)), np.arange(n - tail, n)])
