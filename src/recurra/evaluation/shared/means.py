"""Means over what is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def mean_of_known(values: npt.ArrayLike) -> npt.NDArray[np.floating]:
    """The mean along the last axis over the places that are not NaN [..., n] -> [...]; NaN where there is none."""
    values = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)[()]
