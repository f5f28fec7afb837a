"""Logistic regression for whatever classes there are: two, many, one, or one that no example has."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from recurra.evaluation.labelled.logistic import fit_sigmoid, fit_softmax, label_weights

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
Y = (X[:, 0] + 0.5 * RNG.normal(size=120) > 0).astype(int) + (X[:, 1] > 0.5)


def test_many_classes_are_scikit_learns() -> None:
    w, b = fit_softmax(X, Y, 3)
    model = LogisticRegression().fit(X, Y)
    np.testing.assert_allclose(X @ w + b, model.decision_function(X), atol=1e-6)
    thin, _ = fit_softmax(sparse.csr_matrix(X), Y, 3)
    np.testing.assert_allclose(thin, w, atol=1e-3)


def test_two_classes_are_opposite_and_make_scikit_learns_probability() -> None:
    y = (Y > 0).astype(int)
    w, b = fit_softmax(X, y, 2)
    np.testing.assert_allclose(w[:, 0], -w[:, 1])
    logit = (X @ w + b) @ [-1, 1]
    np.testing.assert_allclose(logit, LogisticRegression().fit(X, y).decision_function(X), atol=1e-6)
    w, b = fit_sigmoid(X, y)
    np.testing.assert_allclose(X @ w + b, logit)


def test_an_absent_class_is_rare_and_changes_nothing_else() -> None:
    w, b = fit_softmax(X, np.where(Y == 2, 3, Y), 4)
    np.testing.assert_allclose(w[:, [0, 1, 3]], fit_softmax(X, Y, 3)[0])
    assert (w[:, 2] == 0).all()
    assert b[2] == pytest.approx(b[[0, 1, 3]].min() - np.log(121))


def test_one_class_only() -> None:
    w, b = fit_softmax(X, np.ones(120, dtype=int), 2)
    assert (w == 0).all()
    assert b[1] - b[0] == pytest.approx(np.log(121))


def test_no_feature_leaves_the_shares() -> None:
    w, b = fit_softmax(np.zeros((4, 0)), np.array([0, 0, 0, 1]), 2)
    assert w.shape == (0, 2)
    np.testing.assert_allclose(np.exp(b), [0.75, 0.25])


def test_a_weight_of_two_is_two_examples() -> None:
    y = (Y > 0).astype(int)
    twice = np.concatenate([np.arange(120), np.flatnonzero(y == 1)])
    weighted = fit_sigmoid(X, y, weights=label_weights(y, 2.0))
    np.testing.assert_allclose(weighted[0], fit_sigmoid(X[twice], y[twice])[0], atol=1e-4)
    assert label_weights(y, None) is None
