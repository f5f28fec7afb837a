"""Stretched quantiles cover what they promise, keep their order, and reading between levels is exact for normals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from recurra.evaluation.forecast.conformal import at_levels, fit_stretch, stretched

LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)


def quantiles(rng, n, width):
    centre = rng.normal(size=(n, 3, 1))
    return centre + width * norm.ppf(LEVELS), centre[..., 0]


@pytest.mark.parametrize("width", [0.3, 1.0, 4.0])
def test_intervals_of_any_width_are_brought_to_their_coverage(width):
    rng = np.random.default_rng(0)
    held_out, centre = quantiles(rng, 4000, width)
    stretch = fit_stretch(held_out, centre + rng.normal(size=centre.shape), LEVELS)
    fresh, centre = quantiles(rng, 4000, width)
    truth = centre + rng.normal(size=centre.shape)
    wide = stretched(fresh, stretch)
    for j in range(3):
        share = ((truth >= wide[..., j]) & (truth <= wide[..., -1 - j])).mean()
        assert share == pytest.approx(LEVELS[-1 - j] - LEVELS[j], abs=0.015)


def test_order_is_kept_where_factors_would_cross():
    moved = stretched(np.array([norm.ppf(LEVELS)]), np.array([0.1, 5.0, 1.0]))
    assert (np.diff(moved) > 0).all()


def test_two_levels_that_must_both_hold_everything_are_still_two():
    q, centre = quantiles(np.random.default_rng(1), 2, 0.1)
    moved = stretched(q, fit_stretch(q, centre + np.array([1.0, -2.0, 3.0]), LEVELS, 1.0))
    assert (moved[..., 0] < moved[..., 1]).all()
    assert (moved[..., -1] > moved[..., -2]).all()


def test_without_truth_nothing_moves():
    q, centre = quantiles(np.random.default_rng(0), 5, 1.0)
    stretch = fit_stretch(q, np.full_like(centre, np.nan), LEVELS)
    np.testing.assert_allclose(stretched(q, stretch), q, atol=1e-12)


def test_few_truths_are_counted_against_the_interval():
    q, centre = quantiles(np.random.default_rng(0), 1, 1.0)
    truth = np.full_like(centre, np.nan)
    truth[0, 0] = centre[0, 0] + 3.0
    assert fit_stretch(q, truth, LEVELS)[0] == pytest.approx(3.0 / norm.ppf(0.975))


def test_reading_between_levels_is_exact_for_a_normal_distribution():
    wanted = (0.01, 0.05, 0.3, 0.5, 0.99)
    read = at_levels(2 + 3 * norm.ppf(LEVELS), LEVELS, wanted)
    np.testing.assert_allclose(read, 2 + 3 * norm.ppf(wanted), rtol=1e-12)
