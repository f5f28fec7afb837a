"""A recommender evaluated against the baselines: ranks over all items, intervals over whole histories, the verdict.

Every score but coverage is a mean over questions, of which those of one history are drawn together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.evaluation.shared.bootstrap import Score, mean_score
from recurra.evaluation.shared.evaluation import Evaluation, evaluate_scores

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

TOPS = (5, 10, 20)
FEW = 40  # items: of fewer the first one decides, as in process logs and games
LEADING, LEADING_OF_FEW = "recall@20", "accuracy"


@dataclass(frozen=True, eq=False)
class Ranks:
    """Of a method: the rank [M] of what came next (infinite: never proposed), and its first proposals [M, K], codes."""

    rank: Floats
    proposed: Ints


def leading_of(items: int) -> str:
    """The score that decides."""
    return LEADING if items > FEW else LEADING_OF_FEW


def evaluate_ranks(
    ranks: Mapping[str, Ranks],
    *,
    items: int,
    counts: Ints,
    owners: Ints,
    unit: str = "test session",
    draws: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """From the ranks of every method, the model's first.

    `counts` [V] of items in training, `owners` [M] of questions, each a `unit`.

    Raises InputError without a question or a baseline.
    """
    popularity = _percentiles(counts)
    scores = {name: _scores(found, items, popularity) for name, found in ranks.items()}
    return evaluate_scores(scores, leading=leading_of(items), groups=owners, unit=unit, draws=draws, seed=seed)


def _scores(found: Ranks, items: int, popularity: Floats) -> dict[str, Score]:
    rank = found.rank
    scores: dict[str, Score] = {}
    if items <= FEW:
        scores["accuracy"] = mean_score(rank <= 1)
        if items > TOPS[0]:  # of fewer all are among the first
            scores["recall@5"] = mean_score(rank <= 5)
        scores["MRR@20"] = mean_score(np.where(rank <= 20, 1 / np.maximum(rank, 1), 0.0))
        return scores
    for top in reversed(TOPS):
        scores[f"recall@{top}"] = mean_score(rank <= top)
    for top in reversed(TOPS):
        scores[f"MRR@{top}"] = mean_score(np.where(rank <= top, 1 / np.maximum(rank, 1), 0.0))
    for top in reversed(TOPS):
        scores[f"NDCG@{top}"] = mean_score(np.where(rank <= top, 1 / np.log2(1 + np.maximum(rank, 1)), 0.0))
    covered = len(np.unique(found.proposed[found.proposed > 0])) / items
    scores["catalogue coverage"] = Score(np.ones((len(rank), 1)), lambda sums: np.full(sums.shape[:-1], covered))
    shown = np.where(found.proposed > 0, popularity[np.maximum(found.proposed, 1) - 1], np.nan)
    scores["popularity bias"] = mean_score(np.nanmean(shown, axis=1))
    return scores


def _percentiles(counts: Ints) -> Floats:
    """The share of items [V] that are at most as popular, ties half."""
    ordered = np.sort(counts)
    low, high = (np.searchsorted(ordered, counts, side=side) for side in ("left", "right"))
    return (low + high) / 2 / max(len(counts), 1)
