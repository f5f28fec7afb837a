"""Quarters, weeks, half-years and fiscal years as people write them, each read as the day on which it begins."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

Stamps = npt.NDArray[np.datetime64]

_ANY_YEAR = r"['’]?(?P<y>\d{4}|\d{2})"
_FULL_YEAR = r"(?P<y>\d{4})"
_GAP = r"[\s\-/.:_,'’年]*"
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_QUARTER = r"(?:[1-4]|iv|i{1,3})"
_QUARTER_WORD = (
    r"(?:quarter|quartal|quartals|quart|qtr|qrt|trimestre|trimester|trim|trimestr|kwartaal|kwartal|kvartal|kvart|"
    r"ctvrtleti|kv|кв|квартал|квартала|ceyrek|çeyrek|q)"
)
_HALF_WORD = r"(?:hj|half|halbjahr|halvar|semestre|sem|semester|полугодие|h|s)"
_WEEK_WORD = (
    r"(?:wk|week|kw|woche|kalenderwoche|sem|semaine|semana|settimana|sett|vecka|uge|uke|viikko|vk|tydzien|"
    r"tydzień|tyden|týden|неделя|нед|тиждень|hafta|週|周|w)"
)
_FLAGS = re.IGNORECASE


def _patterns(word: str, number: str, closing: str = "", year: str = _ANY_YEAR) -> list[str]:
    """The number with its word before or after it, beside a year before or after both."""
    years = [year.replace("<y>", f"<y{k}>") for k in range(4)]
    before = [rf"{word}\.?{_GAP}(?P<n{k}>{number})" for k in (0, 1)]
    after = [rf"第?(?P<n{k}>{number})\s*\.?\s*(?:st|nd|rd|th|e|er|o|a|-[а-яй]+)?\.?\s*{word}\.?" for k in (2, 3)]
    return [
        rf"^{years[0]}{_GAP}{before[0]}{closing}$",
        rf"^{before[1]}{_GAP}{years[1]}$",
        rf"^{years[2]}{_GAP}{after[0]}{closing}$",
        rf"^{after[1]}{_GAP}{years[3]}$",
    ]


# Letters that are also parts of codes need a year of four digits beside them.
_QUARTERS = [
    *_patterns(_QUARTER_WORD, _QUARTER),
    *_patterns("[tk]", "[1-4]", year=_FULL_YEAR),
    r"^(?P<y4>\d{4})年?第?(?P<n4>[1-4])(?:季度|季|四半期|分기|분기)$",
]
_HALVES = _patterns(_HALF_WORD, "[12]", year=_FULL_YEAR)
_WEEKS = [
    *_patterns(_WEEK_WORD, r"\d{1,2}", closing=r"(?:-?(?P<day>[1-7]))?"),
    *_patterns("[vu]", r"\d{1,2}", year=_FULL_YEAR),
    r"^(?P<y4>\d{4})[\s\-/.]?(?P<n4>\d{1,2})$",
]
_FISCAL = r"^(?:FY\s*)?(?P<first>\d{4})\s*[-/]\s*(?P<second>\d{4}|\d{2})$"


def read_quarters(dates: pd.Series) -> Stamps:
    """The first days of quarters such as 1Q00, Q1'00, 2000 Q1, "1. Quartal 2000", T1 2000, 2000年第1季度."""
    return _months(dates, _QUARTERS, 3)


def read_halves(dates: pd.Series) -> Stamps:
    """The first days of half-years such as 2000H1, "S2 2000"."""
    return _months(dates, _HALVES, 6)


def read_weeks(dates: pd.Series) -> Stamps:
    """The Mondays of ISO weeks such as 2017-W01, "KW 1/2017", "W01 2017"; another day of it where one is written."""
    year, number, day = _extracted(dates, _WEEKS)
    return mondays(year, number) + _days(np.where(np.isnan(day), 1, day) - 1)


def read_fiscal_years(dates: pd.Series) -> Stamps:
    """The beginnings of years such as 2000-2001 or 2000/01: every second year must follow on its first."""
    found = dates.str.extract(_FISCAL, flags=_FLAGS)
    first = pd.to_numeric(found["first"], errors="coerce").to_numpy(float)
    second = pd.to_numeric(found["second"], errors="coerce").to_numpy(float)
    follows = (second == first + 1) | (second == (first + 1) % 100)
    return _first_of(np.where(follows, first, np.nan), np.ones(len(dates)))


def mondays(year: npt.NDArray, week: npt.NDArray) -> Stamps:
    """The Mondays of ISO weeks [n], NaT for a week that its year does not have."""
    good = np.isfinite(year) & np.isfinite(week)
    years = (np.where(good, year, 1970) - 1970).astype("datetime64[Y]")
    fourth = years.astype("datetime64[D]") + 3  # 4 January is in week 1
    monday = fourth - (fourth.astype(np.int64) + 3) % 7 + 7 * (np.where(good, week, 1).astype(np.int64) - 1)
    inside = (monday + 3).astype("datetime64[Y]") == years  # Thursday tells the year of a week
    return np.where(good & inside & (week >= 1), monday.astype("datetime64[us]"), np.datetime64("NaT", "us"))


def _months(dates: pd.Series, patterns: list[str], length: int) -> Stamps:
    year, number, _ = _extracted(dates, patterns)
    return _first_of(year, (number - 1) * length + 1)


def _extracted(dates: pd.Series, patterns: list[str]) -> tuple[npt.NDArray, npt.NDArray, npt.NDArray]:
    """Year, number and day [n] by the first pattern that fits each, NaN where none does."""
    year, number, day = (np.full(len(dates), np.nan) for _ in range(3))
    rest = np.arange(len(dates))
    for pattern in patterns:
        if not len(rest):
            break
        found = dates.iloc[rest].str.extract(pattern, flags=_FLAGS)
        years = next(found[name] for name in found if str(name).startswith("y"))
        numbers = next(found[name] for name in found if str(name).startswith("n")).map(_number)
        fits = years.notna().to_numpy() & numbers.notna().to_numpy()
        here = rest[fits]
        written = years[fits]
        value = written.astype(float)
        # Two digits mean 1969 to 2068, until the whole column tells otherwise.
        value = value.where(written.str.len() > 2, value + np.where(value < 69, 2000, 1900))
        year[here], number[here] = value, numbers[fits].astype(float)
        if "day" in found:
            day[here] = pd.to_numeric(found["day"][fits])
        rest = rest[~fits]
    return year, number, day


def _number(text: object) -> float:
    if not isinstance(text, str):
        return np.nan
    return float(_ROMAN[text.casefold()]) if text.casefold() in _ROMAN else float(text)


def _first_of(year: npt.NDArray, month: npt.NDArray) -> Stamps:
    good = np.isfinite(year) & np.isfinite(month)
    months = (np.where(good, year, 1970) - 1970) * 12 + np.where(good, month, 1) - 1
    stamps = months.astype(np.int64).astype("datetime64[M]").astype("datetime64[us]")
    return np.where(good, stamps, np.datetime64("NaT", "us"))


def _days(count: npt.NDArray) -> npt.NDArray:
    return count.astype(np.int64).astype("timedelta64[D]")


PERIODS: dict[str, Callable[[pd.Series], Stamps]] = {
    "quarter": read_quarters,
    "week": read_weeks,
    "half-year": read_halves,
    "fiscal year": read_fiscal_years,
}
