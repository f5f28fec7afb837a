"""Seasons are found where they are, left alone where they are not, and taken out cleanly."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.stattools import acf

from recurra.evaluation.forecast.deseason import is_seasonal, seasonal_indices, smooth_indices

ROWS = np.arange(400)


def test_a_wave_is_seasonal_and_noise_is_not():
    rng = np.random.default_rng(0)
    assert is_seasonal(np.sin(2 * np.pi * ROWS / 12) + 0.5 * rng.normal(size=400), 12)
    found = [is_seasonal(rng.normal(size=400), 12) for _ in range(400)]
    assert np.mean(found) == pytest.approx(0.10, abs=0.05)  # the test's own size


def test_too_short_or_constant_is_not_seasonal():
    assert not is_seasonal(np.sin(2 * np.pi * ROWS[:35] / 12), 12)
    assert not is_seasonal(np.ones(100), 12)
    assert not is_seasonal(np.sin(ROWS), 1)


def test_the_test_is_m4s():
    y = np.random.default_rng(5).normal(size=60).cumsum()
    r = np.asarray(acf(y, nlags=12, fft=False), dtype=np.float64)
    limit = 1.645 * np.sqrt((1 + 2 * (r[1:12] ** 2).sum()) / 60)
    assert is_seasonal(y, 12) == (abs(r[12]) > limit)


@pytest.mark.parametrize("season", [2, 7, 12])
def test_indices_of_an_exact_season_are_exact(season):
    pattern = np.random.default_rng(1).uniform(1, 2, season)
    additive = seasonal_indices(np.resize(pattern, 10 * season) + 3.0, season)
    assert additive == pytest.approx(pattern - pattern.mean())
    factors = seasonal_indices(np.resize(pattern, 10 * season) * 3.0, season, multiplicative=True)
    assert factors == pytest.approx(pattern / pattern.mean(), rel=1e-6)


def test_smoothing_keeps_the_season_and_drops_the_noise():
    rng = np.random.default_rng(2)
    season, cycles = 365, 10
    truth = 10 * np.sin(2 * np.pi * np.arange(season) / season)
    y = np.resize(truth, season * cycles) + 3 * rng.normal(size=season * cycles)
    rough = seasonal_indices(y, season)
    smooth = smooth_indices(rough, y)
    assert np.abs(smooth - truth).mean() < 0.5 * np.abs(rough - truth).mean()
    assert smooth.shape == (season,)
