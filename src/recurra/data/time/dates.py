"""Dates and times written as text: which format a whole column is written in, and its values.

The date part is tried against a list of formats, from the unmistakable to the ambiguous, and a format must fit every
value; the time of day (12 or 24 hours, with or without an offset from UTC) is read by one pattern. Day-first and
month-first dates are decided over the whole column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.time.frequency import DAY, MICROSECONDS

Stamps = npt.NDArray[np.datetime64]

_CLEAR = (
    *(
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%Y.%m.%d",
        "%Y%m%d",
        "%Y年%m月%d日",
        "%Y年%m月%d号",
        "%Y %m %d",
        "%Y-%m",
        "%Y/%m",
        "%Y.%m",
    ),
    *("%YM%m", "%Ym%m", "%Y年%m月", "%Y", "%Y年", "%m/%Y", "%m-%Y", "%m.%Y", "quarter", "week"),
    *(
        f"{day}{sep}{month}{sep}{year}"
        for year in ("%Y", "%y")
        for sep in " -/"
        for month in ("%b", "%B")
        for day in ("%d",)
    ),
    *("%b %d %Y", "%B %d %Y", "%b-%d-%Y", "%d%b%Y", "%d%b%y", "%b %Y", "%B %Y", "%b-%Y", "%B-%Y", "%b/%Y"),
    *(
        "%Y-%b",
        "%Y-%B",
        "%Y %b",
        "%Y %B",
        "%Y-%b-%d",
        "%Y %b %d",
        "%b-%y",
        "%b %y",
        "%y-%b",
        "%B-%y",
        "%d. %B %Y",
        "%d. %b %Y",
    ),
)
_AMBIGUOUS = tuple(
    (f"%m{sep}%d{sep}{year}", f"%d{sep}%m{sep}{year}") for year in ("%Y", "%y") for sep in ("/", "-", ".", " ")
)
_CLOCK = re.compile(
    r"^(?P<date>.*?)(?:[T\s,]+|(?<=[日号]))(?P<hour>\d{1,2})"
    r"(?:[:：时点h](?:(?P<minute>\d{1,2})(?:[:：分](?:(?P<second>\d{1,2}(?:[.,]\d{1,9})?)秒?)?)?)?|(?=\s*[AaPp]\.?[Mm])|(?<=T\d\d)$)"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?$"
)
_COMPACT = r"^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})?(?=$|Z|[+-])"
_WEEKDAY = r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+"
_QUARTER = r"^(?:(?P<y1>\d{4})\s*[-/年.]?\s*(?:Q|第)(?P<q1>[1-4])(?:季度)?|Q(?P<q2>[1-4])\s*[-/ ]?\s*(?P<y2>\d{4}))$"
_WEEK = r"^(?P<year>\d{4})-?W(?P<week>\d{1,2})(?:-?(?P<day>[1-7]))?$"


@dataclass(frozen=True)
class Reading:
    """A column of text read in one format. `stamps` is NaT where a value does not fit, `offset` its minutes from UTC.

    Stamps are the wall clock as written; `offset` is None where no value has a zone.
    """

    format: str
    stamps: Stamps
    offset: npt.NDArray[np.int64] | None
    rival: Stamps | None = None  # the same dates with day and month exchanged, where both are possible

    @property
    def fits(self) -> npt.NDArray[np.bool_]:
        return ~np.isnat(self.stamps)


def read_dates(texts: pd.Series, *, format: str | None = None, day_first: bool | None = None) -> Reading:
    """Read distinct, non-missing texts [n] in the one format that fits most of them (all, in a clean column).

    `format` is tried first; `day_first` settles dates such as 3/4/2020, which otherwise are read month first and
    returned with their `rival`.
    """
    texts = texts.astype(str).str.strip().reset_index(drop=True)
    texts = texts.str.replace(_COMPACT, r"\1-\2-\3T\4:\5:\6", regex=True)
    clock = texts.str.extract(_CLOCK)
    timed = clock["hour"].notna().to_numpy()
    dates = texts.where(~timed, clock["date"]).str.replace(_WEEKDAY, "", case=False, regex=True)
    dates = dates.str.replace(",", " ", regex=False).str.replace(r"\s+", " ", regex=True).str.strip()
    codes, distinct = pd.factorize(dates)
    name, stamps, rival = _choose(pd.Series(distinct, dtype="str"), format, day_first)
    time_of_day, offset = _clock_part(clock, timed)
    return Reading(name, stamps[codes] + time_of_day, offset, None if rival is None else rival[codes] + time_of_day)


def _choose(dates: pd.Series, format: str | None, day_first: bool | None) -> tuple[str, Stamps, Stamps | None]:
    sample = dates.iloc[:: max(1, len(dates) // 200)]
    names = [format] if format else []
    names += [name for name in _CLEAR if name != format]
    pairs = [(b, a) if day_first else (a, b) for a, b in _AMBIGUOUS]
    best = ("", np.full(len(dates), np.datetime64("NaT", "us")))
    best_share = 0.0
    for name in names:
        share = float((~np.isnat(_parse(sample, name))).mean()) if len(sample) else 0.0
        if share > best_share:
            stamps = _parse(dates, name)
            full = float((~np.isnat(stamps)).mean())
            if full == 1.0:
                return name, stamps, None
            if full > best_share:
                best, best_share = (name, stamps), full
    for first, second in pairs:
        if max((~np.isnat(_parse(sample, name))).sum() for name in (first, second)) <= best_share * len(sample):
            continue
        readings = {name: _parse(dates, name) for name in (first, second)}
        shares = {name: float((~np.isnat(stamps)).mean()) for name, stamps in readings.items()}
        if shares[first] == 1.0 and day_first is None and shares[second] == 1.0:
            return first, readings[first], readings[second]
        # The user's word stands: what contradicts `day_first` is reported, not read the other way.
        name = first if day_first is not None or shares[first] >= shares[second] else second
        if shares[name] == 1.0:
            return name, readings[name], None
        if shares[name] > best_share:
            best, best_share = (name, readings[name]), shares[name]
    return best[0], best[1], None


def _parse(dates: pd.Series, format: str) -> Stamps:
    if format == "quarter":
        found = dates.str.extract(_QUARTER, flags=re.IGNORECASE)
        year, quarter = found["y1"].fillna(found["y2"]), found["q1"].fillna(found["q2"])
        return _parse(year.fillna("").str.cat((quarter.astype(float) * 3 - 2).map("-{:.0f}".format)), "%Y-%m")
    if format == "week":
        found = dates.str.extract(_WEEK, flags=re.IGNORECASE)
        dates, format = found["year"] + "-" + found["week"] + "-" + found["day"].fillna("1"), "%G-%V-%u"
    if format == "%Y%m%d":
        dates = dates.where(dates.str.fullmatch(r"\d{8}"))
    dates = dates.where(~dates.str.startswith("-", na=False))  # pandas reads "-1" as a year
    return pd.to_datetime(dates, format=format, errors="coerce").to_numpy().astype("datetime64[us]")


def _clock_part(clock: pd.DataFrame, timed: npt.NDArray[np.bool_]) -> tuple[npt.NDArray, npt.NDArray[np.int64] | None]:
    """Time of day as timedelta64[us] (NaT where impossible) and offsets from UTC in minutes."""
    micro = np.zeros(len(clock), dtype="timedelta64[us]")
    if not timed.any():
        return micro, None
    hour, minute = (pd.to_numeric(clock[part]).fillna(0).to_numpy(np.int64) for part in ("hour", "minute"))
    second = pd.to_numeric(clock["second"].str.replace(",", ".", regex=False)).fillna(0).to_numpy(float)
    half = clock["half"].str.slice(0, 1).str.lower()
    twelve = half.notna().to_numpy()
    hour = np.where(twelve, hour % 12 + 12 * (half == "p").to_numpy(bool, na_value=False), hour)
    total = (hour * 60 + minute) * MICROSECONDS["min"] + np.round(second * MICROSECONDS["s"]).astype(np.int64)
    micro = total.astype("timedelta64[us]")
    micro[(minute > 59) | (second >= 61) | (total > DAY)] = np.timedelta64("NaT")
    zone = clock["zone"]
    if not zone.notna().any():
        return micro, None
    digits = (
        zone.str.replace(r"Z|UTC|GMT", "+0000", regex=True).str.replace(":", "", regex=False).str.pad(5, "right", "0")
    )
    minutes = pd.to_numeric(digits.str.slice(1, 3)) * 60 + pd.to_numeric(digits.str.slice(3, 5))
    sign = np.where((digits.str.slice(0, 1) == "-").to_numpy(bool, na_value=False), -1, 1)
    # A column where only some times have a zone has no meaning as a whole: those without do not fit.
    micro[zone.isna().to_numpy()] = np.timedelta64("NaT")
    return micro, sign * minutes.fillna(0).to_numpy(np.int64)


def looks_like_dates(texts: pd.Series) -> bool:
    """Whether a sample of distinct texts reads as dates, every one of them."""
    sample = texts.dropna().astype(str).drop_duplicates().head(50)
    if sample.empty or not sample.str.contains(r"\d").all():
        return False
    return bool(read_dates(sample).fits.all())
