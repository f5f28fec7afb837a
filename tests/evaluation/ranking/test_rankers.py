"""Counting methods beside plain loops, and ranks among all items."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.evaluation.ranking.blend import RankBlend, fit_rank_blend
from recurra.evaluation.ranking.evaluation import Ranks, evaluate_ranks
from recurra.evaluation.ranking.prefixes import Prefixes
from recurra.evaluation.ranking.rankers import (
    Histories,
    ItemRules,
    NGramRanker,
    OwnHistory,
    Popularity,
    SessionNeighbours,
)
from recurra.evaluation.ranking.ranks import ranks_of

ITEMS = 7


def past(seed: int = 0, histories: int = 30) -> Histories:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 9, size=histories)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return Histories(rng.integers(1, ITEMS + 1, size=offsets[-1]), offsets, np.arange(offsets[-1], dtype=float), ITEMS)


def lists(known: Histories) -> list[list[int]]:
    return [known.codes[a:b].tolist() for a, b in zip(known.offsets[:-1], known.offsets[1:], strict=True)]


def asked(*prefixes: list[int]) -> Prefixes:
    lengths = np.array([len(prefix) for prefix in prefixes])
    ends = np.cumsum(lengths)
    return Prefixes(np.array([code for prefix in prefixes for code in prefix]), ends - lengths, ends, ITEMS)


def test_rules_are_sums_over_pairs() -> None:
    known = past()
    markov, sequential = np.zeros((ITEMS, ITEMS)), np.zeros((ITEMS, ITEMS))
    for history in lists(known):
        for i, first in enumerate(history):
            for j in range(i + 1, len(history)):
                sequential[first - 1, history[j] - 1] += 1 / (j - i)
                markov[first - 1, history[j] - 1] += j == i + 1
    questions = asked([3, 5], [2], [1, 2, 3])
    last = [4, 1, 2]
    np.testing.assert_allclose(ItemRules.markov(known).scores(questions), markov[last], rtol=1e-6)
    np.testing.assert_allclose(ItemRules.sequential(known).scores(questions), sequential[last], rtol=1e-6)


def test_item_knn_is_the_cosine_of_histories() -> None:
    known = past()
    there = np.array([[code in history for code in range(1, ITEMS + 1)] for history in lists(known)], dtype=float)
    cosine = there.T @ there / np.sqrt(np.outer(there.sum(0), there.sum(0)))
    np.fill_diagonal(cosine, 0)
    np.testing.assert_allclose(ItemRules.item_knn(known).scores(asked([3])), cosine[[2]], rtol=1e-5)


def test_session_neighbours_vote_by_what_they_share() -> None:
    known = past()
    weights = np.maximum(1 - 0.1 * np.arange(10), 0)
    prefix = [4, 2, 2, 6]
    weight = {code: weights[ago] for ago, code in reversed(list(enumerate(reversed(prefix))))}
    histories = [set(history) for history in lists(known) if len(set(history)) > 1]
    counts = np.array([sum(code in history for history in histories) for code in range(1, ITEMS + 1)])
    score = np.zeros(ITEMS)
    for history in histories:
        alike = sum(weight.get(code, 0) for code in history)
        for code in history:
            score[code - 1] += alike
    score *= np.log(len(histories) / np.maximum(counts, 1)) + 1
    np.testing.assert_allclose(SessionNeighbours.learn(known).scores(asked(prefix))[0], score, rtol=1e-5)


def test_n_grams_back_off_by_witten_and_bell() -> None:
    known = past(histories=60)
    ranker = NGramRanker.learn(known, depth=2)

    def expected(prefix: list[int]) -> np.ndarray:
        found = np.bincount([c for h in lists(known) for c in h[1:]], minlength=ITEMS + 1)[1:] + 0.01
        found = found / found.sum()
        for order in (1, 2):
            context = prefix[-order:]
            followed = [
                h[k + order] for h in lists(known) for k in range(len(h) - order) if h[k : k + order] == context
            ]
            if len(context) == order and followed:
                types = len(set(followed))
                counts = np.bincount(followed, minlength=ITEMS + 1)[1:]
                found = (counts + types * found) / (len(followed) + types)
        return found

    prefixes = [[3], [1, 3], [5, 6], [2, 2, 4]]
    scores = ranker.scores(asked(*prefixes))
    np.testing.assert_allclose(scores, [expected(prefix) for prefix in prefixes], rtol=1e-4)
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)


def test_the_history_itself() -> None:
    scores = OwnHistory(ITEMS).scores(asked([1, 2, 1, 3, 1, 2, 5, 1]))[0]
    assert scores.argmax() == 1
    assert scores[1] == pytest.approx(2, abs=0.01)
    assert scores[2] == pytest.approx(1, abs=0.01)


def test_recent_popularity_counts_the_latest_tenth() -> None:
    known = Histories(np.array([1] * 90 + [2] * 10), np.array([0, 100]), np.arange(100.0), 2)
    assert Popularity.learn(known).counts.tolist() == [90, 10]
    assert Popularity.learn(known, recent=True).counts.tolist() == [0, 10]


def test_ranks_are_among_all_items() -> None:
    scores = np.array([[3.0, 1.0, 2.0, 2.0], [0, 0, 0, 0], [4.0, 3, 2, 1]], dtype=np.float32)
    questions = Prefixes(np.array([1, 1, 1]), np.arange(3), np.arange(1, 4), 4)
    ranks, proposed = ranks_of(
        lambda part, places: scores[places], questions, np.array([3, 2, 0]), keep_seen=True, top=2
    )
    assert ranks.tolist() == [2.5, 2.5, np.inf]  # a tie stands in its middle; what is not known is never found
    assert proposed.tolist() == [[1, 3], [1, 2], [1, 2]]
    ranks, proposed = ranks_of(lambda part, places: scores[places], questions, np.array([3, 1, 2]), keep_seen=False)
    assert ranks.tolist() == [1.5, np.inf, 1]
    assert 1 not in proposed[:, 0]


def test_scores_of_ranks() -> None:
    ours = Ranks(np.array([1.0, 3, 30, np.inf] * 10), np.tile(np.arange(1, 21), (40, 1)))
    other = Ranks(np.full(40, 19.0), np.tile(np.arange(1, 21), (40, 1)))
    found = evaluate_ranks(
        {"ours": ours, "other": other}, items=50, counts=np.arange(50), owners=np.arange(40), draws=200
    )
    row = found.table.loc["ours"].to_dict()
    assert row["recall@20"] == 0.5
    assert row["recall@5"] == 0.5
    assert row["MRR@20"] == pytest.approx((1 + 1 / 3) / 4)
    assert row["NDCG@20"] == pytest.approx((1 + 0.5) / 4)
    assert row["catalogue coverage"] == 0.4
    assert found.leading == "recall@20"
    assert not found.verdict.better
    assert found.verdict.use == "other"


def test_a_blend_leaves_a_network_alone_that_knows_all() -> None:
    rng = np.random.default_rng(0)
    targets = rng.integers(5, size=300)
    sure = np.full((300, 5), 0.0)
    sure[np.arange(300), targets] = 2.0
    noise = rng.random((300, 5))
    assert fit_rank_blend(sure, {"noise": noise}, targets).methods is None
    blend = fit_rank_blend(rng.normal(size=(300, 5)), {"helper": np.exp(3 * sure)}, targets)
    assert blend.methods is not None
    assert blend.methods["helper"] > 1 > blend.network
    assert RankBlend()(sure, {}).argmax(axis=1).tolist() == targets.tolist()
