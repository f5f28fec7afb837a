"""What the tokens add is what the model says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.examples.ragged import Ragged
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.evaluation.shared.ngrams import Values, fit_ngrams

TEXTS = st.lists(st.lists(st.integers(0, 4), max_size=7), min_size=1, max_size=6)


def model(values: Values, orders: tuple[int, ...] = (1, 2, 3)) -> NGramModel:
    rng = np.random.default_rng(0)
    grams = fit_ngrams(Ragged.of(rng.integers(0, 4, size=(9, 6))), orders=orders)
    w = rng.normal(size=(len(grams), 2)).astype(np.float32)
    return NGramModel(grams, w, np.array([1.0, -2.0], np.float32), values)


@given(TEXTS, st.sampled_from(["binary", "counts", "normalised"]))
def test_contributions_add_up(texts: list[list[int]], values: Values) -> None:
    tokens = Ragged.of([np.array(text, dtype=np.int64) for text in texts])
    linear = model(values)
    shares = Ragged(linear.contributions(tokens), tokens.offsets)
    sums = np.array([shares[i].sum(axis=0) for i in range(len(texts))])
    np.testing.assert_allclose(sums + linear.intercepts, linear.outputs(tokens), atol=1e-5)


def test_a_pair_is_shared_by_its_two_tokens() -> None:
    grams = fit_ngrams(Ragged.of([[1, 2]]), orders=(2,))
    pair = NGramModel(grams, np.array([[6.0]], np.float32), np.zeros(1, np.float32))
    np.testing.assert_allclose(pair.contributions(Ragged.of([[5, 1, 2]]))[:, 0], [0, 3, 3])
    # twice in a text, it counts once: a quarter for each of the four tokens
    np.testing.assert_allclose(pair.contributions(Ragged.of([[1, 2, 1, 2]]))[:, 0], [1.5, 1.5, 1.5, 1.5])


def test_tokens_that_are_unknown_say_nothing() -> None:
    linear = model("normalised")
    tokens = Ragged.of([np.array([77, 78]), np.zeros(0, dtype=np.int64)])
    np.testing.assert_allclose(linear.outputs(tokens), np.tile(linear.intercepts, (2, 1)))
    assert not linear.contributions(tokens).any()


def test_every_text_for_itself() -> None:
    rng = np.random.default_rng(3)
    tokens = Ragged.of([rng.integers(0, 5, size=n) for n in (4, 0, 9)])
    linear = model("normalised")
    alone = np.vstack([linear.outputs(tokens.take([i])) for i in range(3)])
    assert linear.outputs(tokens) == pytest.approx(alone)
