"""N-gram features are what a loop over the n-grams would count, for any ids, orders and lengths."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.examples.ragged import Ragged
from recurra.errors import InputError
from recurra.evaluation.shared import ngrams
from recurra.evaluation.shared.ngrams import NGrams, fit_ngrams

TEXTS = st.lists(st.lists(st.integers(0, 4), max_size=6), min_size=1, max_size=8)


def ragged(texts: list[list[int]]) -> Ragged:
    return Ragged.of([np.array(text, dtype=np.int64) for text in texts])


def grams_of(text: list[int], orders: tuple[int, ...]) -> Counter:
    return Counter(tuple(text[i : i + n]) for n in orders for i in range(len(text) - n + 1))


def by_name(features: NGrams, texts: list[list[int]], orders: tuple[int, ...], matrix: np.ndarray) -> list[Counter]:
    """The rows of a matrix with the n-grams themselves for columns; the name of a column is found by asking for it."""
    names = {gram for text in texts for gram in grams_of(text, orders)}
    columns = {}
    for name in names:
        row = features.matrix(ragged([list(name)])).toarray()[0]
        shorter = (
            sum(features.matrix(ragged([list(name[1:]), list(name[:-1])])).toarray()) if len(name) > 1 else 0 * row
        )
        columns[name] = np.flatnonzero((row > 0) & (shorter == 0))
    assert all(len(found) == 1 for found in columns.values())
    return [Counter({name: row[c[0]] for name, c in columns.items() if row[c[0]]}) for row in matrix]


@given(TEXTS, st.sampled_from([(1,), (1, 2), (1, 2, 3)]))
def test_counts_are_those_of_a_loop(texts: list[list[int]], orders: tuple[int, ...]) -> None:
    features = fit_ngrams(ragged(texts), orders=orders)
    assert len(features) == len({gram for text in texts for gram in grams_of(text, orders)})
    counts = features.matrix(ragged(texts), values="counts").toarray()
    assert by_name(features, texts, orders, counts) == [grams_of(text, orders) for text in texts]


@given(TEXTS)
def test_binary_and_normalised_follow_from_counts(texts: list[list[int]]) -> None:
    features = fit_ngrams(ragged(texts))
    counts = features.matrix(ragged(texts), values="counts").toarray()
    np.testing.assert_array_equal(features.matrix(ragged(texts)).toarray(), counts > 0)
    damped = np.log(counts, out=-np.ones_like(counts), where=counts > 0) + 1
    normalised = features.matrix(ragged(texts), values="normalised").toarray()
    np.testing.assert_allclose(normalised * np.linalg.norm(damped, axis=1, keepdims=True), damped, rtol=1e-5)


@given(TEXTS, st.randoms())
def test_rows_follow_the_texts(texts: list[list[int]], random) -> None:
    order = random.sample(range(len(texts)), len(texts))
    features = fit_ngrams(ragged(texts))
    whole = features.matrix(ragged(texts)).toarray()
    np.testing.assert_array_equal(features.matrix(ragged(texts).take(order)).toarray(), whole[order])


def test_in_pieces_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    tokens = Ragged.of([rng.integers(0, 9, size=n) for n in (3, 0, 17, 1, 5, 0)])
    features = fit_ngrams(tokens, orders=(1, 2, 3))
    whole = features.matrix(tokens, values="counts").toarray()
    monkeypatch.setattr(ngrams, "CHUNK", 4)
    np.testing.assert_array_equal(features.matrix(tokens, values="counts").toarray(), whole)


def test_the_most_frequent_stay() -> None:
    texts = ragged([[7, 7, 7, 8, 8, 9], [7, 8]])
    two = fit_ngrams(texts, orders=(1,), most=2)
    assert two.matrix(ragged([[9], [8], [7]])).toarray().sum(axis=1).tolist() == [0, 1, 1]
    # the pair (7, 7) occurs twice, less often than 7 and 8
    assert set(two.keys) == set(fit_ngrams(texts, orders=(1, 2), most=2).keys)


def test_what_was_never_seen_is_no_feature() -> None:
    features = fit_ngrams(ragged([[1, 2]]))
    assert features.matrix(ragged([[3, 4], [2, 1], []])).toarray().sum(axis=1).tolist() == [0, 2, 0]


@pytest.mark.parametrize("orders", [(1, 2), (3,)])
def test_no_token_at_all(orders: tuple[int, ...]) -> None:
    features = fit_ngrams(ragged([[], []]), orders=orders)
    assert len(features) == 0
    assert features.matrix(ragged([[1, 2, 3], []])).shape == (2, 0)
    assert features.matrix(Ragged.of([])).shape == (0, 0)


@pytest.mark.slow
def test_keys_do_not_meet() -> None:
    ids = np.arange(1500)
    pairs = np.stack(np.meshgrid(ids, ids), axis=-1).reshape(-1, 2)
    tokens = Ragged(pairs.ravel(), np.arange(0, pairs.size + 1, 2))
    assert len(fit_ngrams(tokens, orders=(1, 2), most=10**7)) == len(ids) + len(ids) ** 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(orders=()), r"orders=\(\) must be lengths of n-grams"),
        (dict(orders=(0, 1)), r"orders=\(0, 1\) must be lengths"),
        (dict(most=0), "most=0 must be at least 1"),
    ],
)
def test_refusals(arguments: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit_ngrams(ragged([[1]]), **arguments)


def test_tokens_must_be_numbers_from_0() -> None:
    with pytest.raises(InputError, match="token ids are float64"):
        fit_ngrams(Ragged.of([[0.5]]))
    with pytest.raises(InputError, match="0 and up, one is -1"):
        fit_ngrams(ragged([[3, -1]]))
    with pytest.raises(InputError, match="values='tfidf' must be one of"):
        fit_ngrams(ragged([[1]])).matrix(ragged([[1]]), values="tfidf")  # pyright: ignore[reportArgumentType]
