"""Closed hours and days do not count, and nothing is forecast into them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data import understand
from recurra.data.panel.seasons import season_candidates
from recurra.data.time.counting import Counting
from recurra.data.time.frequency import parse_frequency
from recurra.data.time.grid import Grid
from recurra.data.time.opening import from_opening, is_open, opening_in_words, to_opening
from recurra.errors import InputError


def table(times: pd.DatetimeIndex) -> pd.DataFrame:
    return pd.DataFrame({"time": times, "y": np.arange(len(times)) % 17 + 0.5})


def bars(days: pd.DatetimeIndex, first: str, last: str, step: str) -> pd.DatetimeIndex:
    hours = pd.timedelta_range(first, last, freq=step)
    return pd.DatetimeIndex([day + hour for day in days for hour in hours])


def next_times(frame: pd.DataFrame, steps: int, **overrides: Any) -> pd.DatetimeIndex:
    panel, _ = understand(frame, **overrides)
    return pd.DatetimeIndex(panel.grid.times(panel.start[0] + panel.lengths[0] + np.arange(steps)))


def fact(frame: pd.DataFrame, label: str, **overrides: Any) -> str | None:
    return next((fact.value for fact in understand(frame, **overrides)[1] if fact.label == label), None)


def test_trading_hours() -> None:
    days = pd.bdate_range("2024-01-02", periods=40)
    frame = table(bars(days.delete(20), "09:30:00", "15:55:00", "5min"))  # a holiday is a gap
    assert "open 09:30 to 16:00; closed on Saturdays and Sundays" in str(fact(frame, "opening hours"))
    assert str(fact(frame, "gaps")).startswith("78 rows")
    ahead = next_times(frame, 80)
    assert ahead[0] == days[-1] + pd.offsets.BDay() + pd.Timedelta("09:30:00")
    assert ahead[78] == days[-1] + 2 * pd.offsets.BDay() + pd.Timedelta("09:30:00")
    assert season_candidates(understand(frame)[0].grid) == (78, 390)


def test_all_hours_count_where_the_user_says_so() -> None:
    frame = table(bars(pd.date_range("2024-01-01", periods=30), "08:00:00", "17:00:00", "h"))
    assert next_times(frame, 1)[0].hour == 8
    assert next_times(frame, 1, all_hours=True)[0].hour == 18
    assert fact(frame, "opening hours", all_hours=True) is None


def test_a_shop_is_closed_on_sundays_and_early_on_saturdays() -> None:
    days = pd.date_range("2023-01-02", periods=400)
    frame = table(days[days.day_of_week != 6])
    assert "closed on Sundays" in str(fact(frame, "opening hours"))
    assert (next_times(frame, 30).day_of_week != 6).all()
    hours = bars(pd.date_range("2024-01-01", periods=70), "09:00:00", "19:00:00", "h")
    hours = hours[(hours.day_of_week < 5) | ((hours.day_of_week == 5) & (hours.hour < 14))]
    ahead = next_times(table(hours), 200)
    assert ((ahead.day_of_week < 5) | ((ahead.day_of_week == 5) & (ahead.hour < 14))).all()
    assert "open 09:00 to 14:00 on Saturdays" in str(fact(table(hours), "opening hours"))


def test_rare_rows_in_closed_hours_are_left_out_and_said() -> None:
    days = pd.date_range("2022-01-03", periods=7 * 60)
    frame = table(days[(days.day_of_week != 6) | (days == days[6])])
    panel, _ = understand(frame)
    assert "closed on Sundays: only these steps count; 1 row outside ignored" in str(fact(frame, "opening hours"))
    assert panel.lengths.sum() == 6 * 60
    assert not np.isnan(panel.target).any()


def test_holes_are_no_closed_hours() -> None:
    rng = np.random.default_rng(3)
    hours = pd.date_range("2024-01-01", periods=24 * 60, freq="h")
    for frame in (table(hours), table(hours[rng.random(len(hours)) < 0.4]), table(hours[: 24 * 7])):
        assert fact(frame, "opening hours") is None
    outage = hours[(hours < pd.Timestamp("2024-01-10")) | (hours > pd.Timestamp("2024-02-01"))]
    assert fact(table(outage), "opening hours") is None


def test_trading_hours_follow_the_wall_clock() -> None:
    days = pd.bdate_range("2024-02-12", periods=40)
    wall = bars(days, "09:30:00", "15:30:00", "30min")
    utc = table(wall.tz_localize("America/New_York").tz_convert("UTC"))
    ahead = next_times(utc, 13, tz="America/New_York")
    assert [str(ahead[0].time()), str(ahead[-1].time())] == ["09:30:00", "15:30:00"]


@given(st.sets(st.integers(0, 167), min_size=1, max_size=167), st.lists(st.integers(-5000, 5000), min_size=1))
def test_positions_of_opening_steps_and_back(open_steps: set[int], positions: list[int]) -> None:
    mask = np.isin(np.arange(168), list(open_steps)).astype(int)
    edges = np.diff(np.concatenate([[0], mask, [0]]))
    opening = tuple(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))
    hour = parse_frequency("h")
    places = np.array(positions)
    raw = from_opening(places, opening, hour)
    assert is_open(raw, opening, hour).all()
    assert (to_opening(raw, opening, hour) == places).all()
    order = np.argsort(places, kind="stable")
    assert (np.diff(raw[order]) >= np.diff(places[order])).all()
    assert opening_in_words(opening, hour, 0) or len(open_steps) == 168


@pytest.mark.parametrize("opening", [((0, 169),), ((5, 3),), ((0, 5), (4, 9)), ((3, 3),)])
def test_opening_that_is_no_part_of_a_week_is_refused(opening: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(InputError, match="is no part of a week of steps of h"):
        Grid("h", counting=Counting(opening=opening))
