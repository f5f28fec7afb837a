"""Dates and times written as text: which format a whole column is written in, and its values.

The date part is tried against a list of formats, from the unmistakable to the ambiguous, and a format must fit every
value; the time of day (12 or 24 hours, with or without an offset from UTC) is read by one pattern. Day-first and
month-first dates, and the century of two-digit years, are decided over the whole column. Where no format fits as the
texts stand, they are spelled plainly (`spellings`) and tried again, then as intervals that begin at a time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.time.century import in_century, settled_century
from recurra.data.time.frequency import DAY, MICROSECONDS
from recurra.data.time.parsing import parsed
from recurra.data.time.periods import PERIODS
from recurra.data.time.spellings import has_words, spelled_plainly

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
    *("%YM%m", "%Ym%m", "%Y年%m月", "%Y", "%Y年", "%m/%Y", "%m-%Y", "%m.%Y"),
    *PERIODS,
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
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|(?:UTC|GMT)?[+-]\d{1,2}:?\d{2}|(?:UTC|GMT)?[+-]\d{1,2}|UTC|GMT|[CEW]ES?T|[EP][SD]T|[CM]DT)?$"
)
_COMPACT = r"^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})?(?=$|Z|[+-])"
_WEEKDAY = r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+"
_INTERVALS = (
    r"^(?P<first>\S.*?\d\S*)\s+(?:-|to|bis|à|au|until|till|al|do|по)\s+(?P<second>\S.*)$",
    r"^(?P<first>.*\d{1,2}:\d{2}(?::\d{2})?)\s*-\s*(?P<second>\d{1,2}:\d{2}(?::\d{2})?)$",
    r"^(?P<first>\d{4}-?\d{2}-?\d{2}[^/]*)/(?P<second>\d{4}-?\d{2}-?\d{2}[^/]*)$",
)
_CLOCK_ONLY = r"^\d{1,2}:\d{2}(?::\d{2})?$"
_MOST = 0.8  # share of intervals among the texts of a column of intervals with faults
_LONGEST = 80  # characters of a time
_ABBREVIATED = {"CET": 60, "CEST": 120, "WET": 0, "WEST": 60, "EET": 120, "EEST": 180}
_ABBREVIATED |= {"EST": -300, "EDT": -240, "CDT": -300, "MDT": -360, "PST": -480, "PDT": -420}


@dataclass(frozen=True)
class Reading:
    """A column of text read in one format. `stamps` is NaT where a value does not fit, `offset` its minutes from UTC.

    Stamps are the wall clock as written; `offset` is None where no value has a zone. `rival` are the same dates with
    day and month exchanged, where both are possible; `pivot` is the first of the hundred years that two digits mean.
    """

    format: str
    stamps: Stamps
    offset: npt.NDArray[np.int64] | None
    rival: Reading | None = None
    pivot: int | None = None
    interval: bool = False

    @property
    def fits(self) -> npt.NDArray[np.bool_]:
        return ~np.isnat(self.stamps)

    @property
    def stored(self) -> str:
        """The format with all that a later file must be read with."""
        return self.format if self.pivot is None else f"{self.format} from {self.pivot}"


def read_dates(
    texts: pd.Series, *, format: str | None = None, day_first: bool | None = None, pivot_year: int | None = None
) -> Reading:
    """Read distinct, non-missing texts [n], in the order of the file, in the one format that fits most of them.

    `format` is tried first (as `Reading.stored` has it); `day_first` settles dates such as 3/4/2020, which otherwise
    are read month first and returned with their `rival`. Two-digit years lie in the hundred years from `pivot_year` on.
    """
    if format is not None and (stored := re.fullmatch(r"(.*) from (\d{4})", format)):
        format, pivot_year = stored[1], pivot_year if pivot_year is not None else int(stored[2])
    texts = texts.astype(str).str.strip().reset_index(drop=True)
    reading = _read(texts, format, day_first, pivot_year)
    if not reading.fits.all() and int(texts.str.len().max()) <= _LONGEST:
        reading = _read_otherwise(texts, reading, format, day_first, pivot_year)
    return reading


def _read_otherwise(
    texts: pd.Series, reading: Reading, format: str | None, day_first: bool | None, pivot_year: int | None
) -> Reading:
    """Spelled plainly, or as intervals; `reading` itself where neither fits more."""
    if has_words(texts):
        texts = spelled_plainly(texts)
        plain = _read(texts, format, day_first, pivot_year)
        reading = plain if plain.fits.sum() > reading.fits.sum() else reading
    if reading.fits.all():
        return reading
    for pattern in _INTERVALS:
        found = texts.str.extract(pattern)
        fits = found["first"].notna().to_numpy()
        if fits.mean() < _MOST:
            continue
        first = _read(found["first"].str.strip().where(fits, ""), format, day_first, pivot_year)
        fits = fits & first.fits
        if fits.mean() >= _MOST and _ends_later(found["second"].str.strip(), first, fits):
            first = replace(first, interval=True)
            if fits.all():
                return first
            reading = first if fits.sum() > reading.fits.sum() else reading
    return reading


def _ends_later(ends: pd.Series, first: Reading, fits: npt.NDArray[np.bool_]) -> bool:
    """Whether the intervals that `fits` [n] end at a time of day, or not before they begin."""
    ends = ends[fits]
    if ends.str.fullmatch(_CLOCK_ONLY).all():
        return True
    last = _read(ends.reset_index(drop=True), first.format, None, first.pivot)
    return bool(last.fits.all() and (last.format == first.format) and (last.stamps >= first.stamps[fits]).all())


def _read(texts: pd.Series, format: str | None, day_first: bool | None, pivot_year: int | None) -> Reading:
    texts = texts.str.replace(_COMPACT, r"\1-\2-\3T\4:\5:\6", regex=True)
    clock = texts.str.extract(_CLOCK)
    timed = clock["hour"].notna().to_numpy()
    dates = texts.where(~timed, clock["date"]).str.replace(_WEEKDAY, "", case=False, regex=True)
    dates = dates.str.replace(",", " ", regex=False).str.replace(r"\s+", " ", regex=True).str.strip()
    codes, distinct = pd.factorize(dates)
    distinct = pd.Series(distinct, dtype="str")
    name, stamps, other = _choose(distinct, format, day_first)
    time_of_day, offset = _clock_part(clock, timed)

    def whole(name: str, stamps: Stamps, rival: Reading | None) -> Reading:
        pivot = None
        if name and ("%y" in name or (name in PERIODS and not distinct.str.contains(r"\d{4}").any())):
            pivot = settled_century(stamps) if pivot_year is None else pivot_year
            stamps = in_century(stamps, pivot)
        return Reading(name, stamps[codes] + time_of_day, offset, rival, pivot)

    rival = None if other is None else whole(*other, None)
    return whole(name, stamps, rival)


def _choose(
    dates: pd.Series, format: str | None, day_first: bool | None
) -> tuple[str, Stamps, tuple[str, Stamps] | None]:
    """The format, its stamps, and the other order of day and month where both fit."""
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
                if name in ("%Y/%m", "%Y-%m") and len(dates) > 2:  # 2000/01, 2001/02, 2002/03
                    years = _parse(dates, "fiscal year")
                    name, stamps = (name, stamps) if np.isnat(years).any() else ("fiscal year", years)
                return name, stamps, None
            if full > best_share:
                best, best_share = (name, stamps), full
    for first, second in pairs:
        if max((~np.isnat(_parse(sample, name))).sum() for name in (first, second)) <= best_share * len(sample):
            continue
        readings = {name: _parse(dates, name) for name in (first, second)}
        shares = {name: float((~np.isnat(stamps)).mean()) for name, stamps in readings.items()}
        if shares[first] == 1.0 and day_first is None and shares[second] == 1.0:
            return first, readings[first], (second, readings[second])
        # The user's word stands: what contradicts --day-first is reported, not read the other way.
        name = first if day_first is not None or shares[first] >= shares[second] else second
        if shares[name] == 1.0:
            return name, readings[name], None
        if shares[name] > best_share:
            best, best_share = (name, readings[name]), shares[name]
    return best[0], best[1], None


def _parse(dates: pd.Series, format: str) -> Stamps:
    if format in PERIODS:
        return PERIODS[format](dates)
    if format == "%Y%m%d":
        dates = dates.where(dates.str.fullmatch(r"\d{8}"))
    dates = dates.where(~dates.str.startswith("-", na=False))  # pandas reads "-1" as a year
    return parsed(dates, format)


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
    codes, zones = pd.factorize(zone)
    minutes = np.array([*(_minutes(text) for text in zones), 0], dtype=np.int64)  # the last serves code -1
    # A column where only some times have a zone has no meaning as a whole: those without do not fit.
    micro[zone.isna().to_numpy()] = np.timedelta64("NaT")
    return micro, minutes[codes]


def _minutes(zone: str) -> int:
    """The minutes from UTC that an offset or a zone's abbreviation stands for."""
    if zone in _ABBREVIATED:
        return _ABBREVIATED[zone]
    found = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2}?):?(\d{2})?", zone)
    if found is None:
        return 0
    return (-1 if found[1] == "-" else 1) * (int(found[2]) * 60 + int(found[3] or 0))


def looks_like_dates(texts: pd.Series) -> bool:
    """Whether a sample of distinct texts reads as dates, every one of them."""
    sample = texts.dropna().astype(str).drop_duplicates().head(50)
    if sample.empty or not sample.str.contains(r"\d").all():
        return False
    return bool(read_dates(sample).fits.all())
