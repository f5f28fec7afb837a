"""What is said without looking: shares, means, medians, of what is known."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, softmax

from recurra.evaluation.labelled.majority import fit_class_shares, fit_label_shares, fit_mean, fit_median


def test_class_shares() -> None:
    shares = fit_class_shares(np.repeat([0, 1, -1], [750, 250, 99]), 2)
    np.testing.assert_allclose(softmax(shares.outputs(2), axis=1), [[0.75, 0.25]] * 2, atol=1e-3)
    assert np.isfinite(fit_class_shares([0], 3).outputs(1)).all()
    np.testing.assert_allclose(softmax(fit_class_shares([-1], 4).outputs(1)), 0.25)


def test_label_shares() -> None:
    truth = np.array([[1, 0.0]] * 300 + [[0, np.nan]] * 100 + [[-1, np.nan]])
    np.testing.assert_allclose(expit(fit_label_shares(truth).outputs(1)), [[0.75, 0.0]], atol=2e-3)


def test_mean_and_median() -> None:
    values = np.array([[1.0, np.nan], [2.0, np.nan], [9.0, np.nan], [np.nan, np.nan]])
    assert fit_mean(values).outputs(2).tolist() == [[4.0, 0.0]] * 2
    assert fit_median(values).outputs(1).tolist() == [[2.0, 0.0]]
