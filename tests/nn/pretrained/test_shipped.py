"""The network in the package: small enough, and as good as it says on series that are made here."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.nn.pretrained import zero_shot
from recurra.nn.pretrained.weights import SHIPPED, shipped
from recurra.nn.quantiles import MEDIAN, QUANTILES

LOW, HIGH = QUANTILES.index(0.1), QUANTILES.index(0.9)


def seasonal(rows: int, length: int, period: int, seed: int = 0) -> np.ndarray:
    """Drifting levels, a season of any shape, noise."""
    draw = np.random.default_rng(seed)
    shape = draw.normal(size=(rows, period))
    season = np.take_along_axis(shape, np.tile(np.arange(length) % period, (rows, 1)), 1)
    return 20 + draw.normal(0, 0.1, (rows, length)).cumsum(1) + season + draw.normal(0, 0.3, (rows, length))


def test_the_file_is_small() -> None:
    assert SHIPPED.stat().st_size <= 6_000_000
    assert 500_000 <= sum(parameter.numel() for parameter in shipped().parameters()) <= 3_000_000


@pytest.mark.parametrize("period", [4, 7, 12, 24])
@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_seasons_better_than_seasonal_naive(period: int, missing: float) -> None:
    whole = seasonal(40, 10 * period + 12, period)
    past, truth = whole[:, :-12].copy(), whole[:, -12:]
    naive = past[:, len(past[0]) - period + np.arange(12) % period]
    past[np.random.default_rng(1).random(past.shape) < missing] = np.nan
    error = np.abs(zero_shot(past, 12)[:, :, MEDIAN] - truth).mean()
    # the naive forecast has all values
    assert error < (1.0 if missing else 0.9) * np.abs(naive - truth).mean()


def test_random_walks_are_as_good_as_naive_and_their_intervals_hold() -> None:
    whole = 50 + np.random.default_rng(2).normal(size=(200, 150)).cumsum(1)
    past, truth = whole[:, :-20], whole[:, -20:]
    quantiles = zero_shot(past, 20)
    error, naive = np.abs(quantiles[:, :, MEDIAN] - truth).mean(), np.abs(past[:, -1:] - truth).mean()
    assert error < 1.05 * naive
    inside = (truth >= quantiles[:, :, LOW]) & (truth <= quantiles[:, :, HIGH])
    assert 0.70 < inside.mean() < 0.90


def test_white_noise_is_forecast_by_its_mean() -> None:
    whole = np.random.default_rng(3).normal(5, 1, size=(100, 120))
    past, truth = whole[:, :-10], whole[:, -10:]
    quantiles = zero_shot(past, 10)
    assert np.abs(quantiles[:, :, MEDIAN] - 5).mean() < 0.25
    inside = (truth >= quantiles[:, :, LOW]) & (truth <= quantiles[:, :, HIGH])
    assert 0.72 < inside.mean() < 0.88


def test_a_line_goes_on() -> None:
    t = np.arange(80.0)
    lines = np.stack([10 + 2 * t, 300 - 3 * t, 5 + 0.1 * t])
    ahead = np.arange(80.0, 92.0)
    truth = np.stack([10 + 2 * ahead, 300 - 3 * ahead, 5 + 0.1 * ahead])
    step = np.array([[2.0], [3.0], [0.1]])
    assert (np.abs(zero_shot(lines, 12)[:, :, MEDIAN] - truth) / step).mean() < 2.0  # steps of the line


def test_what_is_farther_is_less_certain() -> None:
    walks = 100 + np.random.default_rng(4).normal(size=(30, 200)).cumsum(1)
    quantiles = zero_shot(walks, 300)
    width = (quantiles[:, :, HIGH] - quantiles[:, :, LOW]).mean(0)
    assert width[10] < width[60] < width[250]


def test_a_season_goes_on_beyond_the_network_s_own_horizon() -> None:
    x = seasonal(20, 24 * 12, 24, seed=5)
    past, truth = x[:, : 24 * 6], x[:, 24 * 6 :]
    error = np.abs(zero_shot(past, 144)[:, 72:, MEDIAN] - truth[:, 72:]).mean()
    level = np.abs(past.mean(1, keepdims=True) - truth[:, 72:]).mean()
    assert error < 0.9 * level


@pytest.mark.parametrize("length", [4, 6, 9, 14, 20])
def test_short_histories_are_about_as_good_as_naive(length: int) -> None:
    whole = 30 + np.random.default_rng(6).normal(size=(200, length + 6)).cumsum(1)
    past, truth = whole[:, :length], whole[:, length:]
    error = np.abs(zero_shot(past, 6)[:, :, MEDIAN] - truth).mean()
    assert error < 1.15 * np.abs(past[:, -1:] - truth).mean()


@pytest.mark.slow
def test_co2_of_mauna_loa() -> None:
    import statsmodels.api as sm

    data = sm.datasets.co2.load_pandas().data
    assert data is not None
    values = data["co2"].to_numpy(float)
    past, truth = values[:-52], values[-52:]
    naive = np.nanmean(np.abs(past[-52:] - truth))
    assert np.nanmean(np.abs(zero_shot(past, 52)[:, MEDIAN] - truth)) < 0.6 * naive
