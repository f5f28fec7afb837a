from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.time.times import part_names, read_times, time_format_of, utc_of, wall_clock
from recurra.errors import InputError

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]


@given(st.sampled_from(ZONES), st.integers(0, 8700), st.integers(1, 72), st.sampled_from([15, 30, 60]))
def test_the_wall_clock_goes_to_utc_and_back(zone: str, start: int, count: int, minutes: int) -> None:
    utc = pd.date_range("2021-01-01", periods=9000, freq="h")[start] + pd.to_timedelta(
        np.arange(count) * minutes, "min"
    )
    clock = wall_clock(utc.to_numpy(), zone)
    begins_in_a_repeated_hour = wall_clock((utc[:1] - pd.Timedelta(hours=1)).to_numpy(), zone)[0] == clock[0]
    if not begins_in_a_repeated_hour and zone != "Australia/Lord_Howe":
        assert (utc_of(clock, zone, np.zeros(count, dtype=int)) == utc.to_numpy()).all()


def test_a_repeated_hour_is_told_apart_in_each_series() -> None:
    clock = np.array(
        ["2021-10-31T01:00", "2021-10-31T02:00", "2021-10-31T02:00", "2021-10-31T03:00"] * 2, "datetime64[us]"
    )
    utc = utc_of(clock, "Europe/Berlin", np.repeat([0, 1], 4))
    assert (np.diff(utc[:4]) == np.timedelta64(1, "h")).all()
    assert (utc[:4] == utc[4:]).all()


def test_a_skipped_time_is_refused() -> None:
    with pytest.raises(InputError, match=r"2021-03-28 02:30:00 does not exist in Europe/Berlin.*tz="):
        utc_of(np.array(["2021-03-28T02:30"], "datetime64[us]"), "Europe/Berlin", np.zeros(1, dtype=int))


def test_parts_of_a_date() -> None:
    frame = pd.DataFrame(
        {"year": [2020, 2020], "month": ["February", "Mar"], "day": [29, 1], "hour": [0, 24], "min": [30, 0]}
    )
    times = read_times(frame, list(frame.columns))
    assert times.values.tolist() == pd.to_datetime(["2020-02-29 00:30", "2020-03-02 00:00"]).to_pydatetime().tolist()
    assert part_names(["jahr", "monat", "tag"], [True] * 3) == ("year", "month", "day")
    weeks = read_times(pd.DataFrame({"year": [2021, 2020], "week": [1, 53]}), ["year", "week"])
    assert weeks.values.astype("datetime64[D]").astype(str).tolist() == ["2021-01-04", "2020-12-28"]
    quarters = read_times(pd.DataFrame({"year": [2021], "quarter": ["Q3"]}), ["year", "quarter"])
    assert quarters.values.astype("datetime64[D]").astype(str).tolist() == ["2021-07-01"]


