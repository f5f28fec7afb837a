"""Holidays by country, from the flag or a column, reach the network, the methods beside it, and the explanation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import quick

import recurra as rc
from recurra import InputError, NetworkOptions, TrainingOptions
from recurra.data import detect_seasons, understand
from recurra.data.panel.calendar import panel_calendar
from recurra.data.time.holidays import holiday_days
from recurra.tasks.forecast.month_ends import month_ends_count

pytest.importorskip("holidays")

DAYS, HORIZON = 1100, 7


def sales(country: str = "DE", *, noise: float = 2.0, days: int = DAYS, start: str = "2021-01-04") -> pd.DataFrame:
    """A week with noise; on holidays of the country little is sold."""
    rng = np.random.default_rng(0)
    dates = pd.date_range(start, periods=days)
    units = 100.0 + 10.0 * (np.arange(days) % 7) + rng.normal(0, noise, days)
    off = np.isin(dates.to_numpy().astype("datetime64[D]"), holiday_days(country, 2020, 2026))
    return pd.DataFrame({"day": dates, "units": np.where(off, 0.2 * units, units)})


def before_christmas(table: pd.DataFrame, year: int = 2023) -> pd.DataFrame:
    return table[table["day"] <= f"{year}-12-22"]


def test_a_baseline_forecasts_christmas(baselines_here: None) -> None:
    table = before_christmas(sales())
    model = quick(HORIZON, method="AutoTheta").fit(table, holidays="DE")
    ahead = model.predict().set_index("day")["forecast"]
    assert ahead[["2023-12-25", "2023-12-26"]].max() < 60
    assert ahead[["2023-12-23", "2023-12-24", "2023-12-27", "2023-12-28"]].min() > 85
    plain = quick(HORIZON, method="AutoTheta").fit(table).predict().set_index("day")["forecast"]
    assert plain["2023-12-25"] > 85


def test_the_pretrained_network_has_them_too(baselines_here: None) -> None:
    ahead = quick(HORIZON, method="fast").fit(before_christmas(sales()), holidays=["DE"]).predict()
    low = ahead.set_index("day")
    assert low["hi_95"]["2023-12-25"] < 80 < low["lo_95"]["2023-12-27"]


@pytest.fixture(scope="module")
def learnt() -> rc.Forecaster:
    network = NetworkOptions(hidden=16, context=8)
    training = TrainingOptions(epochs=15, batch_size=64, learning_rate=0.01)
    return quick(HORIZON, network=network, training=training).fit(before_christmas(sales(noise=10.0)), holidays="DE")


def test_the_network_learns_them_and_the_explanation_names_them(learnt: rc.Forecaster) -> None:
    ahead = learnt.predict().set_index("day")["forecast"]
    assert ahead["2023-12-25"] < 0.9 * ahead["2023-12-27"]
    moved = learnt.explain(step=3)
    assert {"holiday", "calendar"} <= set(moved["feature"])
    christmas = moved[(moved["feature"] == "holiday") & (moved["day"] == "2023-12-25")]
    assert christmas["attribution"].sum() < -5


def test_a_model_file_knows_them(learnt: rc.Forecaster, tmp_path: Path) -> None:
    learnt.save(tmp_path / "m.safetensors")
    again = rc.load(tmp_path / "m.safetensors")
    pd.testing.assert_frame_equal(again.predict(), learnt.predict())
    newer = sales(noise=10.0)[lambda t: (t["day"] > "2023-12-22") & (t["day"] <= "2023-12-30")]
    ahead = again.predict(newer).set_index("day")["forecast"]
    assert ahead["2024-01-01"] < 0.8 * ahead["2024-01-03"]


def test_each_series_has_the_holidays_of_its_country(baselines_here: None) -> None:
    parts = [sales(code).assign(shop=shop, land=code) for shop, code in (("Bonn", "DE"), ("Boston", "US"))]
    table = pd.concat(parts)
    table = table[table["day"] <= "2023-11-20"]
    model = quick(HORIZON, method="AutoTheta").fit(table, holidays="land", series="shop", target="units")
    assert model.model_.panel.schema.holidays_by == "land"
    ahead = model.predict().set_index(["shop", "day"])["forecast"]
    assert ahead["Boston", "2023-11-23"] < 60 < 85 < ahead["Bonn", "2023-11-23"]  # Thanksgiving
    by_name = understand(table.assign(shop=table["land"])[["day", "shop", "units"]], holidays="shop", series="shop")[0]
    assert panel_calendar(by_name).countries[:2] == (("DE",), ("US",))


def test_a_column_of_one_country_is_that_country() -> None:
    schema = understand(sales().assign(land="Germany"), target="units", holidays="land")[0].schema
    assert (schema.holidays, schema.holidays_by) == (("DE",), None)


def test_what_names_no_country_is_refused() -> None:
    table = sales(days=60)
    with pytest.raises(InputError, match=r"holidays of 'Germny' are not known: did you mean DE \(Germany\)"):
        understand(table, holidays="Germny")
    with pytest.raises(InputError, match="column 'land' of the table: holidays of 'Nowhere'"):
        understand(table.assign(land="Nowhere"), target="units", holidays="land")
    with pytest.raises(InputError, match="'land' of the table names several countries"):
        understand(table.assign(land=["DE", "US"] * 30), target="units", holidays="land")
    weekly = pd.DataFrame({"week": pd.date_range("2023-01-01", periods=60, freq="W"), "units": np.arange(60.0) % 7})
    with pytest.raises(InputError, match=r"say nothing of the steps of the table \(W-SUN\)"):
        understand(weekly, holidays="DE")


def test_hours_of_a_holiday_have_effects_of_their_own(baselines_here: None) -> None:
    hours = pd.date_range("2021-01-04", "2023-12-24 23:00", freq="h")
    rng = np.random.default_rng(1)
    off = np.isin(hours.to_numpy().astype("datetime64[D]"), holiday_days("DE", 2020, 2024))
    load = 50.0 + 20.0 * np.sin(2 * np.pi * hours.hour / 24) + rng.normal(0, 1, len(hours))
    load = np.where(off & (hours.hour >= 8) & (hours.hour < 18), 0.5 * load, load)
    table = pd.DataFrame({"hour": hours, "load": load})
    ahead = rc.Forecaster(24, method="seasonal naive", season=24).fit(table, holidays="DE", target="load").predict()
    noon, night = ahead["forecast"][12], ahead["forecast"][2]
    assert noon == pytest.approx(25, abs=4)
    assert night == pytest.approx(50 + 20 * np.sin(2 * np.pi * 2 / 24), abs=4)


def test_ends_of_months_are_found_where_they_stand_out() -> None:
    rng = np.random.default_rng(0)
    days = pd.date_range("2021-01-01", "2023-12-31")
    noise = 100 + rng.normal(0, 5, len(days))
    plain = understand(pd.DataFrame({"day": days, "y": noise}))[0]
    paid = understand(pd.DataFrame({"day": days, "y": noise + 40 * days.is_month_end}))[0]
    assert not month_ends_count(plain)
    assert month_ends_count(paid)
    model = quick(5, method="fast").fit(paid.cut(np.array([len(days) - 2])))
    assert model.model_.panel.schema.month_ends
    assert int(model.predict()["forecast"].argmax()) == 1
    assert "month ends" in {fact.label for fact in model.facts()}


def test_a_year_is_found_beside_a_week_that_does_not_divide_it() -> None:
    rng = np.random.default_rng(0)
    t = np.arange(5 * 365)
    y = 200 + 30 * np.sin(2 * np.pi * t / 365.25) + np.array([10, 5, 0, 0, 8, 40, 30])[t % 7] + rng.normal(0, 8, len(t))
    table = pd.DataFrame({"day": pd.date_range("2019-01-01", periods=len(t)), "y": y})
    assert detect_seasons(understand(table)[0]) == (7, 365)
