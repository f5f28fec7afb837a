"""Targets as they come, zero, huge, constant, short or ended long ago: forecasts stay finite and ordered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import quick

RNG = np.random.default_rng(0)
N = 120
WEEK = np.tile([0.0, 1.0, 2.0, 1.0, 3.0, 9.0, 7.0], N)[:N]
NOISE = RNG.normal(size=N)
DAYS = pd.date_range("2023-01-01", periods=2000)


def table(values: np.ndarray, name: str = "a", first: int = 0) -> pd.DataFrame:
    return pd.DataFrame({"day": DAYS[first : first + len(values)], "shop": name, "y": values})


def check(data: pd.DataFrame, horizon: int = 5, **options) -> pd.DataFrame:
    series = "shop" if data["shop"].nunique() > 1 else None
    ahead = quick(horizon, **options).fit(data, series=series).predict(levels=[20, 50, 80, 95, 99])
    ladder = [f"lo_{p}" for p in (99, 95, 80, 50, 20)] + ["forecast"] + [f"hi_{p}" for p in (20, 50, 80, 95, 99)]
    values = ahead[ladder].to_numpy()
    assert np.isfinite(values).all()
    assert (np.diff(values, axis=1) >= 0).all()
    assert len(ahead) == horizon * data["shop"].nunique()
    return ahead


TARGETS = {
    "intermittent": np.where(RNG.random(N) < 0.08, RNG.integers(1, 9, N), 0).astype(float),
    "zero but once": np.eye(1, N, 100)[0],
    "zero until the end": np.r_[np.zeros(N - 3), 5.0, 6.0, 7.0],
    "zero at the end": np.r_[50 + NOISE[:-40], np.zeros(40)],
    "constant in places": np.r_[np.full(40, 7.0), 7 + NOISE[:40], np.full(40, 3.0)],
    "a step": np.r_[np.full(60, 1.0), np.full(60, 2.0)],
    "huge": 1e12 * (50 + WEEK + NOISE),
    "beyond float32": 1e60 * (50 + WEEK + NOISE),
    "tiny": 1e-9 * (50 + WEEK + NOISE),
    "hardly there": 1e-60 * (50 + WEEK + NOISE),
    "negative": -(50 + WEEK + NOISE),
    "around zero": NOISE,
    "exponential": np.exp(np.arange(N) / 4 + NOISE / 10),
    "a tiny change on a huge level": 1e9 + WEEK + NOISE,
    "a line": np.arange(N, dtype=float),
    "an outlier": np.where(np.arange(N) == 90, 1e15, 50 + NOISE),
    "whole numbers": np.round(5 + WEEK),
    "mostly missing": np.where((np.arange(N) % 9 < 7) & (np.arange(N) < N - 1), np.nan, 50 + NOISE),
    "a long hole": np.where((np.arange(N) > 40) & (np.arange(N) < 100), np.nan, 50 + WEEK + NOISE),
    "yes and no": (NOISE > 0).astype(float),
}


@pytest.mark.parametrize("name", TARGETS)
def test_forecasts_are_finite_and_ordered(name: str) -> None:
    ahead = check(table(TARGETS[name]), season=None)
    seen = TARGETS[name][np.isfinite(TARGETS[name])]
    spread = np.ptp(seen)
    if name not in ("exponential", "an outlier"):
        assert ahead["forecast"].between(seen.min() - 2 * spread, seen.max() + 2 * spread).all()


@pytest.mark.parametrize("name", ["huge", "tiny", "negative"])
def test_the_unit_does_not_matter(name: str) -> None:
    factor = {"huge": 1e12, "tiny": 1e-9, "negative": -1.0}[name]
    plain, other = (check(table(k * (50 + WEEK + NOISE)), season=7) for k in (1.0, factor))
    if factor > 0:
        np.testing.assert_allclose(other["forecast"], factor * plain["forecast"], rtol=1e-3)
    else:
        np.testing.assert_allclose(other["forecast"], -plain["forecast"], rtol=0.2)


@pytest.mark.parametrize(("horizon", "rows"), [(1, 12), (1, 60), (40, 200)])
def test_one_series_of_any_horizon(horizon: int, rows: int) -> None:
    values = 50 + np.tile(WEEK, 2)[:rows] + RNG.normal(size=rows)
    ahead = check(table(values), horizon, season=None)
    assert ahead["day"].iloc[-1] == DAYS[rows + horizon - 1]


def test_a_horizon_longer_than_the_block() -> None:
    check(table(50 + WEEK + NOISE), 20, block=3)
    check(table(50 + WEEK + NOISE), 3, block=20)


def test_short_series_among_long_ones() -> None:
    parts = [table(50 + WEEK + NOISE, "long")]
    parts += [table(1000 + NOISE[:n], f"of {n}", N - n) for n in (1, 2, 3, 8)]
    ahead = check(pd.concat(parts))
    assert ahead.loc[ahead["shop"] == "of 1", "forecast"].to_numpy() == pytest.approx(1000, abs=100)
    assert ahead.loc[ahead["shop"] == "long", "forecast"].to_numpy() == pytest.approx(55, abs=15)


def test_a_series_that_ended_years_ago_is_forecast_from_its_end() -> None:
    ahead = check(pd.concat([table(50 + WEEK + NOISE, "old"), table(20 + WEEK + NOISE, "new", 1500)]))
    first = ahead.groupby("shop")["day"].min()
    assert first["old"] == DAYS[N]
    assert first["new"] == DAYS[1500 + N]


def test_a_constant_series_among_others() -> None:
    ahead = check(pd.concat([table(50 + WEEK + NOISE, "alive"), table(np.full(N, 7.0), "dead")]))
    assert ahead.loc[ahead["shop"] == "dead", "forecast"].to_numpy() == pytest.approx(7, abs=20)


@pytest.mark.usefixtures("baselines_here")
@pytest.mark.parametrize("name", ["intermittent", "zero until the end", "mostly missing", "beyond float32"])
def test_odd_targets_can_be_evaluated(name: str) -> None:
    backtest = quick(season=None, epochs=0.5).backtest(table(TARGETS[name]), 3)
    assert backtest.verdict.sentence
