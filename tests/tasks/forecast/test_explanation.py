"""What moved a forecast adds up to it, in the names and units of the data."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import HORIZON, quick, shops, with_covariates

from recurra import Forecaster
from recurra.errors import InputError
from recurra.tasks.forecast.explanation import explain
from recurra.tasks.forecast.model import ForecastModel


def trusting(forecaster: Forecaster, trust: float = 0.7) -> ForecastModel:
    """Its model with a share of the network's correction, however little it deserves it."""
    return dataclasses.replace(
        forecaster.model_, calibration=dataclasses.replace(forecaster.model_.calibration, trust=trust)
    )


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    found = quick(members=2, embedding=2).fit(with_covariates(shops()), target="units", known=["price", "promotion"])
    found.model_ = trusting(found)
    return found


def test_the_attributions_of_a_series_add_up_to_its_forecast(fitted: Forecaster) -> None:
    ahead = fitted.predict(levels=[]).groupby("shop")["forecast"]
    mean = fitted.explain().groupby("shop")["attribution"].sum()
    assert np.allclose(mean, ahead.mean(), rtol=1e-4)
    third = fitted.explain(step=3).groupby("shop")["attribution"].sum()
    assert np.allclose(third, ahead.nth(2), rtol=1e-4)


def test_every_column_that_is_read_has_its_times(fitted: Forecaster) -> None:
    found = fitted.explain()
    assert found.columns.tolist() == ["shop", "day", "feature", "attribution"]
    assert found["shop"].unique().tolist() == ["Bonn", "Palermo"]
    origin = pd.Timestamp("2024-03-30")
    timed = found.dropna(subset="day").groupby("feature")["day"]
    assert timed.max()["units"] == origin
    assert timed.max()["visitors"] == origin
    assert timed.max()["price"] == timed.max()["promotion"] == origin + pd.Timedelta(days=HORIZON)
    static = set(found.loc[found["day"].isna(), "feature"])
    assert static == {"size", "town", "shop", "(baseline)"}
    assert {"units", "visitors", "weather", "price", "promotion", "calendar"} <= set(timed.groups)


def test_newer_data_is_explained_at_its_end(fitted: Forecaster) -> None:
    newer = with_covariates(shops(100))
    newer = newer[newer["day"] > "2024-03-20"]
    total = fitted.explain(newer).groupby("shop")["attribution"].sum()
    assert np.allclose(total, fitted.predict(newer, levels=[]).groupby("shop")["forecast"].mean(), rtol=1e-4)


def test_in_logarithms_they_add_up_too() -> None:
    rng = np.random.default_rng(0)
    level = np.exp(np.cumsum(rng.normal(0.01, 0.05, 400)))
    table = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=400), "y": 10 * level})
    forecaster = quick().fit(table)
    assert forecaster.model_.scaling.log
    forecaster.model_ = trusting(forecaster, 1.0)
    assert forecaster.explain()["attribution"].sum() == pytest.approx(
        forecaster.predict(levels=[])["forecast"].mean(), rel=1e-4
    )


def test_without_trust_only_the_naive_forecast_counts(fitted: Forecaster) -> None:
    found = explain(trusting(fitted, 0.0), fitted.model_.panel, np.array([0]), np.array([90]))
    moved = {name for name, values in found.steps.items() if np.abs(values).max() > 1e-9}
    assert moved == {"units"}
    assert sum(share.sum() for share in found.strength().values()) == pytest.approx(1)


def test_integer_times_and_one_series() -> None:
    table = pd.DataFrame({"t": np.arange(200), "y": np.sin(np.arange(200)) + 0.1 * np.arange(200)})
    forecaster = quick(season=1).fit(table, time="t")
    forecaster.model_ = trusting(forecaster)
    found = forecaster.explain()
    assert found.columns.tolist() == ["unique_id", "t", "feature", "attribution"]
    assert found["t"].max() <= 199


@pytest.mark.parametrize("step", [0, HORIZON + 1, 1.5])
def test_a_step_beyond_the_horizon(fitted: Forecaster, step: int) -> None:
    with pytest.raises(InputError, match=f"from 1 to the horizon, {HORIZON}"):
        fitted.explain(step=step)
