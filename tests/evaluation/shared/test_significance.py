"""The tests hold their size under the null, find what is there, and refuse to decide on too little."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import t as student
from scipy.stats import ttest_1samp

from recurra.errors import InputError
from recurra.evaluation.shared.significance import (
    LEAST_UNITS,
    compare,
    diebold_mariano,
    fixed_bartlett,
    long_run_variance,
    over_series,
    over_windows,
)

NAN = float("nan")
DIFFERENCES = hnp.arrays(np.float64, st.integers(6, 40), elements=st.floats(-10, 10).map(lambda v: round(v, 3)))


def moving_sum(rng: np.random.Generator, n: int, lag: int) -> np.ndarray:
    """Overlapping windows: n sums of lag + 1 independent shocks, autocorrelated up to `lag`."""
    return np.convolve(rng.normal(size=n + lag), np.ones(lag + 1), "valid")


def false_alarms(draw: Callable[[np.random.Generator], np.ndarray], overlap: int = 0, runs: int = 1500) -> float:
    rng = np.random.default_rng(2)
    return float(np.mean([compare(draw(rng), overlap).p_value < 0.05 for _ in range(runs)]))


def test_long_run_variance_by_hand():
    d = [1.0, 3.0, 2.0, 6.0]  # around the mean: -2, 0, -1, 3
    assert long_run_variance(d, 0) == pytest.approx(14 / 4)
    assert long_run_variance(d, 1) == pytest.approx((14 + 2 * -3) / 4)
    assert long_run_variance(d, 1, bartlett=True) == pytest.approx((14 - 3) / 4)


def test_diebold_mariano_by_hand():
    d = np.array([1.0, 3.0, 2.0, 6.0, 4.0, 1.0])
    n, h = 6, 2
    variance = long_run_variance(d, 1)
    plain = d.mean() / np.sqrt(variance / n)
    corrected = plain * np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
    test = diebold_mariano(d, lag=1)
    assert test.statistic == pytest.approx(corrected)
    assert test.p_value == pytest.approx(2 * student.sf(corrected, n - 1))
    assert test.p_better == pytest.approx(student.cdf(corrected, n - 1))


@given(DIFFERENCES)
def test_without_lags_it_is_the_t_test(d):
    if np.ptp(d) > 1e-6:
        expected: Any = ttest_1samp(d, 0.0)
        test = diebold_mariano(d)
        assert test.statistic == pytest.approx(expected.statistic)
        assert test.p_value == pytest.approx(expected.pvalue)


def test_a_variance_that_is_not_positive_is_taken_with_bartlett_weights():
    d = np.array([1.0, -1.0, 1.0, -1.0, 1.0, -0.9])
    assert long_run_variance(d, 1) < 0
    test = diebold_mariano(d, lag=1)
    assert np.isfinite(test.statistic)
    assert 0 < test.p_value <= 1


def test_fixed_bartlett_of_width_one_is_nearly_the_z_test():
    d = np.random.default_rng(0).normal(size=1000) + 0.05
    expected = d.mean() / (d.std() / np.sqrt(1000))
    assert fixed_bartlett(d, 1).statistic == pytest.approx(expected, rel=2e-3)


@given(DIFFERENCES, st.sampled_from([0.001, 8.0, 1e9]))
def test_units_do_not_matter_and_signs_swap(d, unit):
    plain, scaled, swapped = compare(d[None]), compare(d[None] * unit), compare(-d[None])
    assert scaled.p_value == pytest.approx(plain.p_value)
    assert swapped.p_value == pytest.approx(plain.p_value)
    assert swapped.p_better == pytest.approx(1 - plain.p_better)


@pytest.mark.slow
@pytest.mark.parametrize("n", [10, 50])
def test_size_over_independent_windows(n):
    assert 0.01 <= false_alarms(lambda rng: rng.normal(size=(1, n))) <= 0.06


@pytest.mark.slow
@pytest.mark.parametrize(("n", "lag"), [(24, 3), (50, 7)])
def test_size_over_overlapping_windows(n, lag):
    assert 0.02 <= false_alarms(lambda rng: moving_sum(rng, n, lag)[None], overlap=lag) <= 0.08


@pytest.mark.slow
def test_size_over_windows_whose_losses_persist():
    def draw(rng: np.random.Generator) -> np.ndarray:
        d = rng.normal(size=50)
        for i in range(1, 50):
            d[i] += 0.4 * d[i - 1]
        return d[None]

    assert false_alarms(draw) <= 0.09


@pytest.mark.parametrize("n", [6, 30, 300])
def test_size_over_series(n):
    assert false_alarms(lambda rng: rng.normal(size=(n, 1))) == pytest.approx(0.05, abs=0.018)


def test_size_over_series_whose_windows_agree():
    size = false_alarms(lambda rng: rng.normal(size=(40, 1)) + 0.3 * rng.normal(size=(40, 2)))
    assert size == pytest.approx(0.05, abs=0.018)


def test_size_over_series_with_common_shocks():
    size = false_alarms(lambda rng: rng.normal(size=(1, 20)) + rng.normal(size=(25, 20)), runs=600)
    assert size <= 0.07


def test_size_with_heavy_tails():
    assert false_alarms(lambda rng: rng.standard_t(3, size=(100, 1))) <= 0.065


def test_power():
    rng = np.random.default_rng(3)
    found = [compare(rng.normal(size=(1, 50)) - 0.6).p_value < 0.05 for _ in range(300)]
    assert np.mean(found) > 0.9
    found = [compare(rng.normal(size=(300, 1)) - 0.25).p_value < 0.05 for _ in range(300)]
    assert np.mean(found) > 0.9


def test_what_is_tested_depends_on_what_there_is():
    rng = np.random.default_rng(4)
    assert compare(rng.normal(size=(1, 30))).over == "windows"
    assert compare(rng.normal(size=(30, 2))).over == "series"
    assert compare(rng.normal(size=(3, 2))).over == "nothing"
    assert compare(np.full((4, 4), NAN)).over == "nothing"
    both = rng.normal(size=(10, 12)) - 0.2
    assert compare(both).p_value == max(over_windows(both.mean(0)).p_value, over_series(both.mean(1)).p_value)


def test_overlapping_windows_do_not_count_as_many():
    d = np.random.default_rng(5).normal(size=(1, 24))
    assert compare(d, overlap=3).over == "windows"
    assert compare(d, overlap=5).over == "nothing"  # 24 windows, of which four lie side by side


def test_fewer_than_six_units_are_not_tested():
    d = np.arange(LEAST_UNITS - 1.0)
    for test in (over_windows(d), over_series(d)):
        assert test.over == "nothing"
        assert np.isnan(test.p_value)
    assert over_windows(np.array([])).over == "nothing"


def test_series_without_a_window_are_left_out():
    d = np.random.default_rng(6).normal(size=(20, 2))
    ragged = np.vstack([d, np.full((5, 2), NAN)])
    assert compare(ragged) == compare(d)


def test_no_difference_at_all_and_the_same_difference_always():
    assert compare(np.zeros((1, 10))).p_value == 1.0
    assert compare(np.full((1, 10), -0.3)).p_value == 0.0
    assert compare(np.full((1, 10), -0.3)).p_better == 0.0


@pytest.mark.parametrize(("n", "lag"), [(1, 0), (0, 0), (5, 5), (5, -1)])
def test_refusals(n, lag):
    with pytest.raises(InputError, match=f"{n} loss differences and lag {lag} allow no test"):
        diebold_mariano(np.arange(float(n)), lag)
