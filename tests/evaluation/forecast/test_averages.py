"""The mean, the climatology and the profile of recent seasons, by hand and against noise."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.evaluation.forecast.averages import climatology, has_climatology, mean, seasonal_profile
from recurra.evaluation.forecast.steps import Steps

NAN = float("nan")
DAILY, HOURLY, MONTHLY = Steps((7,), 365.25, 0), Steps((24,), 8766.0, 24), Steps((12,), 12.0, 0)


def test_the_mean_has_the_distribution_of_the_past():
    result = mean(np.array([0.0, NAN, 0.0, 0.0, 8.0]), 2)
    assert result.point.tolist() == [2.0, 2.0]
    assert result.quantiles((0.1, 0.5, 0.9)).tolist() == [[0.0, 0.0, 8.0]] * 2


def test_a_climatology_needs_two_years():
    assert has_climatology(731, DAILY)
    assert not has_climatology(730, DAILY)
    assert not has_climatology(10_000, Steps((7,)))
    assert not has_climatology(40, Steps((4,), 4.0))


def test_a_climatology_of_months_is_the_mean_of_the_month():
    years = np.array([[0.0], [2.0], [7.0]])
    history = (np.arange(12.0) + years).ravel()
    result = climatology(history, 13, MONTHLY)
    assert result.mean == pytest.approx([*(np.arange(12.0) + 3.0), 3.0])
    assert result.sd == pytest.approx(np.std(years))


def test_a_climatology_of_days_beats_the_same_day_of_the_last_year():
    rng = np.random.default_rng(0)
    day = np.arange(3650)
    truth = 10 * np.sin(2 * np.pi * day / 365.25)
    values = truth + rng.normal(size=3650)
    result = climatology(values[:3600], 50, DAILY)
    assert np.abs(result.mean - truth[3600:]).mean() < 0.3
    assert result.sd == pytest.approx(1.2, abs=0.25)  # noise of 1, and how far the season moves in a week


def test_a_climatology_of_hours_keeps_the_hour():
    hour = np.arange(3 * 8784)
    values = np.where(hour % 24 == 12, 5.0, 0.0)
    assert climatology(values, 48, HOURLY).mean.tolist() == np.where(np.arange(48) % 24 == 12, 5.0, 0.0).tolist()


def test_the_profile_moves_the_last_value():
    shape = np.array([0.0, 4.0, 1.0])
    history = (shape + np.array([[0.0], [10.0], [20.0]])).ravel()
    result = seasonal_profile(history, 4, 3)
    assert result.mean == pytest.approx([20.0, 24.0, 21.0, 20.0])
    assert not result.fallback


def test_the_profile_of_a_single_season_is_naive_and_says_so():
    result = seasonal_profile(np.array([1.0, 2.0, 3.0]), 2, 2)
    assert result.mean.tolist() == [3.0, 3.0]
    assert result.fallback


def test_the_spread_of_the_profile_is_that_of_a_random_walk():
    rng = np.random.default_rng(1)
    walk = rng.normal(size=(300, 200)).cumsum(axis=1) + np.resize([0.0, 9.0, -4.0, 2.0, 1.0], 200)
    inside = []
    for path in walk:
        result = seasonal_profile(path[:190], 10, 5)
        inside.append(np.abs(path[190:] - result.mean) <= 1.2816 * result.sd)
    assert np.mean(inside) == pytest.approx(0.78, abs=0.06)
