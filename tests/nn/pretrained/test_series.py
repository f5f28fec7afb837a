"""Forecasts of any series: any length, gaps, batches, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from recurra.errors import InputError
from recurra.nn.pretrained import Shape, zero_shot
from recurra.nn.pretrained.network import Pretrained
from recurra.nn.quantiles import MEDIAN, QUANTILES


@pytest.fixture(scope="module")
def network() -> Pretrained:
    torch.manual_seed(3)
    return Pretrained(Shape(patch=8, horizon=16, context=64, width=24, step_width=8)).eval()


def series(length: int, seed: int = 0) -> np.ndarray:
    return 50 + np.random.default_rng(seed).normal(size=length).cumsum()


@pytest.mark.parametrize("length", [1, 2, 3, 7, 8, 9, 63, 64, 65, 300])
@pytest.mark.parametrize("horizon", [1, 16, 40])
def test_every_length_has_a_forecast(network: Pretrained, length: int, horizon: int) -> None:
    quantiles = zero_shot(series(length), horizon, network=network)
    assert quantiles.shape == (horizon, len(QUANTILES))
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles, axis=1) >= 0).all()


def test_many_of_unequal_lengths_are_as_each_alone(network: Pretrained) -> None:
    many = [series(length, length) for length in (5, 30, 31, 200, 8, 64)]
    together = zero_shot(many, 20, network=network)
    assert together.shape == (6, 20, len(QUANTILES))
    for row, values in enumerate(many):
        np.testing.assert_allclose(together[row], zero_shot(values, 20, network=network), rtol=1e-5, atol=1e-4)


def test_two_threads_change_no_bit(network: Pretrained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recurra.nn.pretrained.series.ROWS", 2)
    many, before = [series(60, seed) for seed in range(7)], torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(zero_shot(many, 20, network=network))
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(*found)


def test_an_array_of_two_dimensions_is_many_series(network: Pretrained) -> None:
    both = np.stack([series(40, 1), series(40, 2)])
    np.testing.assert_array_equal(zero_shot(both, 8, network=network), zero_shot(list(both), 8, network=network))


def test_what_is_missing_before_the_first_value_changes_nothing(network: Pretrained) -> None:
    values = series(37)
    late = np.concatenate([np.full(29, np.nan), values])
    np.testing.assert_array_equal(zero_shot(values, 9, network=network), zero_shot(late, 9, network=network))


def test_missing_values_at_the_end_move_the_origin(network: Pretrained) -> None:
    values = series(40)
    gap = np.concatenate([values, np.full(5, np.nan)])
    assert np.isfinite(zero_shot(gap, 9, network=network)).all()


def test_values_that_begin_with_a_gap_after_the_cut(network: Pretrained) -> None:
    values = series(200)
    values[-64:-40] = np.nan
    np.testing.assert_array_equal(zero_shot(values, 9, network=network), zero_shot(values[-40:], 9, network=network))


def test_only_the_last_values_count(network: Pretrained) -> None:
    values = series(200)
    other = values.copy()
    other[:100] = -1e6
    np.testing.assert_array_equal(zero_shot(values, 9, network=network), zero_shot(other, 9, network=network))


def test_no_negative_forecast_of_what_was_never_negative(network: Pretrained) -> None:
    counts = np.random.default_rng(1).poisson(0.3, 60).astype(float)
    assert (zero_shot(counts, 40, network=network) >= 0).all()
    assert (zero_shot(counts - 5, 40, network=network) < 0).any()


@pytest.mark.parametrize("values", [[3.0], [4.0] * 30, [np.nan, 7.0, np.nan]])
def test_what_never_changes_goes_on(network: Pretrained, values: list[float]) -> None:
    quantiles = zero_shot(values, 5, network=network)
    assert (quantiles == np.nanmax(values)).all()


@pytest.mark.parametrize("size", [1e300, 1e-300, 5e-324])
def test_the_largest_and_smallest_numbers_have_forecasts(network: Pretrained, size: float) -> None:
    quantiles = zero_shot(np.random.default_rng(1).integers(1, 9, 50) * size, 20, network=network)
    assert np.isfinite(quantiles).all()


def test_frames_and_tensors_will_do(network: Pretrained) -> None:
    values = series(30)
    expected = zero_shot(values, 4, network=network)
    forms: list[Any] = [pd.Series(values), torch.from_numpy(values), list(values), pd.Series(values).astype(object)]
    for given in forms:
        np.testing.assert_array_equal(zero_shot(given, 4, network=network), expected)
    with_none: Any = [*values, None, None]
    gaps = zero_shot(with_none, 4, network=network)
    np.testing.assert_array_equal(gaps, zero_shot([*values, np.nan, np.nan], 4, network=network))


def test_a_large_level_loses_no_digits(network: Pretrained) -> None:
    values = series(50)
    moved = zero_shot(values + 1e9, 8, network=network) - 1e9
    # nought is far in both, so the forecasts are almost the same
    assert np.abs(moved[:, MEDIAN] - values[-1]).max() < 50


@pytest.mark.parametrize(
    ("values", "arguments", "words"),
    [
        (series(9), {"horizon": 0}, "horizon=0"),
        (series(9), {"horizon": 2.5}, "horizon=2.5"),
        (series(9), {"horizon": 3, "season": 1.5}, "season=1.5"),
        (series(9), {"horizon": 3, "season": 0}, "season=0"),
        ([1.0, np.inf, 2.0], {"horizon": 3}, "infinite value at row 1"),
        ([np.nan, np.nan], {"horizon": 3}, "no known value"),
        ([], {"horizon": 3}, "values is empty"),
        ([1.0] + [np.nan] * 64, {"horizon": 3}, "no known value among its last 64"),
        (["a", "b"], {"horizon": 3}, "must be numbers"),
        ([[1.0, 2.0], [np.nan]], {"horizon": 3}, "series 1 of values has no known value"),
        (np.zeros((2, 3, 4)), {"horizon": 3}, "3 dimensions"),
        (5.0, {"horizon": 3}, "0 dimensions"),
    ],
)
def test_what_cannot_be_forecast_is_refused(network: Pretrained, values, arguments, words: str) -> None:
    with pytest.raises(InputError, match=words):
        zero_shot(values, network=network, **arguments)
