"""Weights of a combination: they add up, find the better forecast, and shrink where there is little to tell."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.evaluation.forecast.combination import Combination, Tried, fit_weights, weighted_mean

NAN = float("nan")


def tried(points: dict[str, np.ndarray], truth: np.ndarray, series: np.ndarray, scale: float = 1.0) -> Tried:
    """Windows side by side, in order."""
    horizon = truth.shape[1]
    moments = np.array([horizon * (series[:k] == s).sum() + 50 for k, s in enumerate(series)])
    return Tried(points, truth, series, moments, np.full(int(series.max()) + 1, scale))


def noisy(seed: int, windows: int, sd: dict[str, float]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Forecasts that miss the truth by so much each."""
    rng = np.random.default_rng(seed)
    truth = 100 + rng.normal(size=(windows, 6))
    return {name: truth + s * rng.normal(size=truth.shape) for name, s in sd.items()}, truth


def test_weights_are_shares():
    points, truth = noisy(0, 12, {"a": 1.0, "b": 2.0, "c": 5.0})
    names, weights = fit_weights(tried(points, truth, np.repeat([0, 1, 2], 4)))
    assert names == ("a", "b", "c")
    assert weights.shape == (4, 3)
    assert (weights >= 0).all()
    assert weights.sum(axis=1) == pytest.approx(1.0)


def test_a_forecast_that_is_always_right_counts_alone():
    points, truth = noisy(1, 10, {"wrong": 3.0, "right": 0.0})
    names, weights = fit_weights(tried(points, truth, np.zeros(10, dtype=np.int64)))
    assert weights[-1, names.index("right")] > 0.999


def test_two_forecasts_that_err_apart_are_better_together():
    points, truth = noisy(2, 200, {"a": 1.0, "b": 1.0})
    _, weights = fit_weights(tried(points, truth, np.zeros(200, dtype=np.int64)))
    assert weights[-1] == pytest.approx([0.5, 0.5], abs=0.06)
    mixed = weighted_mean(list(points.values()), np.tile(weights[-1], (200, 1)))
    assert np.abs(truth - mixed).mean() < 0.8 * min(np.abs(truth - p).mean() for p in points.values())


def test_with_many_windows_the_worse_is_dropped_and_with_few_it_is_not():
    few = fit_weights(tried(*noisy(3, 2, {"a": 1.0, "b": 1.6}), np.zeros(2, dtype=np.int64)))[1][-1]
    points, truth = noisy(3, 400, {"a": 1.0})
    points["b"] = truth + 2.0 * (points["a"] - truth)  # errs alike, and more
    many = fit_weights(tried(points, truth, np.zeros(400, dtype=np.int64)))[1][-1]
    assert few[1] > 0.1
    assert many[1] == 0.0


def test_many_series_at_one_moment_say_less_than_one_series_at_many():
    points, truth = noisy(3, 60, {"a": 1.0})
    points["b"] = truth + 1.25 * (points["a"] - truth)  # errs alike, and more
    many = fit_weights(tried(points, truth, np.zeros(60, dtype=np.int64)))[1][-1]
    one = fit_weights(tried(points, truth, np.arange(60)))[1][-1]
    assert many[1] == 0.0
    assert one[1] > 0.05


def test_a_series_of_its_own_kind_gets_weights_of_its_own():
    rng = np.random.default_rng(4)
    truth = 100 + rng.normal(size=(120, 6))
    series = np.repeat(np.arange(10), 12)
    odd = (series % 2 == 1)[:, None]
    a = truth + np.where(odd, 4.0, 0.5) * rng.normal(size=truth.shape)
    b = truth + np.where(odd, 0.5, 4.0) * rng.normal(size=truth.shape)
    _, weights = fit_weights(tried({"a": a, "b": b}, truth, series))
    assert (weights[:10:2, 0] > weights[-1, 0]).all()
    assert (weights[1:10:2, 1] > weights[-1, 1]).all()


def test_series_alike_share_the_overall_weights():
    points, truth = noisy(5, 40, {"a": 1.0, "b": 1.5})
    _, weights = fit_weights(tried(points, truth, np.repeat(np.arange(10), 4)))
    assert np.ptp(weights, axis=0) == pytest.approx([0.0, 0.0])


