"""What is learnt about magnitudes: in the user's unit it changes nothing, and a gap is no number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.panels import make_panel

from recurra.data.panel.scaling import FLOOR, chosen_logs, fit_scaling, inverse, transform, wants_log

RNG = np.random.default_rng(0)
STEPS = RNG.normal(size=300)


def growing(noise: float = 0.05) -> np.ndarray:
    """Changes in proportion to the level, which rises a hundredfold."""
    return np.exp(np.linspace(0, 5, 300) + noise * STEPS)


def test_logarithms_where_changes_grow_with_the_level() -> None:
    assert wants_log([growing()])
    assert wants_log([growing() * 1e9, growing() * 1e-9])
    assert not wants_log([50 + np.linspace(0, 1000, 300) + 20 * np.tanh(STEPS)])


@pytest.mark.parametrize("least", [0.0, -1.0])
def test_no_logarithms_of_what_is_not_positive(least: float) -> None:
    values = growing()
    values[7] = least
    assert not wants_log([values])


@pytest.mark.parametrize(
    "values", [np.full(50, 7.0), np.full(50, np.nan), np.array([1.0]), np.array([1.0, 2.0]), np.eye(1, 50)[0]]
)
def test_little_to_learn_from_gives_finite_statistics(values: np.ndarray) -> None:
    scaling = fit_scaling(make_panel([values]), 7)
    assert not scaling.log
    for name in ("floor", "typical"):
        array = getattr(scaling, name)
        assert array.shape == (2,)
        assert np.isfinite(array).all()
    assert (scaling.floor > 0).all()


@given(st.floats(1e-9, 1e9))
def test_statistics_follow_the_unit(factor: float) -> None:
    panel, other = make_panel([STEPS + 50]), make_panel([(STEPS + 50) * factor])
    one, two = (fit_scaling(p, 7, log=False) for p in (panel, other))
    np.testing.assert_allclose(two.floor, one.floor * factor, rtol=1e-6)
    np.testing.assert_allclose(two.typical, one.typical * factor, rtol=1e-6)
    logs = [fit_scaling(p, 7, log=True) for p in (panel, other)]
    np.testing.assert_allclose(logs[1].floor, logs[0].floor, rtol=1e-6)


def test_the_floor_is_a_share_of_the_typical_change() -> None:
    line = np.arange(50.0)
    assert fit_scaling(make_panel([line]), 1, log=False).floor == pytest.approx([FLOOR, FLOOR])
    assert fit_scaling(make_panel([line]), 7, log=False).floor == pytest.approx([7 * FLOOR, 7 * FLOOR])


def test_a_constant_series_borrows_from_the_others() -> None:
    scaling = fit_scaling(make_panel([np.arange(50.0), np.full(50, 3.0)]), 1, log=False)
    assert scaling.floor[1] == scaling.floor[0]


def test_names_find_their_numbers() -> None:
    scaling = fit_scaling(make_panel([STEPS, STEPS]), 7)
    assert scaling.number(("s1", "s0", "?", "s1")).tolist() == [1, 0, 2, 1]


def test_covariates_leave_out_what_is_missing() -> None:
    panel = make_panel([STEPS], past=3, known=1)
    panel.past[:, 0] = np.where(np.arange(300) % 2, np.nan, 5.0)
    panel.past[:, 1] = np.nan
    scaling = fit_scaling(panel, 7)
    assert scaling.past_gaps.tolist() == [True, True, False]
    assert scaling.past_mean[:2].tolist() == [5.0, 0.0]
    assert scaling.past_spread[:2].tolist() == [1.0, 1.0]
    assert scaling.past_mean[2] == pytest.approx(panel.past[:, 2].astype(float).mean())


@given(st.lists(st.floats(1e-300, 1e300), min_size=1), st.booleans())
def test_there_and_back(values: list[float], log: bool) -> None:
    np.testing.assert_allclose(inverse(transform(np.array(values), log), log), values, rtol=1e-12)


def test_far_logarithms_stay_finite() -> None:
    assert np.isfinite(inverse(np.array([1e6, -1e6, 709.0]), True)).all()


def test_what_has_no_logarithm_is_missing() -> None:
    assert np.isnan(transform(np.array([0.0, -1.0, np.nan]), True)).all()


def test_logarithms_are_decided_for_each_series() -> None:
    """One that tells by itself is taken as it tells; one with a zero never is; a short one follows the others."""
    line = 50 + np.linspace(0, 1000, 300) + 20 * np.tanh(STEPS)
    zero = growing()
    zero[5] = 0.0
    series = [growing(), growing(0.08), line, zero, growing()[:12]]
    assert chosen_logs(series[:2]).tolist() == [True, True, True]
    assert chosen_logs([*series[:2], zero]).tolist() == [True, True, False, False]
    assert chosen_logs([line, line + 3.0]).tolist() == [False, False, False]
    mixed = chosen_logs(series)
    assert mixed[:4].tolist() == [True, True, False, False]
    scaling = fit_scaling(make_panel([growing(), line]), 7)
    assert scaling.in_logarithms.tolist()[:2] == [True, False]
    assert scaling.typical[0] < 6 < scaling.typical[1]  # each in its own


def test_each_row_back_in_its_own_units() -> None:
    u = np.array([[0.0, 1.0], [0.0, 1000.0]])
    np.testing.assert_allclose(inverse(u, np.array([True, False])), [[1.0, np.e], [0.0, 1000.0]])
