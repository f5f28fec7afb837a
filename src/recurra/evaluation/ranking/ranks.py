"""Where the item that came next stands among all items: never against a sample of them (Krichene, Rendle 2020)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from recurra.evaluation.ranking.prefixes import Prefixes

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]

NEVER = np.inf  # the rank of an item that cannot be proposed


def ranks_of(
    score: Callable[[Prefixes, slice], Floats], asked: Prefixes, targets: Ints, *, keep_seen: bool, top: int = 20
) -> tuple[npt.NDArray[np.float64], Ints]:
    """The rank [M] of each target (codes from 1; 0 is never proposed), and the `top` proposals [M, top] (codes).

    Among equal scores the target stands in the middle. Without `keep_seen` items of the past are not proposed.
    """
    ranks = np.full(len(asked), NEVER)
    top = min(top, asked.items)
    proposed = np.zeros((len(asked), top), dtype=np.int64)
    for places in asked.chunks():
        part = asked.part(places)
        scores = np.array(score(part, places), dtype=np.float32)
        if not keep_seen:
            forget_seen(scores, part)
        own = targets[places]
        there = own > 0
        value = scores[np.arange(len(part)), np.maximum(own, 1) - 1]
        above = (scores > value[:, None]).sum(axis=1)
        equal = (scores == value[:, None]).sum(axis=1)
        place = above + (equal + 1) / 2
        ranks[places] = np.where(there & np.isfinite(value), place, NEVER)
        proposed[places] = best(scores, top) + 1
    return ranks, proposed


def forget_seen(scores: Floats, asked: Prefixes) -> None:
    """Let items of the past be no proposals, in place."""
    seen = asked.weighted(np.ones(max(asked.longest, 1), np.float32))
    rows = np.repeat(np.arange(len(asked)), np.diff(seen.indptr))
    scores[rows, seen.indices] = -np.inf


def best(scores: Floats, top: int) -> Ints:
    """The columns of the `top` highest scores of each row, the highest first; of equal ones the first column."""
    if top < scores.shape[1]:
        found = np.argpartition(-scores, top - 1, axis=1)[:, :top]
        found.sort(axis=1)
    else:
        found = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    order = np.argsort(-np.take_along_axis(scores, found, axis=1), axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1).astype(np.int64)
