"""Ridge regression with a penalty that data choose: weak where there is a signal, strong where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge

from recurra.data.examples.ragged import Ragged
from recurra.errors import InputError
from recurra.evaluation.labelled.ridge import fit_ngram_ridge, fit_ridge

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 10))
W = RNG.normal(size=(10, 2))


def test_finds_the_coefficients() -> None:
    y = X @ W + [100.0, -3.0]
    w, b = fit_ridge(X, y)
    np.testing.assert_allclose(w, W, atol=1e-3)
    np.testing.assert_allclose(b, [100.0, -3.0], atol=1e-2)
    thin, _ = fit_ridge(sparse.csr_matrix(X), y)
    np.testing.assert_allclose(thin, w, atol=1e-2)


def test_noise_is_held_near_zero() -> None:
    noise = RNG.normal(size=(200, 1))
    w, _ = fit_ridge(np.hstack([X, RNG.normal(size=(200, 90))]), noise)
    free = Ridge(alpha=1e-6).fit(np.hstack([X, RNG.normal(size=(200, 90))]), noise[:, 0])
    assert np.linalg.norm(w) < 0.5 * np.linalg.norm(free.coef_)


def test_missing_values_are_left_out() -> None:
    y = X @ W
    y[100:, 0], y[:, 1] = np.nan, np.nan
    w, b = fit_ridge(X, y)
    np.testing.assert_allclose(w[:, :1], fit_ridge(X[:100], y[:100, :1])[0])
    assert not w[:, 1].any()
    assert b[1] == 0


def test_a_handful_and_no_feature() -> None:
    w, b = fit_ridge(X[:1], [[3.0]])
    assert not w.any()
    assert b.tolist() == [3.0]
    assert fit_ridge(np.zeros((4, 0)), [[1.0], [2.0], [3.0], [np.nan]])[1].tolist() == [2.0]


def test_motifs() -> None:
    dna = RNG.integers(0, 4, size=(400, 30))
    held = np.array([sum((row[i : i + 3] == [0, 1, 2]).all() for i in range(28)) for row in dna])
    tokens = Ragged.of(dna)
    model = fit_ngram_ridge(tokens.take(np.arange(300)), held[:300, None])
    said = model.outputs(tokens.take(np.arange(300, 400)))[:, 0]
    assert np.corrcoef(said, held[300:])[0, 1] > 0.9
    shares = model.contributions(Ragged.of([[3, 3, 0, 1, 2, 3, 3]]))[:, 0]
    assert set(np.argsort(-shares)[:3]) == {2, 3, 4}
    with pytest.raises(InputError, match=r"values has shape \(400,\), but there are 400 sequences: expected \[N, K\]"):
        fit_ngram_ridge(tokens, held)
