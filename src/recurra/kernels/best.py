"""The places of the highest of many scores: what a recommender asks for at every event, a search at every step.

The engine deals the scores out to columns, of which enough reach a bound; what reaches it is sorted. Where there is no
engine NumPy does the same. `log_sums` makes logarithms of probabilities of logits, a number a row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.kernels import chooser

Ints = npt.NDArray[np.int64]


def best_of(scores: npt.NDArray[np.float32], found: Ints) -> Ints:
    """The places of the highest `scores` [V], the highest first, written to `found` [K]; of equal ones the first.

    Returns `found`, or its beginning where V is below K.
    """
    count = -1 if _engine is None else _engine.best(scores, found)
    if count < 0:
        return plain_best_of(scores, found)
    return found if count == len(found) else found[:count]


def plain_best_of(scores: npt.NDArray[np.float32], found: Ints) -> Ints:
    """`best_of` in NumPy."""
    order = np.argsort(-scores, kind="stable")[: len(found)]
    found[: len(order)] = order
    return found[: len(order)]


def best_of_rows(scores: npt.NDArray[np.float32], found: Ints) -> Ints:
    """The same of each row of `scores` [R, V], written to `found` [R, K] of K up to V; no row may hold NaN."""
    if _engine is None or not _engine.best_rows(scores, found):
        return plain_best_of_rows(scores, found)
    return found


def plain_best_of_rows(scores: npt.NDArray[np.float32], found: Ints) -> Ints:
    """`best_of_rows` in NumPy."""
    found[...] = np.argsort(-scores, axis=1, kind="stable")[:, : found.shape[1]]
    return found


def log_sums(x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """log sum exp of each row of x [R, V]: what is taken from logits for the logarithm of their probabilities."""
    sums = np.empty(len(x), np.float32)
    if _engine is None or not _engine.log_sums(x, sums):
        return plain_log_sums(x)
    return sums


def plain_log_sums(x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """`log_sums` in NumPy."""
    most = x.max(axis=1)
    return most + np.log(np.exp(x - most[:, None]).sum(axis=1))


def _engine_there() -> Any:
    if chooser.NO_ENGINE:
        return None
    from recurra.kernels.cpu import _engine

    return _engine


_engine = _engine_there()
