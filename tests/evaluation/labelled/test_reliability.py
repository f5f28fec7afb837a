"""Bins hold about as many examples each, and equal confidences are never torn apart."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.evaluation.labelled.reliability import BINS, equal_mass_bins, reliability, top_class


def test_bins_of_equal_mass() -> None:
    confidence = np.random.default_rng(0).random(1500)
    bins = equal_mass_bins(confidence)
    np.testing.assert_array_equal(np.bincount(bins), np.full(BINS, 100))
    assert (np.diff(bins[np.argsort(confidence)]) >= 0).all()


def test_equal_confidences_share_a_bin() -> None:
    assert set(equal_mass_bins(np.full(40, 0.7))) == {0}
    confidence = np.repeat([0.6, 0.9], [39, 1])
    assert len(set(equal_mass_bins(confidence)[:39])) == 1
    assert len(equal_mass_bins(np.zeros(0))) == 0


def test_table() -> None:
    table = reliability(np.array([0.6, 0.6, 0.9, 0.9]), [True, False, True, True], bins=2)
    assert table.columns.tolist() == ["bin", "confidence", "right", "count"]
    np.testing.assert_allclose(table.to_numpy(dtype=float), [[0, 0.6, 0.5, 2], [1, 0.9, 1.0, 2]])
    many = np.random.default_rng(1).random(500)
    whole = reliability(many, many > 0.5)
    assert whole["count"].sum() == 500
    assert (whole["right"] * whole["count"]).sum() == pytest.approx((many > 0.5).sum())
    assert reliability(np.zeros(0), []).empty


def test_top_class() -> None:
    confidence, right = top_class(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    assert confidence.tolist() == [0.9, 0.8]
    assert right.tolist() == [True, False]
