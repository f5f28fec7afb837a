"""Nothing that comes after the first origin of a backtest moves anything before it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import HORIZON, baselines_in_process, quick, same_model, shops, with_covariates

from recurra.data import infer_schema, understand
from recurra.data.panel.building import build_panel

WINDOWS, DAYS = 2, 100
FIRST = DAYS - WINDOWS * HORIZON  # rows known at the first origin
SCHEMA = infer_schema(with_covariates(shops(DAYS)), target="units")


def table() -> pd.DataFrame:
    frame = with_covariates(shops(DAYS))
    frame.loc[frame["day"] == frame["day"].unique()[DAYS - 1], "units"] = 50.0  # every series ends on the same day
    return frame


def study(frame: pd.DataFrame):
    forecaster = quick(season=None, members=2)
    backtest = forecaster.study(build_panel(frame, SCHEMA)[0], WINDOWS)
    return forecaster.holdout_, backtest.forecasts


@pytest.fixture(scope="module")
def plain():
    with baselines_in_process():
        return study(table())


def later(frame: pd.DataFrame, after: int = FIRST) -> np.ndarray:
    return (frame["day"] >= frame["day"].min() + pd.Timedelta(days=after)).to_numpy()


def change_targets(frame: pd.DataFrame) -> pd.DataFrame:
    observed = later(frame) & frame["units"].notna()
    frame.loc[observed, "units"] = -1e6 * np.random.default_rng(0).random(observed.sum())
    return frame


def repeat_another_season(frame: pd.DataFrame) -> pd.DataFrame:
    observed = later(frame) & frame["units"].notna()
    frame.loc[observed, "units"] = 1e4 * np.sin(np.arange(observed.sum()) * 2 * np.pi / 3)
    return frame


def lose_targets(frame: pd.DataFrame) -> pd.DataFrame:
    inside = later(frame) & (frame["day"] < frame["day"].unique()[DAYS - 1]).to_numpy()
    frame.loc[inside, "units"] = np.nan
    return frame


def change_covariates(frame: pd.DataFrame) -> pd.DataFrame:
    """Past ones after the origin, known ones beyond what the first forecast may know."""
    frame.loc[later(frame), "visitors"] = 1e9
    frame.loc[later(frame), "weather"] = "hail"
    frame.loc[later(frame, FIRST + HORIZON), ["price", "promotion"]] = [1e9, "television"]
    return frame


def add_series(frame: pd.DataFrame) -> pd.DataFrame:
    new = frame[later(frame)].assign(shop="Nagoya", town="elsewhere", size=1e9)
    return pd.concat([frame, new[new["shop"] == "Nagoya"].drop_duplicates(["shop", "day"])], ignore_index=True)


CHANGES = [change_targets, repeat_another_season, lose_targets, change_covariates, add_series]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.usefixtures("baselines_here")
def test_the_future_leaves_no_trace(plain, change) -> None:
    model, forecasts = plain
    changed_model, changed = study(change(table()))
    assert same_model(changed_model, model)

    def first_origin(frame: pd.DataFrame) -> pd.DataFrame:
        kept = frame[(frame["origin"] == FIRST) & frame["series"].isin(["Bonn", "Palermo"])]
        kept = kept.drop(columns=["y", "scale"], errors="ignore")
        return kept.sort_values(["series", "model", "step"] if "model" in kept else ["series", "step"])

    before, after = (first_origin(frame).reset_index(drop=True) for frame in (forecasts, changed))
    assert len(before) >= 2 * HORIZON
    pd.testing.assert_frame_equal(after, before, check_exact=True)


@pytest.mark.usefixtures("baselines_here")
def test_no_series_lends_its_later_rows_to_another_that_ended_before() -> None:
    frame = table()
    # The first series ends two weeks before the others: its forecasts must not know what they did meanwhile.
    early = (frame["shop"] == frame["shop"].iloc[0]) & later(frame, DAYS - 14)
    frame = frame[~early].reset_index(drop=True)
    changed = frame.copy()
    changed.loc[later(changed) & changed["units"].notna(), "units"] *= 7.0
    assert same_model(study(frame)[0], study(changed)[0])


def test_the_comparison_can_fail() -> None:
    """A change before the origin must be noticed by the very comparison that the test above makes."""
    frame = table()
    first, _ = understand(frame, target="units")
    frame.loc[5, "units"] = 1e3
    second, _ = understand(frame, target="units")
    models = [quick(epochs=0.2).fit(panel.cut(np.full(2, FIRST))).model_ for panel in (first, second)]
    again = quick(epochs=0.2).fit(first.cut(np.full(2, FIRST))).model_
    assert same_model(models[0], again)
    assert not same_model(models[0], models[1])


@pytest.mark.usefixtures("baselines_here")
def test_what_is_known_ahead_may_move_the_forecast_but_not_the_model(plain) -> None:
    frame = table()
    ahead = later(frame) & ~later(frame, FIRST + HORIZON)
    frame.loc[ahead, "price"] = 100.0
    model, _ = study(frame)
    assert same_model(model, plain[0])