def test_a_forecast_missing_from_early_windows_is_evaluated_where_it_is():
    points, truth = noisy(6, 40, {"always": 2.0, "late": 0.3})
    points["late"][:30] = NAN
    names, weights = fit_weights(tried(points, truth, np.zeros(40, dtype=np.int64)))
    assert weights[-1, names.index("late")] > 0.8
    points["late"][:] = NAN
    assert fit_weights(tried(points, truth, np.zeros(40, dtype=np.int64)))[1][-1].tolist() == [1.0, 0.0]


def test_errors_in_percent_count_as_much_as_scaled_ones():
    rng = np.random.default_rng(7)
    truth = np.repeat([[10.0], [1000.0]], 50, axis=0) * np.ones((100, 4))
    low_right = np.where(truth < 100, truth, truth + 60 * rng.normal(size=truth.shape))
    high_right = np.where(truth > 100, truth, truth + 6 * rng.normal(size=truth.shape))
    _, weights = fit_weights(tried({"low": low_right, "high": high_right}, truth, np.zeros(100, dtype=np.int64)))
    _, mixed_sign = fit_weights(
        tried({"low": low_right - 500, "high": high_right - 500}, truth - 500, np.zeros(100, dtype=np.int64))
    )
    assert weights[-1, 0] > mixed_sign[-1, 0] + 0.2


def test_what_is_expected_counts_until_losses_say_otherwise():
    few, truth = noisy(10, 2, {"a": 1.0, "b": 1.0})
    plain = fit_weights(tried(few, truth, np.zeros(2, dtype=np.int64)))[1][-1]
    expecting = fit_weights(tried(few, truth, np.zeros(2, dtype=np.int64)), {"a": 10.0})[1][-1]
    assert expecting[0] > plain[0] + 0.1
    many, truth = noisy(11, 300, {"a": 2.0, "b": 1.0})
    many["a"] = truth + 2.0 * (many["b"] - truth)
    assert fit_weights(tried(many, truth, np.zeros(300, dtype=np.int64)), {"a": 10.0})[1][-1, 0] < 0.1
    nothing = fit_weights(tried(few, truth[:2] * NAN, np.zeros(2, dtype=np.int64)), {"a": 3.0})[1]
    assert nothing.tolist() == [[0.75, 0.25]] * 2


def test_nothing_known_leaves_all_alike():
    points, truth = noisy(8, 3, {"a": 1.0, "b": 1.0})
    _, weights = fit_weights(tried(points, truth * NAN, np.zeros(3, dtype=np.int64)))
    assert weights.tolist() == [[0.5, 0.5]] * 2


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_unit_does_not_matter(unit):
    points, truth = noisy(9, 20, {"a": 1.0, "b": 1.4, "c": 2.0})
    series = np.repeat([0, 1], 10)
    plain = fit_weights(tried(points, truth, series))[1]
    scaled = fit_weights(tried({k: p * unit for k, p in points.items()}, truth * unit, series, unit))[1]
    assert scaled == pytest.approx(plain, abs=1e-3)


def test_what_is_missing_does_not_count():
    mixed = weighted_mean([np.array([[1.0], [NAN]]), np.array([[3.0], [5.0]])], np.array([[0.5, 0.5], [0.9, 0.1]]))
    assert mixed.tolist() == [[2.0], [5.0]]


def test_a_combination_names_what_it_uses():
    combination = Combination(("a", "b", "c"), np.array([[0.7, 0.0, 0.3], [1.0, 0.0, 0.0]]), np.ones(6))
    assert combination.used == ("a", "c")
    assert combination.overall == {"a": 1.0}
    quantiles = {"a": np.zeros((2, 1, 13)), "c": np.ones((2, 1, 13))}
    assert combination.apply(quantiles, np.array([0, 1]))[:, 0, 0].tolist() == pytest.approx([0.3, 0.0])


def test_a_forecast_that_is_hopeless_alone_does_not_bend_the_others() -> None:
    draw = np.random.default_rng(0)
    truth = np.cumsum(draw.normal(size=(24, 1)), axis=0) + 100
    good = truth + 8 + 0.5 * draw.normal(size=truth.shape)  # all of them too high: a little of zero would help
    points = {"good": good, "other": good + 0.2 * draw.normal(size=truth.shape), "zero": np.zeros_like(truth)}
    one = np.zeros(24, dtype=np.int64)
    names, weights = fit_weights(Tried(points, truth, one, np.arange(24), np.ones(1)))
    assert weights[0][names.index("zero")] == 0.0
    assert weights[0].sum() == pytest.approx(1.0)
