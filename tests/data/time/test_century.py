from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recurra.data.time.century import in_century, settled_century, steps_backwards
from recurra.data.time.dates import read_dates
from recurra.data.time.times import read_times
from recurra.errors import InputError


def written(first: str, periods: int, format: str = "%b-%y", freq: str = "MS") -> pd.Series:
    return pd.Series(pd.date_range(first, periods=periods, freq=freq).strftime(format))


@pytest.mark.parametrize("first", ["1931-05-01", "1949-01-01", "1960-01-01", "1965-01-01", "1998-01-01", "2005-03-01"])
@pytest.mark.parametrize("newest_first", [False, True])
def test_the_century_is_the_one_in_which_the_file_is_in_order(first: str, newest_first: bool) -> None:
    months = pd.date_range(first, periods=150, freq="MS")
    months = months[::-1] if newest_first else months
    reading = read_dates(pd.Series(months.strftime("%b-%y")))
    assert (reading.stamps == months.to_numpy()).all()


@pytest.mark.slow
def test_plans_lie_ahead_but_not_far() -> None:
    this_year = pd.Timestamp.today().year
    near = read_dates(written(f"{this_year - 3}-01-01", 12 * 6)).stamps
    assert int(str(near[0])[:4]) == this_year - 3
    far = read_dates(written(f"{this_year + 14}-01-01", 12 * 6)).stamps
    assert int(str(far[0])[:4]) == this_year - 86


def test_quarters_of_two_digits() -> None:
    quarters = pd.date_range("1957-01-01", periods=60, freq="QS")
    texts = pd.Series([f"{stamp.quarter}Q{stamp.year % 100:02d}" for stamp in quarters])
    assert (read_dates(texts).stamps == quarters.to_numpy()).all()


@pytest.mark.slow
def test_the_user_decides_and_a_later_file_keeps_it() -> None:
    frame = pd.DataFrame({"month": written("1949-01-01", 24)})
    times = read_times(frame, ["month"])
    assert times.values[0] == np.datetime64("1949-01-01")
    assert [(fact.label, fact.flag) for fact in times.facts] == [("two-digit years", "pivot_year=")]
    later = read_times(pd.DataFrame({"month": ["Jan-51"]}), ["month"], format=times.format)
    assert later.values[0] == np.datetime64("1951-01-01")
    assert read_times(frame, ["month"], pivot_year=2000).values[0] == np.datetime64("2049-01-01")
    with pytest.raises(InputError, match=r"pivot year 49 is no year.*pivot_year="):
        read_times(frame, ["month"], pivot_year=49)


def test_a_leap_day_decides() -> None:
    # 1900 was no leap year: 29 February 00 is in 2000.
    days = pd.Series(pd.date_range("2000-02-25", periods=10).strftime("%d.%m.%y"))
    assert settled_century(read_dates(days, pivot_year=1969).stamps) == 2000
    assert np.isnat(in_century(np.array(["2000-02-29"], dtype="datetime64[us]"), 1900)).all()


def test_steps_backwards() -> None:
    stamps = pd.date_range("2020-01-01", periods=5).to_numpy()
    assert steps_backwards(stamps) == steps_backwards(stamps[::-1]) == 0
    assert steps_backwards(stamps[[0, 1, 3, 2, 4]]) == 1


@pytest.mark.slow
def test_day_order_follows_the_order_of_the_file() -> None:
    days = pd.date_range("2020-01-01", "2020-12-12")
    twelve = days[days.day <= 12]  # nothing but the order tells day and month apart
    for format, order in (("%d/%m/%Y", "day"), ("%m/%d/%Y", "month")):
        times = read_times(pd.DataFrame({"date": twelve.strftime(format)}), ["date"])
        assert (times.values == twelve.to_numpy()).all()
        assert times.facts[0].value.startswith(f"date: {order} first")
        assert times.format == format
