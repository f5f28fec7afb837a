"""Numbered periods of a day are times: found, told, kept for later files, and right when the clock changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recurra.data import Panel, build_panel, understand
from recurra.data.time.day_periods import DayPeriods, find_periods, unstored
from recurra.errors import InputError


def market(
    name: str = "Settlement Period",
    *,
    count: int = 48,
    days: int = 30,
    first: int = 1,
    start: str = "2024-02-01",
    zone: str | None = None,
) -> pd.DataFrame:
    """Prices of every period; with a zone the days on which its clock changes have more or fewer of them."""
    begin = pd.Timestamp(start, tz=zone)
    stamps = pd.date_range(begin, begin + pd.Timedelta(days=days), freq=f"{1440 // count}min", inclusive="left")
    date = pd.Series(stamps.tz_localize(None).normalize())
    number = date.groupby(date).cumcount() + first
    return pd.DataFrame(
        {"Settlement Date": date.dt.strftime("%d/%m/%Y"), name: number, "price": np.arange(len(stamps)) + 0.5}
    )


def times_of(panel: Panel) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(panel.grid.times(panel.start[0] + np.arange(len(panel.target))))


@pytest.mark.slow
@pytest.mark.parametrize("count", [24, 48, 96])
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("name", ["Settlement Period", "trading_period", "SP", "slot", "时段"])
def test_they_are_found_by_their_name_and_place(name: str, first: int, count: int) -> None:
    panel, facts = understand(market(name, count=count, first=first), target="price")
    assert panel.schema.time == ("Settlement Date", name)
    assert panel.schema.series is None
    assert panel.schema.freq == {24: "h", 48: "30min", 96: "15min"}[count]
    assert times_of(panel)[[0, -1]].tolist() == [
        pd.Timestamp("2024-02-01"),
        pd.Timestamp("2024-03-02") - pd.Timedelta(minutes=1440 // count),
    ]
    assert panel.target.tolist() == (np.arange(count * 30) + 0.5).tolist()
    said = next(fact for fact in facts if fact.label == "periods of a day")
    assert said.value == f"{name}: {count} a day of {1440 // count} min, {first} begins at 00:00"
    assert said.flag == "time=['Settlement Date']"


def test_the_flag_makes_them_series() -> None:
    panel, facts = understand(market(), time=["Settlement Date"], target="price")
    assert (len(panel), panel.schema.series, panel.schema.freq) == (48, "Settlement Period", "D")
    said = next(fact for fact in facts if fact.label == "check the series")
    assert said.flag == "time=['Settlement Date', 'Settlement Period']"


@pytest.mark.slow
def test_another_name_is_a_series_and_told() -> None:
    panel, facts = understand(market("number"), target="price")
    assert len(panel) == 48
    said = next(fact for fact in facts if fact.label == "check the series")
    assert said.value.startswith("number counts up to 48 on each Settlement Date")
    panel, _ = understand(market("number"), target="price", time=["Settlement Date", "number"])
    assert (len(panel), panel.schema.freq) == (1, "30min")
    facts = understand(market("store"), target="price")[1]
    assert not [fact for fact in facts if fact.label == "check the series"]  # 48 stores


@pytest.mark.slow
def test_beside_series_and_with_parts_of_a_date() -> None:
    one = market()
    both = pd.concat([one.assign(zone="N"), one.assign(zone="S")])
    panel, _ = understand(both, target="price")
    assert panel.series == ("N", "S")
    assert panel.schema.freq == "30min"
    date = pd.to_datetime(one["Settlement Date"], dayfirst=True)
    parts = pd.DataFrame(
        {"year": date.dt.year, "month": date.dt.month, "day": date.dt.day, "period": one["Settlement Period"],
         "price": one["price"]}
    )  # fmt: skip
    panel, _ = understand(parts, target="price")
    assert panel.schema.time == ("year", "month", "day", "period")
    assert panel.schema.freq == "30min"


@pytest.mark.slow
@pytest.mark.parametrize(("start", "count"), [("2024-03-25", 48), ("2024-10-20", 48), ("2024-10-20", 24)])
def test_with_the_zone_a_change_of_clocks_is_right(start: str, count: int) -> None:
    frame = market(count=count, start=start, days=14, zone="Europe/London")
    panel, _ = understand(frame, target="price", tz="Europe/London")
    expected = pd.date_range(pd.Timestamp(start, tz="Europe/London"), periods=len(frame), freq=f"{1440 // count}min")
    seen = ~np.isnan(panel.target)
    times = times_of(panel)[seen]
    unchanged = expected.tz_localize(None)
    assert set(times.tz_localize(None)) == set(unchanged)
    values = dict(zip(times.tz_localize(None), panel.target[seen], strict=True))
    single = ~unchanged.duplicated(keep=False)
    for moment, value in zip(unchanged[single], frame["price"][single], strict=True):
        assert values[moment] == value  # also after the change


@pytest.mark.slow
def test_without_the_zone_a_long_day_is_refused_and_a_short_one_told() -> None:
    with pytest.raises(
        InputError, match=r"'Settlement Period' of x holds 49 in row 385.*no period of a day of 48.*tz="
    ):
        understand(market(start="2024-10-20", days=14, zone="Europe/London"), source="x", target="price")
    _, facts = understand(market(start="2024-03-25", days=14, zone="Europe/London"), target="price")
    said = next(fact for fact in facts if fact.label == "check the clock")
    assert said.value.startswith("1 day of 46 periods")
    assert said.flag == "tz="


@pytest.mark.slow
def test_a_later_file_is_read_alike_although_it_holds_part_of_a_day() -> None:
    panel, _ = understand(market(), target="price")
    assert unstored(panel.schema.time_format) == ("%d/%m/%Y", DayPeriods(48, 1))
    later = pd.DataFrame({"Settlement Date": ["02/03/2024"] * 3, "Settlement Period": [1, 2, 3], "price": [1.0, 2, 3]})
    newer, _ = build_panel(later, panel.schema)
    assert times_of(newer).tolist() == pd.date_range("2024-03-02", periods=3, freq="30min").tolist()
    with pytest.raises(InputError, match=r"holds 49 in row 2.*expected 1 to 48"):
        build_panel(later.assign(**{"Settlement Period": [1, 49, 3]}), panel.schema)


def test_what_is_named_so_and_counts_otherwise() -> None:
    frame = market().assign(**{"Settlement Period": np.arange(1440) % 7 + 1})
    with pytest.raises(InputError, match=r"holds 1 to 7, which are no periods of a day: expected 24, 48 or 96"):
        understand(frame, target="price", time=["Settlement Date", "Settlement Period"])


def test_numbers_of_other_things_are_no_periods() -> None:
    days = np.repeat(np.arange(20), 48)
    assert find_periods(days, np.tile(np.arange(1.0, 49), 20)) == DayPeriods(48, 1)
    assert find_periods(days, np.tile(np.arange(2.0, 50), 20)) is None
    assert find_periods(days, np.tile(np.arange(1.0, 49) + 0.5, 20)) is None
    assert find_periods(np.repeat(np.arange(20), 45), np.tile(np.arange(1.0, 46), 20)) is None  # 45 shops
    assert find_periods(days, np.full(len(days), np.nan)) is None
    assert find_periods(np.array([], dtype=int), np.array([])) is None
