"""Times written as numbers: years, 201407, 20140701, 201453 (weeks), 20144 (quarters), 2014365 (days of a year),
seconds since 1970, a spreadsheet's days since 1900; or plain integer steps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.schema.names import DAY_WORDS, STEP_WORDS, WEEK_WORDS, plain, words_in
from recurra.data.time.parsing import parsed
from recurra.data.time.periods import mondays
from recurra.errors import InputError
from recurra.language import _
from recurra.options import offered, option, using, ways

_EPOCHS = {"epoch s": (1e8, 1e10, 1_000_000), "epoch ms": (1e11, 1e13, 1000), "epoch us": (1e14, 1e16, 1)}
NUMBER_FORMATS = ("excel", "excel 1904", "year-week", "year-quarter", *_EPOCHS, "epoch ns", "integer")
_WIDTHS = {"year-week": 6, "year-quarter": 5, "%Y%j": 7}
_SERIALS = (21916, 73051)  # 1960 to 2100 as a spreadsheet counts days
_MINUTE = 0.02  # how far from a whole minute a serial of six decimals may lie
_EXCEL = {"excel": np.datetime64("1899-12-30", "us"), "excel 1904": np.datetime64("1904-01-01", "us")}
_DIGITS = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_YEARS = (1500, 2200)


def number_format(values: npt.NDArray, name: str) -> str:
    """How finite numbers [n] of a time column are to be read: "%Y", "%Y%m%d", "epoch s", ..., "integer"."""
    low, high = float(values.min()), float(values.max())
    whole = bool((values == np.floor(values)).all())
    if whole and low > 0 and (plain(name) == "time" or plain(name) not in STEP_WORDS):
        digits = len(str(int(high)))
        formats = [_DIGITS.get(digits), *(format for format, width in _WIDTHS.items() if width == digits)]
        if words_in(name) & WEEK_WORDS:
            formats.reverse()
        for format in formats if len(str(int(low))) == digits else ():
            if format and _are_years(_compact(values, format)):
                return format
    if words_in(name) & DAY_WORDS and _SERIALS[0] <= low and high < _SERIALS[1]:
        return "excel"
    for format, (least, most, _unused) in _EPOCHS.items():
        if least <= low and high < most:
            return format
    if low >= 1e17:
        return "epoch ns"
    if not whole:
        remedies = [
            _(
                "if they are a spreadsheet's days, pass {time_format_option}",
                time_format_option=option("time_format", "excel"),
            )
            if offered("time_format")
            else "",
            using("name another column with {}", "time"),
            "" if offered("time") else _("correct it"),
        ]
        raise InputError(
            _(
                "time column {name!r} holds fractions such as {value:g}: expected dates, whole years, "
                "seconds since 1970 or whole steps; {remedy}",
                name=name,
                value=values[values != np.floor(values)][0],
                remedy=ways(*remedies),
            )
        )
    return "integer"


def are_serial_times(values: npt.NDArray, name: str) -> bool:
    """Whether numbers [n] with fractions are a spreadsheet's days with a time of day: called so, each another minute.

    >>> are_serial_times(np.array([45292.0, 45292.5, 45293.0]), "Timestamp")
    True
    """
    if not (words_in(name) & DAY_WORDS and _SERIALS[0] <= values.min() and values.max() < _SERIALS[1]):
        return False
    minutes = values * 1440
    return len(np.unique(values)) == len(values) and bool((np.abs(minutes - np.round(minutes)) < _MINUTE).all())


def read_numbers(values: npt.NDArray, format: str) -> npt.NDArray:
    """Numbers [n] as datetime64[us] [n] (NaT where they are no time), or as int64 for the format "integer"."""
    if format == "integer":
        return values.astype(np.int64)
    if format == "epoch ns":
        return (values.astype(np.int64) // 1000).astype("datetime64[us]")
    if format in _EPOCHS:
        factor = _EPOCHS[format][2]
        micro = values * factor if values.dtype.kind in "iu" else np.round(values * factor)
        return micro.astype(np.int64).astype("datetime64[us]")
    if format in _EXCEL:
        seconds = np.round(values.astype(np.float64) * 86_400)  # a fraction of a day is exact to less than a second
        return _EXCEL[format] + seconds.astype(np.int64).astype("timedelta64[s]").astype("timedelta64[us]")
    return _compact(values, format)


def _compact(values: npt.NDArray, format: str) -> npt.NDArray:
    codes, distinct = pd.factorize(values)
    if format in ("year-week", "year-quarter"):
        base = 100 if format == "year-week" else 10
        year, part = np.divmod(distinct.astype(np.int64), base)
        if format == "year-week":
            stamps = mondays(year.astype(float), part.astype(float))
        else:
            months = ((year - 1970) * 12 + 3 * (part - 1)).astype("datetime64[M]").astype("datetime64[us]")
            stamps = np.where((part >= 1) & (part <= 4), months, np.datetime64("NaT", "us"))
        return stamps[codes]
    if format == "%Y%j":
        text = pd.Series(distinct).astype(np.int64).astype(str)
        return parsed(text, format)[codes]
    width = next(width for width, name in _DIGITS.items() if name == format)
    text = pd.Series(distinct).astype(np.int64).astype(str).str.zfill(width)
    if format == "%Y":
        stamps = (distinct.astype(np.int64) - 1970).astype("datetime64[Y]").astype("datetime64[us]")
    elif format == "%Y%m":
        stamps = parsed(text.str[:4] + "-" + text.str[4:], "%Y-%m")
    else:
        stamps = parsed(text, format)
    return stamps.astype("datetime64[us]")[codes]


def _are_years(stamps: npt.NDArray) -> bool:
    if np.isnat(stamps).any():
        return False
    years = stamps.astype("datetime64[Y]").astype(np.int64) + 1970
    return bool(_YEARS[0] <= years.min() and years.max() <= _YEARS[1])
