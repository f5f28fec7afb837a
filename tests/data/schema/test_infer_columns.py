from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recurra.data.schema.column_kinds import kind_of
from recurra.data.schema.infer_columns import find_series, find_time, is_row_number, series_codes, split_series
from recurra.errors import InputError

DAYS = pd.date_range("2024-01-01", periods=30).strftime("%Y-%m-%d")


def time_of(**columns: object) -> tuple[str, ...]:
    frame = pd.DataFrame(columns)
    return find_time(frame, {name: kind_of(frame[name]) for name in frame.columns})


def test_the_time_column() -> None:
    values = np.arange(30) * 1.5
    assert time_of(y=values, day=DAYS) == ("day",)
    assert time_of(other=DAYS, when=DAYS, date=DAYS) == ("date",)
    assert time_of(y=values, stamp=pd.to_datetime(DAYS)) == ("stamp",)
    assert time_of(y=values, timestamp=1_700_000_000 + 3600 * np.arange(30)) == ("timestamp",)
    assert time_of(y=values, date=pd.to_datetime(DAYS).strftime("%Y%m%d").astype(int)) == ("date",)
    assert time_of(y=values, year=np.arange(1950, 1980)) == ("year",)
    assert time_of(y=values, t=np.arange(30)) == ("t",)
    assert time_of(y=values, 日期=[f"2024年1月{d}日" for d in range(1, 31)]) == ("日期",)
    assert time_of(y=values, code=[f"{1000 + k}" for k in range(30)]) == ()
    assert time_of(y=values, wind=["NW"] * 30) == ()


@pytest.mark.slow
def test_a_time_over_several_columns() -> None:
    year, month, day, hour = [2024] * 24, [1] * 24, [1] * 24, range(24)
    assert time_of(No=range(24), year=year, month=month, day=day, hour=hour) == ("year", "month", "day", "hour")
    assert time_of(年=year, 月=month, 日=day, 时=hour) == ("年", "月", "日", "时")
    assert time_of(year=year, month=["March"] * 24, y=range(24)) == ("year", "month")
    assert time_of(year=year, hour=hour) == ("year",)
    assert time_of(dteday=["2024-01-01"] * 24, hr=hour) == ("dteday", "hr")
    assert time_of(Date=["2024-01-01"] * 24, Time=[f"{h}:00" for h in hour]) == ("Date", "Time")
    assert time_of(date=[f"2024-01-01 {h}:00" for h in hour], hour=hour) == ("date",)
    assert time_of(date=DAYS[:24], hour=hour) == ("date",)  # no date repeats: the hour is a covariate


def test_the_series_column() -> None:
    times = np.tile(np.arange(30), 4)
    region = np.repeat(["east", "east", "west", "west"], 30)
    shop = np.repeat([7, 3, 12, 1], 30)
    sex = np.tile(np.repeat(["f", "m"], 30), 2)

    def found(**columns: object) -> tuple[str, ...]:
        frame = pd.DataFrame(columns)
        return find_series(frame, times, {name: kind_of(frame[name]) for name in frame.columns}, "x.csv")

    assert found(region=region, shop=shop, y=times * 1.5) == ("shop",)
    assert found(region=region, sex=sex) == ("region", "sex")
    assert found(name=np.repeat(list("abcd"), 30), code=np.repeat(list("wxyz"), 30)) == ("name",)
    with pytest.raises(InputError, match=r"up to 4 rows for the same time.*series="):
        found(region=region)
    assert find_series(pd.DataFrame({"a": ["x"] * 120}), np.arange(120), {"a": "text"}, "x.csv") == ()


def test_series_are_numbered_in_natural_order() -> None:
    codes, names = series_codes(pd.DataFrame({"id": ["s10", "s2", "s10"]}), ("id",), "x.csv")
    assert (codes.tolist(), names) == ([1, 0, 1], ("s2", "s10"))
    codes, names = series_codes(pd.DataFrame({"a": [2.0, 1.0], "b": ["x", "y"]}), ("a", "b"), "x.csv")
    assert [names[code] for code in codes] == ["2 | x", "1 | y"]
    with pytest.raises(InputError, match=r"names no series in row 2 \(1 such row\).*series="):
        series_codes(pd.DataFrame({"id": ["a", None]}), ("id",), "x.csv")
    assert split_series("a,b", ["a,b"]) == ("a,b",)
    assert split_series("a, b", ["a", "b"]) == ("a", "b")


def test_row_numbers() -> None:
    assert is_row_number(pd.Series([1, 2, 3]), "No", first=False)
    assert is_row_number(pd.Series([2, 0, 1]), "Unnamed: 0", first=True)
    assert not is_row_number(pd.Series([1, 2, 3]), "sales", first=False)
    assert not is_row_number(pd.Series([1, 2, 4]), "No", first=False)
    assert not is_row_number(pd.Series([5, 6, 7]), "No", first=False)
    for far in (1.7e308, np.inf):  # and no warning
        assert not is_row_number(pd.Series([-far, 0.0, far]), "No", first=False)