def test_a_date_and_a_time_of_day() -> None:
    frame = pd.DataFrame({"date": ["2020-01-01", "2020-01-02"], "time": ["00:30", "13:45"], "hhmm": [30, 1345]})
    expected = pd.to_datetime(["2020-01-01 00:30", "2020-01-02 13:45"]).to_pydatetime().tolist()
    assert read_times(frame, ["date", "time"]).values.tolist() == expected
    assert read_times(frame, ["date", "hhmm"]).values.tolist() == expected


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"d": ["2020-01-01", "foo"]},
            r"column 'd' of x.csv holds 'foo' in row 2, which is no time written as %Y-%m-%d",
        ),
        ({"d": ["2020-01-01", None]}, r"column 'd' of x.csv has no time in row 2 \(1 of 2 rows\)"),
        ({"d": ["foo", "bar"]}, r"holds 'foo' in row 1, which is no time that is understood.*time="),
        ({"year": [2020, 2020], "month": [1, 13]}, r"column 'month' of x.csv holds '13' in row 2, which is no month"),
        ({"year": [2021], "month": [2], "day": [29]}, r"row 1 is no day of its month"),
        ({"date": [1.0, np.inf]}, r"infinite in row 2"),
    ],
)
def test_what_is_no_time_is_named(columns: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_times(pd.DataFrame(columns), list(columns), source="x.csv")


@pytest.mark.slow
def test_zones() -> None:
    frame = pd.DataFrame({"d": ["2020-01-01T00:00+01:00", "2020-07-01T00:30+02:00"]})
    times = read_times(frame, ["d"])
    assert (times.kind, times.tz) == ("utc", "Europe/Berlin")
    assert times.facts[0].flag == "tz="
    nowhere = pd.DataFrame({"d": ["2020-01-01T00:00+01:07", "2020-07-01T00:30+02:00"]})
    assert read_times(nowhere, ["d"]).tz == "UTC"
    assert read_times(frame, ["d"], tz="Europe/Berlin").tz == "Europe/Berlin"
    assert read_times(frame[:1], ["d"]).tz == "+01:00"
    midnights = read_times(pd.DataFrame({"d": ["2020-01-01T00:00+01:00", "2020-07-01T00:00+02:00"]}), ["d"])
    assert (midnights.kind, midnights.tz) == ("clock", None)
    typed = pd.DataFrame({"d": pd.date_range("2020-01-01", periods=2, freq="h", tz="Asia/Tokyo")})
    assert read_times(typed, ["d"]).tz == "Asia/Tokyo"
    with pytest.raises(InputError, match=r"time zone 'Europe/Berln' is not known.*tz="):
        read_times(frame, ["d"], tz="Europe/Berln")
    with pytest.raises(InputError, match="leave out tz='UTC'"):
        read_times(pd.DataFrame({"t": [1, 2]}), ["t"], tz="UTC")


@pytest.mark.slow
def test_day_or_month_first_is_said_where_it_is_open() -> None:
    days = [f"{d:02d}/02/2020" for d in range(1, 13)]  # twelve days of February, or a month's second day twelve times
    times = read_times(pd.DataFrame({"d": days}), ["d"])
    assert times.facts[0].label == "date order"
    assert times.facts[0].flag == "day_first=True"
    regular = [*days, "01/03/2020", "02/03/2020"]  # month first would leave a hole of 11 months
    assert read_times(pd.DataFrame({"d": regular}), ["d"]).facts[0].flag in ("day_first=True", "day_first=False")


@pytest.mark.parametrize(("written", "expected"), [("%d.%m.%Y %H:%M", "%d.%m.%Y"), ("%d/%m/%Y %H:%M", "%d/%m/%Y")])
def test_hours_of_ten_days_are_not_days_of_ten_months(written: str, expected: str) -> None:
    hours = pd.date_range("2024-03-01", periods=240, freq="h")
    times = read_times(pd.DataFrame({"d": hours.strftime(written)}), ["d"])
    assert (times.values == hours.to_numpy()).all()
    assert (times.format, times.facts[0].flag) == (expected, "day_first=False")
    turned = hours.strftime(written.replace("%d", "%x").replace("%m", "%d").replace("%x", "%m"))
    if "/" in written:  # as in America
        assert (read_times(pd.DataFrame({"d": turned}), ["d"]).values == hours.to_numpy()).all()


def test_a_date_with_points_begins_with_its_day() -> None:
    times = read_times(pd.DataFrame({"d": [f"{day:02d}.01.2024" for day in range(1, 13)]}), ["d"])
    assert str(times.values[-1])[:10] == "2024-01-12"
    assert "points" in times.facts[0].value
    given = read_times(pd.DataFrame({"d": ["01.02.2024", "01.03.2024"]}), ["d"], day_first=False)
    assert str(given.values[-1])[:10] == "2024-01-03"


def test_how_times_are_written_is_kept() -> None:
    frame = pd.DataFrame({"d": [f"{day:02d}/03/2024" for day in range(1, 20)], "n": range(19)})
    assert time_format_of(frame, "d") == ("%d/%m/%Y", ())
    assert time_format_of(frame, "n") == (None, ())
    assert time_format_of(frame.head(9), "d", day_first=False)[0] == "%m/%d/%Y"
