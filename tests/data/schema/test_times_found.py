"""A column of times is read or refused by its cell; rows are never counted in its place in silence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recurra.data import build_panel, understand
from recurra.errors import InputError

N = 60
DAYS = pd.date_range("2021-02-01", periods=N)


def table(name: str, texts: object) -> pd.DataFrame:
    return pd.DataFrame({name: texts, "y": np.arange(N) + 0.5})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("published", DAYS.strftime("%b. %d, %Y")),
        ("Datum", DAYS.strftime("%d.%m.%y")),
        ("Fecha", [f"{d.day} de {'ene feb mar abr'.split()[d.month - 1]} de {d.year}" for d in DAYS]),
        ("Zeitraum", [f"{d:%d.%m.%Y} - {d + pd.Timedelta(days=1):%d.%m.%Y}" for d in DAYS]),
        ("Date", (DAYS - pd.Timestamp("1899-12-30")).days),
        ("日期", [f"{d.year}年{d.month}月{d.day}日" for d in DAYS]),
        ("date", DAYS.strftime("%Y%j").astype(int)),
    ],
)
@pytest.mark.parametrize("newest_first", [False, True])
def test_days_in_any_order(name: str, texts: object, newest_first: bool) -> None:
    frame = table(name, list(texts))  # type: ignore[call-overload]
    panel, _ = understand(frame[::-1].reset_index(drop=True) if newest_first else frame)
    assert panel.schema.time == (name,)
    assert panel.target.tolist() == (np.arange(N) + 0.5).tolist()
    assert panel.grid.times(panel.start)[0] == DAYS[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "texts", "message"),
    [
        ("date", [f"day {k} of it" for k in range(N)], r"holds 'day 0 of it' in row 1, which is no time.*time_format="),
        ("Monat", [f"M{k}/X" for k in range(N)], r"holds 'M0/X' in row 1.*ignore='Monat'"),
        ("when", [*DAYS.strftime("%d.%m.%Y")[:-1], "31.02.2021"], r"holds '31.02.2021' in row 60"),
        ("date", [f"{d.day:02d}/{d.month:02d}/{d.year + 543}" for d in DAYS], "a year of the Buddhist era"),
        ("date", [f"令和3年{d.month}月{d.day}日" for d in DAYS], "of the era of a Japanese emperor"),
    ],
)
def test_what_cannot_be_read_is_refused(name: str, texts: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        understand(table(name, texts))
    panel, _ = understand(table(name, texts), ignore=(name,))
    assert panel.schema.time == ()


@pytest.mark.slow
def test_codes_may_be_times_and_are_said() -> None:
    _, facts = understand(table("what", [f"A-{k}x" for k in range(N)]))
    found = [fact for fact in facts if fact.label == "check the time"]
    assert [fact.flag for fact in found] == ["time=, time_format="]
    assert "'A-0x'" in found[0].value


@pytest.mark.parametrize(
    ("name", "values", "freq"),
    [
        ("yearweek", pd.date_range("2015-10-05", periods=N, freq="W-MON").strftime("%G%V").astype(int), "W-MON"),
        ("week", pd.date_range("2015-01-05", periods=12, freq="W-MON").strftime("%G%V").astype(int), "W-MON"),
        ("quarter", [10 * (2001 + k // 4) + k % 4 + 1 for k in range(N)], "QS-JAN"),
        ("month", pd.date_range("2001-01-01", periods=N, freq="MS").strftime("%Y%m").astype(int), "MS"),
        ("Datum", pd.date_range("2001-01-01", periods=N, freq="MS").strftime("%Y%m").astype(int), "MS"),
    ],
)
def test_whole_numbers_that_are_times(name: str, values: object, freq: str) -> None:
    frame = pd.DataFrame({name: values})
    panel, facts = understand(frame.assign(y=np.arange(len(frame)) + 0.5))
    assert panel.grid.freq == freq
    assert not any(fact.label == "gaps" for fact in facts)
    assert len(panel.target) == len(frame)


def test_the_format_is_what_the_user_says() -> None:
    serials = np.arange(3000, 3000 + N)
    panel, _ = understand(table("date", serials), time_format="excel 1904")
    assert str(panel.grid.times(panel.start)[0])[:10] == "1912-03-19"
    texts = DAYS.strftime("%d|%Y|%m")
    assert understand(table("x", list(texts)), time=("x",), time_format="%d|%Y|%m")[0].grid.freq == "D"
    with pytest.raises(InputError, match=r"'01\|2021\|02' in row 1, which is no time written as %d.%m.%Y"):
        understand(table("x", list(texts)), time=("x",), time_format="%d.%m.%Y")


def test_one_series_keeps_the_name_of_its_column() -> None:
    panel, _ = understand(table("ds", DAYS).assign(unique_id="a", unit="MW"))
    assert (panel.schema.series, panel.series) == ("unique_id", ("a",))


HOURS = pd.date_range("2021-02-01", periods=72, freq="h")


@pytest.mark.parametrize(
    ("columns", "first"),
    [
        ({"Date": HOURS.strftime("%Y%m%d").astype(int), "Hour": HOURS.hour + 1}, "2021-02-01 01:00"),
        ({"YYYYMMDD": HOURS.strftime("%Y%m%d").astype(int), "HH": HOURS.hour}, "2021-02-01 00:00"),
        ({"Date": HOURS.strftime("%Y-%m-%d"), "Hour Ending": HOURS.hour + 1}, "2021-02-01 01:00"),
        ({"Year": HOURS.year, "DOY": HOURS.day_of_year, "Hour": HOURS.hour}, "2021-02-01 00:00"),
        ({"Timestamp": [round(44228 + k / 24, 6) for k in range(72)]}, "2021-02-01 00:00"),
    ],
)
@pytest.mark.parametrize("named", [False, True])
def test_hours_beside_days_in_digits_are_one_time(columns: dict, first: str, named: bool) -> None:
    frame = pd.DataFrame({**columns, "load": np.arange(72) + 0.5})
    panel, _ = understand(frame, target="load", time=tuple(columns) if named else ())
    assert panel.grid.freq == "h"
    assert len(panel) == 1
    assert panel.grid.times(panel.start[:1])[0] == pd.Timestamp(first)
    assert panel.target.tolist() == frame["load"].tolist()


def test_a_day_beyond_its_year_is_refused() -> None:
    with pytest.raises(InputError, match="Year, DOY of the table: row 2 is no day of its year"):
        understand(pd.DataFrame({"Year": [2020, 2021, 2022], "DOY": [366, 366, 1], "y": [1.0, 2.0, 3.0]}))


def test_years_written_in_january_only_are_said_not_to_be_the_time() -> None:
    frame = pd.DataFrame({"Year": [2020.0, *[np.nan] * 11] * 3, "Month": list(range(1, 13)) * 3, "y": np.arange(36.0)})
    _, facts = understand(frame, target="y")
    assert any(fact.label == "check the time" and fact.value.startswith("'Year'") for fact in facts)


def test_a_column_for_each_month_is_a_row_a_month() -> None:
    months = "January Februar März Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    values = np.random.default_rng(4).normal(size=(20, 12))
    values[-1, 7:] = np.nan  # not over yet
    frame = pd.DataFrame({"Year": range(1990, 2010), **dict(zip(months, values.T, strict=True))})
    frame["J-D"] = values.mean(axis=1)
    panel, facts = understand(frame.assign(Station=["A", "B"] * 10), series="Station")
    assert panel.series == ("A", "B")
    assert (panel.schema.time, panel.schema.target, panel.schema.static) == (("Year", "month"), "value", ())
    assert {fact.label: fact.value for fact in facts}["totals"] == "J-D: ignored"

    panel, _ = understand(frame)
    assert panel.grid.freq == "MS"
    np.testing.assert_array_equal(panel.target, values.ravel()[:-5])
    later, _ = build_panel(frame.tail(3), panel.schema)
    np.testing.assert_array_equal(later.target, values[-3:].ravel()[:-5])


def test_months_as_columns_may_be_series_or_a_target() -> None:
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"Year": range(1990, 2010), **{month: rng.normal(size=20) for month in months}})
    assert understand(frame, layout="wide-columns")[0].series == tuple(months)
    assert understand(frame, target="Mar")[0].schema.time == ("Year",)


def test_numbers_whose_squares_are_infinite_are_refused_with_their_row() -> None:
    frame = table("day", DAYS.astype(str))
    frame.loc[6, "y"] = -3e200
    with pytest.raises(InputError, match=r"column 'y' of the table holds -3e\+200 in row 7"):
        understand(frame)


@pytest.mark.slow
def test_no_number_to_forecast_shows_what_the_columns_hold() -> None:
    frame = pd.DataFrame({"day": DAYS.astype(str), "balance": [f"{k}.20 DR" for k in range(N)]})
    with pytest.raises(InputError, match=r"its other columns are balance \('0\.20 DR'\)"):
        understand(frame)
