"""All baselines together: nothing looks ahead, everything stays finite, units do not matter."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.drawing import examples

from recurra.errors import InputError
from recurra.evaluation.forecast.baselines import forecast_baselines, methods_for
from recurra.evaluation.forecast.columns import quantile_column
from recurra.evaluation.forecast.intermittent import NAMES as INTERMITTENT
from recurra.evaluation.forecast.statistical import STATISTICAL
from recurra.evaluation.forecast.steps import Steps

NAN = float("nan")
LEVELS = (0.1, 0.5, 0.9)
PLAIN = ["naive", "seasonal naive", "drift", "seasonal naive with drift", "mean", "climatology", "seasonal profile"]
FAST = [*PLAIN, "AutoTheta", "AutoETS", "AutoCES", "MSTL"]
RNG = np.random.default_rng(4)
SERIES = [
    np.exp(0.01 * np.arange(150) + 0.2 * np.sin(np.arange(150) * np.pi / 6) + 0.05 * RNG.normal(size=150)),
    RNG.normal(size=90).cumsum(),
]
ORIGINS = [np.array([100, 112, 130]), np.array([60, 70])]
MAGNITUDES = st.sampled_from([1e-9, 1.0, 1e12])
WILD = st.floats(-1.0, 1.0) | st.just(0.0) | st.just(NAN) | st.sampled_from([1e-12, -1e9, 1e9])


def values(frame: pd.DataFrame) -> np.ndarray:
    return frame.drop(columns=["series", "origin", "step"]).to_numpy(dtype=np.float64)


@pytest.mark.slow
def test_the_frame_has_a_row_per_series_origin_and_step():
    frame = forecast_baselines(SERIES, ORIGINS, 5, 12, levels=LEVELS)
    assert len(frame) == 5 * 5
    assert frame["series"].tolist() == [0] * 15 + [1] * 10
    assert frame["origin"].drop_duplicates().tolist() == [100, 112, 130, 60, 70]
    methods = methods_for(SERIES, ORIGINS, Steps((12,)))[0]
    expected = [c for m in methods for c in (m, *(quantile_column(q, m) for q in LEVELS))]
    assert set(frame.columns) == {"series", "origin", "step", *expected}
    assert set(STATISTICAL) < set(methods)
    for method in set(methods) - {"mean"}:
        assert frame[quantile_column(0.5, method)].to_numpy() == pytest.approx(frame[method].to_numpy())
        assert (frame[quantile_column(0.1, method)] <= frame[method]).all()
        assert (frame[method] <= frame[quantile_column(0.9, method)]).all()


def test_without_a_season_there_is_no_seasonal_naive():
    assert "seasonal naive" not in methods_for(SERIES, ORIGINS, Steps())[0]


@pytest.mark.slow
@pytest.mark.parametrize("season", [1, 12, 70])
def test_the_future_leaves_no_trace(season):
    before = forecast_baselines(SERIES, ORIGINS, 5, season, levels=LEVELS, methods=FAST)
    for k in range(3):
        changed = [s.copy() for s in SERIES]
        for series, ends in zip(changed, ORIGINS, strict=True):
            future = series[ends[min(k, len(ends) - 1)] :]
            future[:] = np.resize([1e6, NAN, -3.0], len(future))
        after = forecast_baselines(changed, ORIGINS, 5, season, levels=LEVELS, methods=FAST)
        known = before["origin"].isin([ends[j] for ends in ORIGINS for j in range(min(k + 1, len(ends)))])
        assert len(before[~known]) == (15, 5, 0)[k]
        pd.testing.assert_frame_equal(before[known], after[known], check_exact=True)
        assert (before[~known]["AutoETS"] != after[~known]["AutoETS"]).all()


@pytest.mark.slow
def test_every_origin_is_fitted_anew():
    first = forecast_baselines(SERIES, [np.array([100, 140]), np.array([60])], 3, 12, levels=LEVELS, methods=FAST)
    alone = forecast_baselines(SERIES, [np.array([140]), np.array([60])], 3, 12, levels=LEVELS, methods=FAST)
    later = first[(first["series"] == 0) & (first["origin"] == 140)].reset_index(drop=True)
    pd.testing.assert_frame_equal(later, alone[:3], check_exact=True)


@pytest.mark.slow
def test_a_form_is_chosen_at_some_origins_and_estimated_at_all(monkeypatch):
    chosen: list[int] = []
    select = type(STATISTICAL["AutoTheta"]).select

    def counting(self, y, steps, ahead):
        chosen.append(len(y))
        return select(self, y, steps, ahead)

    monkeypatch.setattr(type(STATISTICAL["AutoTheta"]), "select", counting)
    forecast_baselines([SERIES[0]], [np.arange(100, 140)], 2, 12, levels=LEVELS, methods=["AutoTheta"])
    assert chosen == [100, 105, 110, 115, 120, 125, 130, 135]


def test_what_takes_too_long_is_left_out_and_named():
    methods, left_out = methods_for([SERIES[0]] * 3000, [np.array([100])] * 3000, Steps((12,)), 60.0)
    assert "AutoTheta" in methods
    assert "AutoARIMA" not in methods
    assert "more than the 60 s" in left_out["AutoARIMA"]
    frame = forecast_baselines(SERIES, ORIGINS, 2, levels=LEVELS, methods=["naive"])
    assert frame.attrs["left_out"] == {}


def test_methods_for_intermittent_demand_are_for_intermittent_demand():
    demand = np.where(RNG.random(200) < 0.1, 3.0, 0.0)
    assert set(INTERMITTENT) < set(methods_for([demand], [np.array([150])], Steps((7,)))[0])
    assert not set(INTERMITTENT) & set(methods_for(SERIES, ORIGINS, Steps((12,)))[0])
    frame = forecast_baselines([demand], [np.array([150])], 3, 7, levels=LEVELS, methods=[*INTERMITTENT, "mean"])
    for name in (*INTERMITTENT, "mean"):
        assert frame[name].between(0.1, 1.0).all()
        assert (frame[f"{name}:q0.5"] == 0.0).all()


@pytest.mark.slow
@pytest.mark.parametrize("unit", [1e-9, 1000.0, 1e12])
def test_a_change_of_unit_changes_nothing_else(unit):
    plain = forecast_baselines(SERIES, ORIGINS, 4, 12, levels=LEVELS, methods=FAST)
    scaled = forecast_baselines([s * unit for s in SERIES], ORIGINS, 4, 12, levels=LEVELS, methods=FAST)
    assert values(scaled) / unit == pytest.approx(values(plain), rel=0.02, abs=0.02)  # as far as optimisers agree


@pytest.mark.slow
def test_float32_is_read_as_it_is():
    singles = [s.astype(np.float32) for s in SERIES]
    same = forecast_baselines([s.astype(np.float64) for s in singles], ORIGINS, 4, 12, levels=LEVELS, methods=FAST)
    pd.testing.assert_frame_equal(forecast_baselines(singles, ORIGINS, 4, 12, levels=LEVELS, methods=FAST), same)


@pytest.mark.slow
def test_after_a_gap_at_the_end_every_method_looks_further_ahead():
    gap = SERIES[0].copy()
    gap[97:100] = NAN
    seen = forecast_baselines([gap], [np.array([100])], 4, 12, levels=LEVELS, methods=FAST)
    whole = forecast_baselines([gap[:97]], [np.array([97])], 7, 12, levels=LEVELS, methods=FAST)
    seen_naive, whole_naive = seen["naive:q0.9"].to_numpy(), whole["naive:q0.9"].to_numpy()
    assert seen_naive == pytest.approx(whole_naive[3:])
    for method in ("seasonal naive", "drift"):
        assert seen[method].to_numpy() == pytest.approx(whole[method].to_numpy()[3:])


def test_leading_gaps_change_nothing():
    padded = np.r_[np.full(20, NAN), SERIES[1]]
    plain = forecast_baselines([SERIES[1]], [np.array([60])], 3, 4, levels=LEVELS, methods=FAST)
    late = forecast_baselines([padded], [np.array([80])], 3, 4, levels=LEVELS, methods=FAST)
    assert np.array_equal(values(plain), values(late))


def test_nothing_known_gives_nothing():
    history = np.r_[np.full(10, NAN), np.arange(20.0)]
    frame = forecast_baselines([history], [np.array([5, 20])], 2, levels=LEVELS, methods=FAST)
    assert np.isnan(values(frame)[:2]).all()
    assert np.isfinite(values(frame)[2:]).all()


def test_stand_ins_are_counted():
    frame = forecast_baselines(
        [np.full(40, 3.0), SERIES[1]], [np.array([20, 30]), np.array([60])], 2, levels=LEVELS, methods=FAST
    )
    found = frame.attrs["fallbacks"]
    assert {name: found[name] for name in ("naive", "drift", "AutoTheta", "AutoETS")} == {
        "naive": 0,
        "drift": 0,
        "AutoTheta": 2,
        "AutoETS": 2,
    }
    assert (frame[frame["series"] == 0][list(found)] == 3.0).all().all()


@pytest.mark.slow
@settings(max_examples=examples(25), deadline=None)
@given(
    hnp.arrays(np.float64, st.integers(1, 60), elements=WILD),
    MAGNITUDES,
    st.integers(1, 9),
    st.integers(1, 12),
)
def test_any_history_gives_finite_forecasts(history, magnitude, season, horizon):
    history = history * magnitude
    ends = np.unique([max(1, len(history) // 2), len(history)])
    frame = forecast_baselines([history], [ends], horizon, season, levels=LEVELS, methods=FAST)
    known = np.repeat([not np.isnan(history[:end]).all() for end in ends], horizon)
    assert np.isfinite(values(frame)[known]).all()
    assert np.isnan(values(frame)[~known]).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    "history",
    [
        np.r_[np.zeros(30), 1.0, np.zeros(30)],
        np.arange(61.0),
        np.resize([0.0, 5.0], 61),
        2.0 ** np.arange(61),
        np.r_[np.full(40, 1e-9), np.full(21, 1e12)],
        np.r_[np.full(40, 1e-310), np.full(21, 1e12)],
        np.resize([NAN, 1.0, NAN, 2.0, 3.0], 61),
    ],
    ids=["pulse", "line", "alternating", "doubling", "jump", "leap", "holes"],
)
@pytest.mark.parametrize("season", [1, 2, 7, 30])
def test_odd_histories_give_finite_forecasts(history, season):
    frame = forecast_baselines([history], [np.array([20, 41, 61])], 9, season, levels=LEVELS, methods=FAST)
    assert np.isfinite(values(frame)).all()


def test_a_straight_line_is_continued():
    frame = forecast_baselines([np.arange(40.0)], [np.array([40])], 3, levels=LEVELS, methods=FAST)
    assert frame["drift"].tolist() == [40.0, 41.0, 42.0]
    assert frame["AutoETS"].to_numpy() == pytest.approx([40.0, 41.0, 42.0], abs=0.3)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (([SERIES[0]], [np.array([50])], 0), "horizon=0 must be at least 1"),
        (([SERIES[0]], [np.array([50])], 2, 0), "season=0"),
        (([SERIES[0]], [], 2), "histories has 1 series, origins has 0"),
        (([SERIES[0]], [np.array([60, 50])], 2), r"origins\[0\]=.* must increase"),
    ],
)
def test_refusals(arguments, text):
    with pytest.raises(InputError, match=text):
        forecast_baselines(*arguments)


@pytest.mark.spawn
def test_it_runs_in_a_spawned_process():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(forecast_baselines, (SERIES, ORIGINS, 3, 12), {"methods": FAST})
    here = forecast_baselines(SERIES, ORIGINS, 3, 12, methods=FAST)
    pd.testing.assert_frame_equal(there, here)
    assert there.attrs == here.attrs


@pytest.mark.spawn
def test_it_needs_no_torch():
    modules = "recurra.evaluation.forecast.baselines, recurra.evaluation.forecast.backtest"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
