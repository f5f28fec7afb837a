"""Linear regression of the next steps on the last ones, beside the same by plain least squares."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.evaluation.forecast.baselines import forecast_baselines
from recurra.evaluation.forecast.linear import LinearForm, choose, fit, forms_for, levelled, products
from recurra.evaluation.forecast.steps import Steps


def walk(length: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=length).cumsum()


def windows(y: np.ndarray, size: int) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(y, size)


@pytest.mark.parametrize(("first", "end"), [(0, 48), (3, 40), (5, 6)])
def test_products_are_those_of_the_windows(first: int, end: int) -> None:
    y = walk(60)
    part = windows(y, 13)[first:end]
    np.testing.assert_allclose(products(y, first, end, 13), part.T @ part, rtol=1e-9, atol=1e-9)
    less = part - part[:, 5:8].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(levelled(part.T @ part, 8, 3), less.T @ less, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("level", [1, 4])
def test_weights_and_errors_are_those_of_ridge_regression(level: int) -> None:
    y, length, ahead, penalty = walk(200), 6, 3, 0.1
    fitted = fit(y, LinearForm(length, level, penalty), ahead)
    parts = windows(y - y.mean(), length + ahead)
    parts = parts - parts[:, length - level : length].mean(axis=1, keepdims=True)
    x, targets = parts[:, :length], parts[:, length:]
    damping = penalty * (x**2).sum() / length
    expected = np.linalg.solve(x.T @ x + damping * np.eye(length), x.T @ targets)
    np.testing.assert_allclose(fitted.weights, expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(fitted.sd, np.sqrt(((targets - x @ expected) ** 2).mean(axis=0)), rtol=1e-6)
    past, mean = y[-length:], y[-level:].mean()
    np.testing.assert_allclose(fitted.forecast(y), (past - mean) @ expected + mean, rtol=1e-6)


def test_a_linear_recurrence_is_continued() -> None:
    t = np.arange(420)
    y = 100 + 10 * np.sin(2 * np.pi * t / 24) + 3 * np.cos(2 * np.pi * t / 7)
    steps = Steps((24,))
    found = fit(y[:400], choose(y[:400], steps, 20), 20)
    assert np.abs(found.forecast(y[:400]) - y[400:]).max() < 0.5
    assert (found.sd < 0.5).all()


def test_noise_is_forecast_near_its_mean() -> None:
    y = np.random.default_rng(1).normal(size=2000)
    form = choose(y, Steps((24,)), 12)
    found = fit(y, form, 12)
    assert np.abs(found.forecast(y) - y.mean()).max() < 0.5
    assert np.abs(found.sd - 1).max() < 0.15


def test_a_scale_or_a_level_change_nothing_else() -> None:
    y, steps = walk(500), Steps((12,))
    plain, moved = (fit(each, choose(each, steps, 6), 6).forecast(each) for each in (y, 1e6 + 1e3 * y))
    np.testing.assert_allclose(moved, 1e6 + 1e3 * plain, rtol=1e-9)


def test_what_is_too_short_has_no_form() -> None:
    assert forms_for(Steps((52,)), 30, 13) == [(5, 1), (5, 5)]
    assert forms_for(Steps(), 20, 13) == []
    with pytest.raises(ValueError, match="too few"):
        choose(walk(20), Steps(), 13)


def test_it_is_a_baseline_with_a_fallback() -> None:
    name = "linear regression"
    frame = forecast_baselines([walk(300)], [np.array([12, 250])], 8, 12, methods=[name])
    assert frame.attrs["fallbacks"] == {name: 1}  # 12 values are too few
    later = frame[frame["origin"] == 250]
    assert np.isfinite(later[name]).all()
    assert (later[f"{name}:q0.1"] < later[f"{name}:q0.9"]).all()
