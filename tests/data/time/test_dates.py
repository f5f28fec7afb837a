from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drawing import examples

from recurra.data.time.dates import looks_like_dates, read_dates

moments = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)).map(
    lambda t: t.replace(second=0, microsecond=0)
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2014-07-01", "2014-07-01"), ("2014/07/01 00:30", "2014-07-01T00:30"), ("2014-7-1", "2014-07-01"),
        ("20140701", "2014-07-01"), ("1949-03", "1949-03-01"), ("1949M03", "1949-03-01"), ("1949Q3", "1949-07-01"),
        ("Q3 1949", "1949-07-01"), ("1949-Q3", "1949-07-01"), ("1949年第3季度", "1949-07-01"), ("1949", "1949-01-01"),
        ("2014年7月1日", "2014-07-01"), ("2014年7月", "2014-07-01"), ("2014年7月1日 8时30分", "2014-07-01T08:30"),
        ("2014年7月1日8时", "2014-07-01T08:00"), ("12/31/2015", "2015-12-31"), ("31/12/2015", "2015-12-31"),
        ("31.12.2015 13:00", "2015-12-31T13:00"), ("12/31/15", "2015-12-31"), ("Jan 3, 2014", "2014-01-03"),
        ("3 January 2014", "2014-01-03"), ("03-Jan-14", "2014-01-03"), ("Jan 2014", "2014-01-01"),
        ("Jan-14", "2014-01-01"),
        ("Tue, 01 Jul 2014 10:00:00", "2014-07-01T10:00"), ("2014-W05", "2014-01-27"), ("2014W053", "2014-01-29"),
        ("2014-07-01T13", "2014-07-01T13:00"), ("20140701T0030", "2014-07-01T00:30"),
        ("2014-07-01 24:00", "2014-07-02"),
        ("7/13/2014 12:30:00 AM", "2014-07-13T00:30"), ("7/13/2014 1:00 PM", "2014-07-13T13:00"),
        ("2014-07-01 00:30:00.250", "2014-07-01T00:30:00.250"), ("1066-10-14", "1066-10-14"),
    ],
)  # fmt: skip
def test_ways_to_write_a_date(text: str, expected: str) -> None:
    assert read_dates(pd.Series([text])).stamps[0] == np.datetime64(expected, "us")


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["NW", "hello", "2014-13-01", "2014-02-30", "2014-07-01 25:00", "12:30", "", "-1", "1/2", "W1"]
)
def test_what_is_no_date(text: str) -> None:
    assert not read_dates(pd.Series([text])).fits.any()


@pytest.mark.slow
@given(
    st.lists(moments, min_size=1, max_size=8),
    st.sampled_from(["%Y-%m-%d %H:%M", "%Y/%m/%d %I:%M %p", "%d %b %Y %H:%M"]),
)
def test_what_is_written_is_read(times: list[dt.datetime], format: str) -> None:
    reading = read_dates(pd.Series([time.strftime(format) for time in times]))
    assert reading.stamps.tolist() == times


@pytest.mark.slow
@settings(max_examples=examples(30), deadline=None)
@given(st.lists(moments, min_size=2, max_size=8, unique=True), st.booleans())
def test_the_order_of_day_and_month_is_as_told(times: list[dt.datetime], day_first: bool) -> None:
    format = "%d/%m/%Y" if day_first else "%m/%d/%Y"
    reading = read_dates(pd.Series([time.strftime(format) for time in times]), day_first=day_first)
    assert reading.stamps.tolist() == [time.replace(hour=0, minute=0) for time in times]
    assert reading.rival is None


@pytest.mark.slow
def test_one_date_decides_for_the_whole_column() -> None:
    reading = read_dates(pd.Series(["1/2/2020", "2/2/2020", "13/2/2020"]))
    assert reading.format == "%d/%m/%Y"
    assert reading.fits.all()
    undecided = read_dates(pd.Series(["1/2/2020", "2/2/2020"]))
    assert undecided.format == "%m/%d/%Y"
    assert undecided.rival is not None
    assert undecided.rival.stamps[0] == np.datetime64("2020-02-01")


def test_an_earlier_format_is_tried_first() -> None:
    reading = read_dates(pd.Series(["1/2/2020"]), format="%d/%m/%Y")
    assert reading.stamps[0] == np.datetime64("2020-02-01")
    assert reading.rival is None


def test_offsets_from_utc() -> None:
    reading = read_dates(pd.Series(["2021-01-01T00:00+02:00", "2021-07-01 00:00 -0330", "2021-01-01T00:00Z"]))
    assert reading.offset is not None
    assert reading.offset.tolist() == [120, -210, 0]
    mixed = read_dates(pd.Series(["2021-01-01T00:00Z", "2021-01-02T00:00"]))
    assert mixed.fits.tolist() == [True, False]


def test_dates_with_and_without_a_time_of_day_go_together() -> None:
    reading = read_dates(pd.Series(["2021-01-01", "2021-01-01 06:00"]))
    assert reading.fits.all()


def test_a_sample_that_looks_like_dates() -> None:
    assert looks_like_dates(pd.Series(["2021-01-01", None, "2021-01-02"]))
    assert not looks_like_dates(pd.Series(["2021-01-01", "north"]))
    assert not looks_like_dates(pd.Series([None, None], dtype=object))
