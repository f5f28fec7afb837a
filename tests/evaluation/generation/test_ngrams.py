"""N-grams against the same equations counted by hand, one position after the other."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from recurra.evaluation.generation.ngrams import NGrams, Smoothing, best_ngrams


def by_hand(learnt: list[int], before: list[int], symbol: int, size: int, order: int, smoothing: Smoothing) -> float:
    """The equations of the module, with counters."""
    p = 1.0 / size
    for length in range(order):
        context = tuple(before[len(before) - length :])
        if len(before) < length:
            break
        grams = Counter(tuple(learnt[k : k + length + 1]) for k in range(len(learnt) - length))
        counts: Counter[tuple[int, ...]] = grams
        if smoothing == "kneser-ney" and length + 1 < order:
            longer = {tuple(learnt[k : k + length + 2]) for k in range(len(learnt) - length - 1)}
            counts = Counter(gram[1:] for gram in longer)
            counts = Counter({gram: max(counts[gram], 1) for gram in grams})
        once, twice = (sum(value == n for value in counts.values()) for n in (1, 2))
        discount = once / (once + 2 * twice) if once and twice else 0.5
        following = {gram[-1]: value for gram, value in counts.items() if gram[:-1] == context}
        if not following:
            break
        total, types, n = sum(following.values()), len(following), following.get(symbol, 0)
        if smoothing == "witten-bell":
            p = (n + types * p) / (total + types)
        else:
            p = (max(n - discount, 0.0) + discount * types * p) / total
    return p


@pytest.mark.parametrize("smoothing", ["witten-bell", "kneser-ney"])
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_are_those_counted_by_hand(smoothing: Smoothing, order: int) -> None:
    rng = np.random.default_rng(order)
    learnt, text = rng.integers(0, 4, 90), rng.integers(0, 5, 40)
    model = NGrams.learn(learnt, 5, order=order, smoothing=smoothing)
    found = model.probabilities(text)
    expected = [
        by_hand(learnt.tolist(), text[:k].tolist(), int(text[k]), 5, order, smoothing) for k in range(len(text))
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("smoothing", ["witten-bell", "kneser-ney"])
def test_distributions_hold_the_probabilities_and_add_up_to_one(smoothing: Smoothing) -> None:
    rng = np.random.default_rng(0)
    learnt, text = rng.integers(0, 7, 400), rng.integers(0, 8, 63)
    model = NGrams.learn(learnt, 8, order=4, smoothing=smoothing)
    every = model.distributions(model.contexts(text), np.arange(len(text)))
    np.testing.assert_allclose(every.sum(axis=1), 1.0)
    np.testing.assert_allclose(every[np.arange(len(text)), text], model.probabilities(text))


def test_a_power_is_that_of_whole_distributions() -> None:
    rng = np.random.default_rng(3)
    learnt, text = rng.integers(0, 4, 90), rng.integers(0, 5, 40)
    model = NGrams.learn(learnt, 5, order=3, smoothing="witten-bell")
    p = model.distributions(model.contexts(text), np.arange(40)) ** 0.4
    expected = (p / p.sum(axis=1, keepdims=True))[np.arange(40), text]
    np.testing.assert_allclose(model.tempered(text, 0.4), expected)
    np.testing.assert_allclose(model.tempered(text, 1.0), model.probabilities(text))


def test_the_best_order_is_that_of_the_text() -> None:
    rng = np.random.default_rng(0)
    text = [0, 1]
    for _ in range(4000):  # each symbol follows from the two before it, with a little noise
        text.append((text[-1] + 2 * text[-2]) % 3 if rng.random() > 0.05 else int(rng.integers(3)))
    best = best_ngrams(np.array(text[:3500]), np.array(text[3500:]), 3)
    assert len(best.orders) == 3


def test_nothing_is_impossible_where_no_sequence_counts_once() -> None:
    symbols = np.random.default_rng(1).integers(1, 4, 80)
    model = NGrams.learn(symbols, 5, order=3, smoothing="kneser-ney")
    assert set(model.orders[1].counts.tolist()) == {2, 3}
    assert model.orders[1].discount == 0.5
    assert (model.distributions(model.contexts(symbols), np.arange(80)) > 0).all()
