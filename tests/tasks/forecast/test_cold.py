"""A series without any history is forecast from its static columns and its likes; tested on series held out whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import recurra as rc
from recurra import InputError
from recurra.tasks.forecast.cold import _together, _weights

DAYS, HORIZON = 120, 7


def chain(count: int = 40, *, seed: int = 0, first: int = 0, days: int = DAYS) -> pd.DataFrame:
    """Shops whose sales follow their size, and double in the city; the name of the owner says nothing."""
    rng = np.random.default_rng(seed)
    parts = []
    for k in range(count):
        size, town = rng.uniform(50, 150), ("city", "village")[k % 2]
        level = size * (2.0 if town == "city" else 1.0) * np.exp(rng.normal(0, 0.1))
        week = 1 + 0.3 * np.array([0, 0, 0, 0, 1, 2, -1])[np.arange(days) % 7]
        parts.append(
            pd.DataFrame(
                {
                    "day": pd.date_range("2024-01-01", periods=days),
                    "shop": f"shop {first + k}",
                    "size": round(size, 1),
                    "town": town,
                    "owner": f"owner {rng.integers(5)}",
                    "units": (level * week * np.exp(rng.normal(0, 0.05, days))).round(1),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def fitted() -> rc.Forecaster:
    table = chain()
    return rc.Forecaster(HORIZON, method="fast", season=7).fit(table, series="shop", target="units", time="day")


@pytest.fixture(scope="module")
def held_out() -> pd.DataFrame:
    """Shops that the model has never seen; the days after its end are what is to be forecast."""
    return chain(60, seed=7, first=100, days=DAYS + HORIZON).query("day > '2024-04-29'")


def coming(held_out: pd.DataFrame) -> pd.DataFrame:
    return held_out.assign(units=np.nan)


def test_whole_series_are_forecast_by_their_likes(fitted: rc.Forecaster, held_out: pd.DataFrame) -> None:
    with pytest.warns(UserWarning, match=r"60 series without any history .* nearest in size, town"):
        found = fitted.predict(coming(held_out))
    both = found.merge(held_out, on=["shop", "day"])
    assert len(both) == len(held_out)
    error = (both["forecast"] - both["units"]).abs()
    plain = (both["units"] - chain()["units"].median()).abs()
    assert error.mean() < 0.4 * plain.mean()
    inside = both["units"].between(both["lo_80"], both["hi_80"]).mean()
    assert 0.65 < inside < 0.95
    week = both.groupby("day")["forecast"].mean()
    assert week.max() > 1.3 * week.min()  # the likes' week


def test_they_are_wider_than_those_with_a_history(fitted: rc.Forecaster, held_out: pd.DataFrame) -> None:
    with pytest.warns(UserWarning, match="without any history"):
        strangers = fitted.predict(coming(held_out))
    known = fitted.predict()
    widths = [((frame["hi_80"] - frame["lo_80"]) / frame["forecast"]).median() for frame in (strangers, known)]
    assert widths[0] > 1.5 * widths[1]


def test_old_and_new_series_stand_in_one_table(fitted: rc.Forecaster, held_out: pd.DataFrame) -> None:
    newer = chain().query("shop == 'shop 3'")
    one = coming(held_out).query("shop == 'shop 100'")
    with pytest.warns(UserWarning, match=r"1 series without any history \(shop 100\)"):
        both = fitted.predict(pd.concat([newer, one]))
    assert both["shop"].unique().tolist() == ["shop 3", "shop 100"]
    alone = fitted.predict(newer)
    pd.testing.assert_frame_equal(both.iloc[:HORIZON], alone, check_dtype=False)


def test_a_model_file_keeps_it_and_no_target_is_needed(
    fitted: rc.Forecaster, held_out: pd.DataFrame, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "m.safetensors")
    rows = coming(held_out).query("shop == 'shop 101'")
    with pytest.warns(UserWarning, match="without any history"):
        found = rc.load(tmp_path / "m.safetensors").predict(rows.drop(columns="units"))
    with pytest.warns(UserWarning, match="without any history"):
        pd.testing.assert_frame_equal(found, fitted.predict(rows))
    rows.assign(units=np.nan).to_csv(tmp_path / "coming.csv", index=False)
    again = rc.load(tmp_path / "m.safetensors")
    facts = {fact.label: fact.value for fact in again.later(again.read_file(str(tmp_path / "coming.csv"), {})).facts}
    assert facts["rows"] == f"{len(rows)}, no value of the target is known"


def test_an_unknown_town_is_as_far_as_any(fitted: rc.Forecaster, held_out: pd.DataFrame) -> None:
    rows = coming(held_out).query("shop == 'shop 100'").assign(town="moon")
    with pytest.warns(UserWarning, match="without any history"):
        assert np.isfinite(fitted.predict(rows)["forecast"]).all()


def test_few_series_tell_nothing_of_another() -> None:
    model = rc.Forecaster(HORIZON, method="fast", season=7).fit(chain(3), series="shop", target="units", time="day")
    assert model.model_.cold is None
    with pytest.raises(InputError):
        model.predict(chain(1, first=9).assign(units=np.nan))


def test_columns_that_tell_only_together_are_weighed_together() -> None:
    size = np.array([7, 2, 5, 8, 1, 6, 3, 9, 4, 2.0])
    town = np.arange(10) % 2
    levels = 20 * size * np.where(town == 0, 1.0, -1.0)  # neither tells: each town has its own direction
    features = [size / size.std(), town * 1j]
    weights = _weights(features, levels)
    assert (weights > 0).all()
    assert _together(features, weights, levels) > 0.7
    noise = np.random.default_rng(0).normal(size=10)
    assert _together(features, _weights(features, noise), noise) < 0.5
