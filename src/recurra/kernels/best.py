"""The places of the highest of many scores: what a recommender asks for at every event, in a few microseconds.

The engine deals the scores out to columns, of which enough reach a bound; what reaches it is sorted. Where there is no
engine NumPy does the same.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from recurra.kernels import chooser

Ints = npt.NDArray[np.int64]


def best_of(scores: npt.NDArray[np.float32], found: Ints) -> Ints:
    """The places of the highest `scores` [V], the highest first, written to `found` [K]; of equal ones the first.

    Returns `found`, or its beginning where V is below K.
    """
    count = -1 if _engine is None else _engine(scores, found)
    if count < 0:
        return plain_best_of(scores, found)
    return found if count == len(found) else found[:count]


def plain_best_of(scores: npt.NDArray[np.float32], found: Ints) -> Ints:
    """`best_of` in NumPy."""
    order = np.argsort(-scores, kind="stable")[: len(found)]
    found[: len(order)] = order
    return found[: len(order)]


def _engine_best() -> Callable[[npt.NDArray[np.float32], Ints], int] | None:
    if chooser.NO_ENGINE:
        return None
    from recurra.kernels.cpu import _engine

    return _engine.best


_engine = _engine_best()
