"""Hours are those of the wall clock where a zone is named: its changes move no season, and times come back right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drawing import examples

from recurra.data import build_panel, understand
from recurra.data.time.counting import Counting
from recurra.data.time.grid import Grid
from recurra.data.time.zones import zone_of
from recurra.errors import InputError

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland", "UTC"]
ZONES += ["Asia/Kolkata", "America/Sao_Paulo", "Australia/Lord_Howe"]


def hourly(zone: str, first: str, hours: int, freq: str = "h") -> pd.DataFrame:
    times = pd.date_range(first, periods=hours, freq=freq, tz=zone)
    return pd.DataFrame({"time": times, "y": times.hour.to_numpy() * 10.0 + times.minute.to_numpy() / 10})


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Australia/Adelaide"])
@pytest.mark.parametrize("freq", ["h", "15min"])
def test_a_step_of_the_day_is_an_hour_of_the_day(zone: str, freq: str) -> None:
    steps = {"h": 24, "15min": 96}[freq]
    panel, _ = understand(hourly(zone, "2022-01-01", 365 * steps, freq))
    assert panel.grid.counting == Counting(wall=True)
    days = panel.target[: len(panel.target) // steps * steps].reshape(-1, steps)
    assert (np.nanmax(days, axis=0) == np.nanmin(days, axis=0)).all()
    assert np.isnan(days).sum() == steps // 24  # the hour that was skipped in spring


def test_offsets_name_their_zone() -> None:
    frame = hourly("Europe/Berlin", "2022-03-20", 24 * 14)
    frame["time"] = frame["time"].dt.strftime("%Y-%m-%dT%H:%M:%S%z")
    panel, facts = understand(frame)
    assert panel.grid.tz == "Europe/Berlin"
    assert panel.grid.counting.wall
    assert "1 step that the clock skipped" in next(fact.value for fact in facts if fact.label == "clock changes")
    assert not any(fact.label == "gaps" for fact in facts)


@pytest.mark.parametrize("zone", ZONES)
def test_a_zone_is_found_again_by_its_clock(zone: str) -> None:
    times = pd.date_range("2015-01-01", periods=24 * 400, freq="h", tz=zone)
    wall, absolute = (t.tz_localize(None).to_numpy() for t in (times, times.tz_convert("UTC")))
    found = zone_of(wall, absolute)
    assert found is not None
    assert (pd.DatetimeIndex(absolute).tz_localize("UTC").tz_convert(found).tz_localize(None) == wall).all()


def test_six_hours_of_utc_stay_absolute() -> None:
    frame = hourly("UTC", "2022-01-01", 4 * 200, "6h")
    panel, facts = understand(frame, tz="Europe/Berlin")
    assert not panel.grid.counting.wall
    assert not any(fact.label in ("off the grid", "clock changes") for fact in facts)


@pytest.mark.slow
@given(
    st.sampled_from(ZONES),
    st.sampled_from(["h", "30min", "15min"]),
    st.integers(0, 365 * 24),
    st.integers(10, 400),
)
@settings(max_examples=examples(60), deadline=None)
def test_every_time_comes_back(zone: str, freq: str, first: int, steps: int) -> None:
    begin = pd.Timestamp("2021-06-01", tz=zone) + pd.Timedelta(hours=first)
    times = pd.date_range(begin, periods=steps, freq=freq)
    panel, _ = understand(pd.DataFrame({"time": times, "y": np.arange(steps) % 7}))
    _, found = panel.grid.occurrences(panel.start[0] + np.arange(panel.lengths[0]))
    # At the ends half of an hour that is shown twice may lie outside the file.
    found = pd.DatetimeIndex(found)
    inside = found[(found >= times[0]) & (found <= times[-1])]
    assert (inside == times).all()
    skipped = panel.grid.skipped(int(panel.start[0]), int(panel.start[0] + panel.lengths[0]))
    assert np.isnan(panel.target).sum() == len(skipped)


def test_a_later_file_is_counted_the_same_way() -> None:
    frame = hourly("Europe/Berlin", "2022-09-01", 24 * 30)
    panel, _ = understand(frame)
    later, _ = build_panel(hourly("Europe/Berlin", "2022-10-30 01:00", 4), panel.schema)
    assert later.grid.counting == panel.grid.counting
    assert len(later.target) == 3  # 01:00, 02:00 twice, 03:00
    assert later.grid.occurrences(later.start[0] + np.arange(3))[0].tolist() == [0, 1, 1, 2]


def test_times_that_the_clock_skips_are_refused() -> None:
    frame = pd.DataFrame({"time": ["2022-03-27 01:00", "2022-03-27 02:00", "2022-03-27 03:00"], "y": [1.0, 2, 3]})
    with pytest.raises(InputError, match=r"2022-03-27 02:00:00 does not exist in Europe/Berlin"):
        understand(frame, tz="Europe/Berlin")


def test_a_grid_refuses_a_zone_that_there_is_not() -> None:
    with pytest.raises(InputError, match="time zone 'Mars/Olympus' is not known"):
        Grid("h", tz="Mars/Olympus")
