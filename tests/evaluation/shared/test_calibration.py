"""Weights are found where there is evidence, and stay where they were where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax

from recurra.errors import InputError
from recurra.evaluation.shared.calibration import (
    Blend,
    fit_blend,
    fit_label_blend,
    fit_temperature,
    fit_value_blend,
)


def drawn(logits: np.ndarray, seed: int = 0) -> np.ndarray:
    """Classes drawn from the softmax of logits [N, K]."""
    gumbel = np.random.default_rng(seed).gumbel(size=logits.shape)
    return (logits + gumbel).argmax(axis=1)


def two_models(n: int, k: int = 3, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, k)), rng.normal(size=(n, k))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_temperature(temperature: float) -> None:
    true = 2.0 * two_models(20_000)[0]
    assert fit_temperature(true * temperature, drawn(true)) == pytest.approx(temperature, rel=0.05)


@pytest.mark.slow
def test_temperature_is_the_minimum_of_the_log_loss() -> None:
    logits = two_models(50_000)[0]
    y = drawn(0.6 * logits)
    losses = {t: -log_softmax(logits / t, axis=1)[np.arange(len(y)), y].mean() for t in np.arange(1.0, 3.0, 0.01)}
    assert fit_temperature(logits, y) == pytest.approx(min(losses, key=losses.__getitem__), abs=0.011)


def test_shifts_of_all_logits_and_names_of_classes_are_of_no_account() -> None:
    network, stacked = two_models(300)
    y = drawn(network + stacked)
    blend = fit_blend(network, stacked, y)
    order = np.array([2, 0, 1])
    moved = fit_blend(network[:, order] + 5.0, stacked[:, order] - 3.0, np.argsort(order)[y])
    assert (moved.network, moved.stacked) == pytest.approx((blend.network, blend.stacked), rel=1e-4)


def test_blend() -> None:
    network, stacked = two_models(20_000)
    blend = fit_blend(network, stacked, drawn(0.7 * network + 1.8 * stacked))
    assert (blend.network, blend.stacked) == pytest.approx((0.7, 1.8), abs=0.06)
    np.testing.assert_allclose(blend(network, stacked), blend.network * network + blend.stacked * stacked)


@pytest.mark.slow
def test_a_partner_without_merit_mostly_stays_out() -> None:
    kept = 0
    for seed in range(60):
        network, noise = two_models(150, seed=seed)
        kept += fit_blend(network, noise, drawn(2 * network, seed)).stacked > 0
    assert kept <= 6  # one-sided, at two standard errors: 2.3 % expected


def test_a_partner_against_the_truth_stays_out() -> None:
    network, stacked = two_models(5000)
    blend = fit_blend(network, -stacked, drawn(network + stacked))
    assert blend.stacked == 0
    np.testing.assert_array_equal(blend(network), blend.network * network)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_handful_moves_little(n: int) -> None:
    network, stacked = two_models(n)
    blend = fit_blend(network, stacked, drawn(network))
    assert blend.network == pytest.approx(1.0, abs=0.75)
    assert blend.stacked == 0
    assert n > 0 or blend.network == 1.0


def test_all_right_is_no_reason_for_certainty() -> None:
    logits = 3.0 * np.eye(2)[np.arange(50) % 2]
    blend = fit_blend(logits, None, np.arange(50) % 2)
    assert 1.0 < blend.network < 3.0


def test_a_network_that_is_always_wrong_keeps_a_finite_temperature() -> None:
    logits = 3.0 * np.eye(2)[np.arange(500) % 2]
    temperature = fit_temperature(logits, (np.arange(500) + 1) % 2)
    assert 100 < temperature < np.inf


def test_missing_truths_are_left_out() -> None:
    network, stacked = two_models(400)
    y = drawn(network + stacked)
    y[300:] = -1
    whole, part = fit_blend(network, stacked, y), fit_blend(network[:300], stacked[:300], y[:300])
    assert (whole.network, whole.stacked) == pytest.approx((part.network, part.stacked), rel=1e-5)


def test_labels() -> None:
    network, stacked = two_models(10_000)
    rng = np.random.default_rng(2)
    chance = 1 / (1 + np.exp(-(0.5 * network + 1.5 * stacked)))
    truth = (rng.random(chance.shape) < chance).astype(float)
    truth[rng.random(truth.shape) < 0.2] = np.nan
    blend = fit_label_blend(network, stacked, truth)
    assert (blend.network, blend.stacked) == pytest.approx((0.5, 1.5), abs=0.07)
    one = fit_label_blend(network[:, :1], None, np.where(np.isnan(truth), -1, truth)[:, :1])
    two = fit_blend(
        np.hstack([0 * network[:, :1], network[:, :1]]), None, np.nan_to_num(truth[:, 0], nan=-1).astype(int)
    )
    assert one.network == pytest.approx(two.network, rel=1e-4)


def test_values() -> None:
    network, stacked = two_models(5000, k=2)
    truth = np.array([100.0, -5.0]) + np.array([10.0, 0.1]) * (0.3 * network + 0.6 * stacked)
    truth += np.array([10.0, 0.1]) * 0.2 * np.random.default_rng(0).normal(size=truth.shape)
    models = [np.array([100.0, -5.0]) + np.array([10.0, 0.1]) * model for model in (network, stacked)]
    blend = fit_value_blend(models[0], models[1], truth)
    assert (blend.network, blend.stacked) == pytest.approx((0.3, 0.6), abs=0.02)
    assert np.square(blend(*models) - truth).mean(axis=0) == pytest.approx([4.0, 4e-4], rel=0.05)
    assert fit_value_blend(models[0], -models[1], truth).stacked == 0


def test_values_with_missing_or_no_truths() -> None:
    network, stacked = two_models(60, k=1)
    truth = network + stacked
    truth[40:] = np.nan
    whole, part = fit_value_blend(network, stacked, truth), fit_value_blend(network[:40], stacked[:40], truth[:40])
    assert (whole.network, whole.stacked) == pytest.approx((part.network, part.stacked))
    assert fit_value_blend(network, stacked, np.full_like(truth, np.nan)).network == 1.0
    flat = fit_value_blend(network, stacked, np.full_like(truth, 3.0))
    np.testing.assert_allclose(flat(network), 3.0, atol=0.1)


def test_a_blend_asks_for_its_partner() -> None:
    with pytest.raises(InputError, match=r"stacked=None, but its weight is 0\.5"):
        Blend(1.0, 0.5)(np.zeros((1, 2)))
