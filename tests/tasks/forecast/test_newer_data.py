"""Forecasting from, and evaluating by, rows that the model was not trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import HORIZON, quick, shops, with_covariates

import recurra as rc
from recurra import Forecaster, InputError
from recurra.data import understand

SHOPS: dict[str, Any] = {"time": "day", "target": "units", "series": "shop"}


def known(days: int) -> pd.DataFrame:
    """The first `days` days of a table of 110, with covariates that are known for all of them."""
    table = with_covariates(shops(110), ahead=0)
    table.loc[table["day"] >= table["day"].unique()[days], ["units", "visitors", "weather"]] = None
    return table


def daily(table: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    days = (table["day"] - pd.Timestamp("2024-01-01")).dt.days
    return table[(days >= first) & (days < last)]


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    return quick().fit(shops(), **SHOPS)


@pytest.fixture(scope="module")
def reloaded(fitted: Forecaster, tmp_path_factory: pytest.TempPathFactory) -> Forecaster:
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    fitted.save(path)
    return rc.load(path)


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True), check_exact=True)


@pytest.mark.parametrize("first", [0, 40, 80, 90, 99])
def test_the_tail_and_newer_rows_are_as_good_as_everything(fitted: Forecaster, reloaded: Forecaster, first: int):
    whole = shops(100)
    expected = fitted.predict(whole)
    assert expected["day"].min() == whole["day"].max() + pd.Timedelta(days=1)
    if first > 90:  # the days between are missing
        lost = daily(whole, 0, 90)
        expected = fitted.predict(pd.concat([lost, daily(whole, first, 100)]))
    for forecaster in (fitted, reloaded):
        same(forecaster.predict(daily(whole, first, 100)), expected)


def test_without_data_it_goes_on_from_the_end(fitted: Forecaster, reloaded: Forecaster) -> None:
    same(reloaded.predict(), fitted.predict())
    same(reloaded.predict(shops()), fitted.predict())


def test_newer_rows_of_one_series_forecast_that_one(reloaded: Forecaster) -> None:
    newer = daily(shops(100), 90, 100)
    both = reloaded.predict(newer).iloc[HORIZON:].reset_index(drop=True)
    pd.testing.assert_frame_equal(reloaded.predict(newer[newer["shop"] == "Palermo"]), both, rtol=1e-5)


def test_strangers_are_forecast_from_what_is_given(reloaded: Forecaster) -> None:
    stranger = shops(60, ["Oslo"], seed=5).assign(units=lambda t: 1000 * t["units"])
    ahead = reloaded.predict(stranger)
    assert set(ahead["shop"]) == {"Oslo"}
    assert ahead["forecast"].between(3e4, 7e4).all()
    few = reloaded.predict(stranger.tail(1))
    assert np.isfinite(few.drop(columns=["shop", "day"]).to_numpy()).all()


def test_an_older_end_forecasts_from_there(fitted: Forecaster) -> None:
    assert fitted.predict(daily(shops(), 0, 80))["day"].min() == pd.Timestamp("2024-03-21")


def test_other_times_of_day_are_laid_on_the_models_grid(fitted: Forecaster) -> None:
    newer = daily(shops(100), 90, 100)
    moved = newer.assign(day=newer["day"] + pd.Timedelta(hours=13))
    same(fitted.predict(moved), fitted.predict(newer))


def test_another_frequency_is_refused(fitted: Forecaster) -> None:
    hourly = shops(100).assign(
        day=lambda t: pd.Timestamp("2024-04-01") + t.groupby("shop").cumcount() * pd.Timedelta("1h")
    )
    panel, _ = understand(hourly, **SHOPS)
    with pytest.raises(InputError, match=r"has the frequency h, the model was fitted on D"):
        fitted.predict(panel)


@pytest.mark.parametrize("column", ["day", "shop", "units"])
def test_a_missing_column_is_named(reloaded: Forecaster, column: str) -> None:
    for method in (reloaded.predict, reloaded.evaluate):
        with pytest.raises(InputError, match=f"'{column}' is not in the table"):
            method(shops(100).drop(columns=column))


# Without times ------------------------------------------------------------------------------------------------------


def rows(length: int) -> pd.DataFrame:
    values = shops(length)["units"].to_numpy().reshape(2, length)
    return pd.DataFrame(values, index=["A1", "A2"], columns=[f"V{k + 1}" for k in range(length)]).reset_index(
        names="id"
    )


def after(table: pd.DataFrame, first: int) -> pd.DataFrame:
    part = table[["id", *table.columns[1 + first :]]]
    return part.set_axis(["id", *(f"V{k + 1}" for k in range(part.shape[1] - 1))], axis="columns")


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Forecaster:
    path = tmp_path_factory.mktemp("counted") / "m.safetensors"
    quick().fit(rows(90)).save(path)
    return rc.load(path)


def test_longer_rows_are_the_same_history_and_shorter_ones_go_on(counted: Forecaster) -> None:
    whole = counted.predict(rows(103))
    assert whole["ds"].tolist() == 2 * list(range(103, 103 + HORIZON))
    same(counted.predict(after(rows(103), 90)), whole)


def test_evaluation_understands_a_file_of_what_came_next(counted: Forecaster, baselines_here) -> None:
    frames = []
    for table in (after(rows(103), 90), rows(103)):
        frame = counted.evaluate(table).forecasts
        # The baselines know what the file holds, all rows or those that the model remembers; the network needs no more.
        frame = frame[
            ["series", "time", "step", "y", "forecast", *(name for name in frame if str(name).startswith("q"))]
        ]
        frames.append(frame.sort_values(["series", "time"]).reset_index(drop=True))
    assert sorted(frames[0]["time"].unique()) == list(range(90, 105))
    pd.testing.assert_frame_equal(frames[0], frames[1])


# Evaluation ---------------------------------------------------------------------------------------------------------


def test_only_what_comes_after_the_training_counts(reloaded: Forecaster, baselines_here) -> None:
    backtest = reloaded.evaluate(shops(103))
    times = backtest.forecasts["time"]
    assert times.min() == pd.Timestamp("2024-03-31")
    assert backtest.forecasts["y"].notna().sum() < len(backtest.forecasts)  # the last origin has three truths
    assert "MASE" in backtest.verdict.sentence


@pytest.mark.parametrize("days", [50, 90])
def test_nothing_later_is_said(reloaded: Forecaster, days: int) -> None:
    with pytest.raises(InputError, match=r"holds nothing later than .*2024-03-30.*give rows that come after it"):
        reloaded.evaluate(shops(days))


def test_a_strangers_series_is_evaluated_from_its_first_full_window(reloaded: Forecaster, baselines_here) -> None:
    backtest = reloaded.evaluate(shops(60, ["Oslo"], seed=5))
    assert backtest.forecasts["origin"].min() == reloaded.model_.window


# What is known ahead ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def informed(tmp_path_factory: pytest.TempPathFactory) -> Forecaster:
    path = tmp_path_factory.mktemp("informed") / "m.safetensors"
    quick().fit(known(90), **SHOPS).save(path)
    return rc.load(path)


def test_the_future_covariates_may_come_alone(informed: Forecaster) -> None:
    """First trained where nothing was known ahead, then told what is."""
    blind = known(90)
    blind = blind[blind["units"].notna() | (blind["day"] < "2024-03-31")]
    schema_first = quick().fit(understand(known(90), **SHOPS)[0].cut(np.full(2, 90)))
    ahead = known(90)
    ahead = ahead[ahead["day"] >= "2024-03-31"]
    assert ahead["units"].isna().all()
    expected = schema_first.predict(known(90))
    same(schema_first.predict(ahead), expected)
    assert not schema_first.predict().equals(expected) or schema_first.model_.calibration.trust == 0


def test_future_covariates_of_one_series_leave_its_rows(informed: Forecaster) -> None:
    ahead = known(90)
    ahead = ahead[(ahead["day"] >= "2024-03-31") & (ahead["shop"] == "Bonn")]
    pd.testing.assert_frame_equal(informed.predict(ahead), informed.predict().iloc[:HORIZON], rtol=1e-5)


def test_future_covariates_may_begin_before_the_end(informed: Forecaster) -> None:
    ahead = known(90)[["day", "shop", "price", "promotion"]].assign(units=None, visitors=None, weather=None)
    table = ahead.merge(known(90)[["day", "shop", "size", "town"]], on=["day", "shop"])
    same(informed.predict(daily(table, 80, 110)), informed.predict())


def test_newer_rows_do_not_forget_what_was_known(informed: Forecaster) -> None:
    newer = daily(known(93), 90, 93)
    same(informed.predict(newer), informed.predict(known(93)))


def test_future_covariates_of_strangers_alone_are_refused(informed: Forecaster) -> None:
    ahead = daily(known(90), 90, 110).assign(shop="Oslo")
    with pytest.raises(InputError, match=r"no series that the model was fitted on \(such as Bonn, Palermo\)"):
        informed.predict(ahead)


def test_a_series_without_rows_cannot_be_evaluated(informed: Forecaster) -> None:
    with pytest.raises(InputError, match="nothing later"):
        informed.evaluate(daily(known(90), 90, 110))
