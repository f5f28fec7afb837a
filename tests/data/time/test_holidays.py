"""Holidays of countries, the days beside them, and ends of months."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.data.time.holidays import (
    AFTER,
    AT_WEEKEND,
    BEFORE,
    HOLIDAY,
    MONTH_END,
    MONTH_START,
    NOTHING,
    day_codes,
    holiday_days,
    parse_country,
)
from recurra.errors import InputError

pytest.importorskip("holidays")


def codes(*days: str, countries: tuple[str, ...] = ("DE",), business: bool = False) -> list[int]:
    return day_codes(np.array(days, dtype="datetime64[D]"), countries, month_ends=True, business=business).tolist()


@pytest.mark.parametrize(
    ("text", "country"),
    [("DE", "DE"), (" de ", "DE"), ("Germany", "DE"), ("united states", "US"), ("UK", "GB"), ("de-by", "DE-BY")],
)
def test_codes_and_names_are_understood(text: str, country: str) -> None:
    assert parse_country(text) == country


@pytest.mark.parametrize(
    ("text", "hint"),
    [("Germny", r"DE \(Germany\)"), ("Swedn", r"SE \(Sweden\)"), ("DE-XX", "BY"), ("CN-1", "as a whole")],
)
def test_others_are_refused_with_the_closest(text: str, hint: str) -> None:
    with pytest.raises(InputError, match=hint):
        parse_country(text)


def test_easter_moves_and_its_neighbours_with_it() -> None:
    # Good Friday 2024-03-29, Easter Monday 2024-04-01
    found = codes("2024-03-27", "2024-03-28", "2024-03-29", "2024-03-30", "2024-03-31", "2024-04-01", "2024-04-02")
    assert found == [NOTHING, BEFORE, HOLIDAY, AFTER, BEFORE, HOLIDAY, AFTER]
    assert codes("2023-04-07", "2023-04-10") == [HOLIDAY, HOLIDAY]


def test_weekends_and_months() -> None:
    assert codes("2022-12-25", "2024-02-29", "2024-03-01") == [AT_WEEKEND, MONTH_END, MONTH_START]
    # of business days the last one is no weekend's; March 2024 ends on Good Friday
    assert codes("2024-03-28", "2024-06-28", "2024-09-02", business=True) == [BEFORE, MONTH_END, MONTH_START]


def test_countries_add_up_and_parts_have_more() -> None:
    assert codes("2024-07-04", countries=("DE", "US")) == [HOLIDAY]
    assert codes("2024-07-04") == [NOTHING]
    assert len(holiday_days("DE-BY", 2024, 2024)) > len(holiday_days("DE", 2024, 2024))


def test_no_day_has_no_code() -> None:
    assert codes() == []
