"""The n-gram classifiers find what tells the classes apart, and weigh it by how much it tells."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from recurra.data.examples.ragged import Ragged
from recurra.errors import InputError
from recurra.evaluation.labelled.linear import count_ratio_scale, fit_ngram_classifier, fit_ngram_labels

RNG = np.random.default_rng(0)
NOISE = RNG.integers(10, 60, size=(300, 8))
Y = RNG.integers(3, size=300)


def truth_of(k: int) -> np.ndarray:
    return np.equal(Y, k)


def texts(y: np.ndarray = Y) -> Ragged:
    """Noise and, somewhere in it, the token that gives the class away."""
    tokens = NOISE[: len(y)].copy()
    tokens[np.arange(len(y)), RNG.integers(8, size=len(y))] = y
    return Ragged.of(tokens)


@pytest.mark.parametrize("k", [2, 3])
def test_learns(k: int) -> None:
    y = Y % k
    tokens, half = texts(y), np.arange(150)
    model = fit_ngram_classifier(tokens.take(half), y[:150], k)
    assert (model.outputs(tokens.take(half + 150)).argmax(axis=1) == y[150:]).mean() > 0.97
    telling = model.contributions(tokens.take(half + 150)).argmax(axis=0)
    assert (tokens.take(half + 150).values[telling] == np.arange(k)).all()


def test_pairs_tell_what_single_tokens_do_not() -> None:
    y = np.arange(200) % 2
    tokens = Ragged.of([np.array([1, 2, 3] if label else [2, 1, 3]) for label in y])
    pairs = fit_ngram_classifier(tokens, y, 2)
    assert (pairs.outputs(tokens).argmax(axis=1) == y).all()
    single = fit_ngram_classifier(tokens, y, 2, orders=(1,)).outputs(tokens)
    np.testing.assert_allclose(single - single.mean(axis=1, keepdims=True), 0.0, atol=1e-3)


def test_missing_labels_are_left_out() -> None:
    tokens, y = texts(), Y.copy()
    y[200:] = -1
    whole = fit_ngram_classifier(tokens, y, 3).outputs(tokens)
    np.testing.assert_allclose(whole, fit_ngram_classifier(tokens.take(y >= 0), y[:200], 3).outputs(tokens))


def test_class_weights_move_the_prior() -> None:
    y = (np.arange(300) % 10 == 0).astype(int)
    tokens = Ragged.of(NOISE)
    plain = fit_ngram_classifier(tokens, y, 2).outputs(tokens)
    even = fit_ngram_classifier(tokens, y, 2, class_weights=[1.0, 9.0]).outputs(tokens)
    assert ((even - plain)[:, 1] > 0).mean() > 0.95
    assert (even - plain)[:, 1].mean() > 0.2


def test_arrays_are_small_and_plain() -> None:
    model = fit_ngram_classifier(texts(), Y, 3, most=50)
    assert model.coefficients.shape == (50, 3)
    assert model.coefficients.dtype == model.intercepts.dtype == np.float32
    assert model.grams.keys.dtype == np.uint64


def test_labels_each_for_itself() -> None:
    truth = np.stack([truth_of(0), truth_of(1), np.full(300, np.nan)], axis=1)
    truth[:20, 0] = -1
    tokens = texts()
    model = fit_ngram_labels(tokens, truth)
    outputs = model.outputs(tokens)
    for k in (0, 1):
        assert ((outputs[:, k] > 0) == truth_of(k)).mean() > 0.97
    assert not outputs[:, 2].any()
    two = fit_ngram_classifier(tokens, truth[:, 1].astype(int), 2).outputs(tokens)
    np.testing.assert_allclose(outputs[:, 1], two[:, 1] - two[:, 0], atol=1e-4)


def test_scale() -> None:
    features = sparse.csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [0, 1, 1.0]]))
    scale = count_ratio_scale(features, np.array([0, 0, 1, 1]))
    ratios = np.log(np.array([2.5, 2.5, 0.5]) / 5.5) - np.log(np.array([0.5, 2.5, 2.5]) / 5.5)
    np.testing.assert_allclose(scale, np.abs(ratios))
    # how often it occurs in an example, and which class is which, is of no account
    np.testing.assert_allclose(count_ratio_scale(3 * features, np.array([4, 4, 2, 2])), scale)
    np.testing.assert_allclose(count_ratio_scale(features, np.zeros(4, dtype=int)), 1.0)


def test_texts_without_tokens() -> None:
    empty = Ragged.of([np.zeros(0, dtype=np.int64)] * 4)
    outputs = fit_ngram_classifier(empty, [0, 0, 0, 1], 2).outputs(empty)
    np.testing.assert_allclose(np.exp(outputs[0]), [0.75, 0.25], rtol=1e-6)


def test_refusals() -> None:
    with pytest.raises(InputError, match="labels holds no known class"):
        fit_ngram_classifier(Ragged.of([[1]]), [-1], 2)
    with pytest.raises(InputError, match=r"labels has shape \(2,\), but there are 1 sequences"):
        fit_ngram_classifier(Ragged.of([[1]]), [0, 1], 2)
    with pytest.raises(InputError, match=r"labels has shape \(2,\), but there are 1 sequences"):
        fit_ngram_labels(Ragged.of([[1]]), [[0], [1]])
