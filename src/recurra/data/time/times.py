"""The time of every row, from the column or columns that hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.schema.facts import Fact
from recurra.data.schema.names import PERIOD_WORDS, part_of, plain
from recurra.data.time.century import steps_backwards
from recurra.data.time.date_parts import (
    calendar_days,
    checked_part,
    part_names,
    period_part,
    refuse_missing,
    whole_numbers,
)
from recurra.data.time.dates import Reading, Stamps, read_dates
from recurra.data.time.day_periods import DayPeriods, begin, find_periods, period_facts, unstored
from recurra.data.time.eras import era_of_days, first_era
from recurra.data.time.frequency import DAY, MICROSECONDS, Frequency
from recurra.data.time.spellings import month_of
from recurra.data.time.unix_time import NUMBER_FORMATS, number_format, read_numbers
from recurra.data.time.zones import check_zone, utc_of, wall_clock, zone_of
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.options import flag, offered, option, using, ways

_KEPT = ("integer", "excel", "excel 1904", "year-week", "year-quarter")  # formats of numbers that later files keep
_MOSTLY = 0.8  # share of numbers in a column of numbers with faults


@dataclass(frozen=True)
class Times:
    """The time of each row [n].

    `kind` says what `values` are: "clock" (datetime64[us], the wall clock as written), "utc" (datetime64[us],
    absolute; `tz` is the zone to show them in) or "integer" (int64).
    """

    values: npt.NDArray
    kind: str
    format: str | None
    tz: str | None = None
    facts: tuple[Fact, ...] = ()

    def for_frequency(self, frequency: Frequency, codes: npt.NDArray[np.integer], *, wall: bool = False) -> Stamps:
        """What a grid counts: the wall clock, or with `wall` false absolute time for steps below a day.

        `codes` [n] are the series. Raises `InputError` for a time below a day that the clock skipped.
        """
        below = frequency.below_day
        if self.kind == "clock":
            absolute = utc_of(self.values, self.tz, codes) if self.tz and below else self.values
            return self.values if wall else absolute
        return self.values if below and not wall else wall_clock(self.values, self.tz or "UTC")


def read_times(
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    source: str = "the table",
    format: str | None = None,
    tz: str | None = None,
    day_first: bool | None = None,
    only: str | None = None,
    pivot_year: int | None = None,
) -> Times:
    """Read the times of all rows from one column, or from several (parts of a date, or a date and a time of day).

    `format` is what an earlier file was read with, and is tried first; `only` is the one format that the user allows.
    Two-digit years lie in the hundred years from `pivot_year` on. Raises `InputError` naming the first value that is
    no time, and its row.
    """
    if tz is not None:
        check_zone(tz)
    if pivot_year is not None and not 1000 <= pivot_year <= 9900:
        raise InputError(
            _(
                "pivot year {pivot_year} is no year: expected one such as 1950 ({pivot_year_option})",
                pivot_year=pivot_year,
                pivot_year_option=option("pivot_year"),
            )
        )
    if len(columns) > 1:
        return _from_parts(frame, columns, source, format, tz, day_first)
    column = frame[columns[0]]
    dtype = column.dtype
    refuse_missing(column, columns[0], source)
    if isinstance(dtype, pd.DatetimeTZDtype):
        values = pd.DatetimeIndex(column).tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]")
        return Times(values, "utc", None, tz or str(dtype.tz))
    if pd.api.types.is_datetime64_dtype(dtype):
        return Times(column.to_numpy().astype("datetime64[us]", copy=False), "clock", None, tz)
    if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype):
        return _from_numbers(column, source, format, tz, only)
    codes, distinct = _distinct(column)
    if distinct.str.fullmatch(r"\d+").all() and (only is None or only in NUMBER_FORMATS):
        return _from_numbers(distinct.astype(np.int64).iloc[codes].rename(columns[0]), source, format, tz, only)
    reading = read_dates(distinct, format=only or format, day_first=day_first, pivot_year=pivot_year)
    if only is None and not reading.fits.all():
        _refuse_among_numbers(reading, codes, distinct, columns[0], source)
    _refuse_unread(reading, codes, distinct, columns[0], source, day_first, only)
    reading, facts = _settle(reading, columns[0])
    if (era := era_of_days(reading.stamps)) is not None and reading.format not in ("%Y", "%Y年"):
        raise InputError(
            _(
                "column {column!r} of {source} holds {value!r} in row 1, a year of {era}: expected years "
                "of the Gregorian calendar; {remedy}",
                column=columns[0],
                source=source,
                value=distinct.iloc[0],
                era=_(era),
                remedy=ways(_("convert it"), using("name another column with {}", "time")),
            )
        )
    offset = None if reading.offset is None else reading.offset[codes]
    return _zoned(reading.stamps[codes], offset, reading.stored, tz, facts)


def time_format_of(
    frame: pd.DataFrame, column: str, *, source: str = "the table", day_first: bool | None = None
) -> tuple[str | None, tuple[Fact, ...]]:
    """How a column of texts writes its times, which later files are read by; with what was decided.

    None of a column of numbers or of times. Raises `InputError` as `read_times` does.
    """
    dtype = frame[column].dtype
    if pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_datetime64_any_dtype(dtype):
        return None, ()
    times = read_times(frame, [column], source=source, day_first=day_first)
    return times.format, times.facts


def _distinct(column: pd.Series) -> tuple[npt.NDArray[np.integer], pd.Series]:
    codes, distinct = pd.factorize(column)
    return codes, pd.Series(np.asarray(distinct, dtype=object)).astype(str).str.strip()


def _refuse_unread(
    reading: Reading,
    codes: npt.NDArray[np.integer],
    distinct: pd.Series,
    name: str,
    source: str,
    day_first: bool | None,
    only: str | None = None,
) -> None:
    wrong = ~reading.fits[codes]
    if only is not None and reading.fits.any() and reading.format != only:
        wrong[:] = True
    if not wrong.any():
        return
    row = int(wrong.argmax())
    written = (
        _("written as {format}, as most of the column is", format=reading.format)
        if reading.fits.any()
        else _("that is understood")
    )
    remedies = [_("correct it"), _("remove the row")]
    if only is not None:
        written, remedies = _("written as {only}", only=only), [_("correct it"), using("leave out {}", "time_format")]
    elif day_first is not None:
        written = _("with the {day_first} first", day_first=_("day") if day_first else _("month"))
        remedies = [using("leave out {}", "day_first"), _("correct it")]
    if (era := first_era(distinct.iloc[codes[row : row + 1]])) is not None:
        written, remedies = _("of the Gregorian calendar but of {era}", era=_(era[1])), [_("convert it")]
    remedies += [
        using("say how the column is written with {}", "time_format"),
        using("name another one with {}", "time"),
        _("leave it out with {ignore_option}", ignore_option=option("ignore", name)) if offered("ignore") else "",
    ]
    raise InputError(
        _(
            "column {name!r} of {source} holds {value!r} in row {row}, which is no time {written}: {remedy}",
            name=name,
            source=source,
            value=distinct.iloc[codes[row]],
            row=row + 1,
            written=written,
            remedy=ways(*remedies),
        )
    )


def _refuse_among_numbers(
    reading: Reading, codes: npt.NDArray[np.integer], distinct: pd.Series, name: str, source: str
) -> None:
    """Refuse the first cell that is no number where most are, and numbers of one format: days of a year, serials."""
    digits = distinct.str.fullmatch(r"\d+(?:\.\d+)?").to_numpy(bool)
    if digits.mean() < _MOSTLY or digits.sum() <= reading.fits.sum():
        return
    try:
        format = number_format(distinct[digits].astype(float).to_numpy(), name)
    except InputError:
        return
    if format == "integer":
        return
    row = int((~digits[codes]).argmax())
    remedies = [_("correct it"), _("remove the row"), using("name another column with {}", "time")]
    raise InputError(
        _(
            "column {name!r} of {source} holds {value!r} in row {row}, which is no time written as "
            "{format}, as most of the column is: {remedy}",
            name=name,
            source=source,
            value=distinct.iloc[codes[row]],
            row=row + 1,
            format=format,
            remedy=ways(*remedies),
        )
    )


def _settle(reading: Reading, name: str) -> tuple[Reading, list[Fact]]:
    """Choose between month first and day first; say what was decided of the whole column.

    A reading in which the file is in order wins against one in which it is not, then the day before a point, then the
    one with more regular days, then that with the smaller hole.
    """
    facts = []
    if reading.rival is not None:
        rival = reading.rival
        first, second = (_doubts(each) for each in (reading, rival))
        chosen, order, other = (
            (rival, "day", flag("day_first", False)) if second < first else (reading, "month", flag("day_first", True))
        )
        reasons = (
            _("in which the rows are in order"),
            _("as dates with points are written"),
            _("which gives the more regular steps"),
            _("which leaves no hole of a month"),
        )
        told = [why for why, mine, others in zip(reasons, first, second, strict=True) if mine != others]
        why = told[0] if told else _("although day first is as possible")
        facts.append(Fact("date order", _("{name}: {order} first, {why}", name=name, order=_(order), why=why), other))
        reading = replace(chosen, rival=None, interval=reading.interval)
    if reading.pivot is not None:
        years = [int(str(stamp)[:4]) for stamp in (reading.stamps.min(), reading.stamps.max())]
        said = (
            _("{name}: {first} to {last}", name=name, first=years[0], last=years[1])
            if years[0] < years[1]
            else f"{name}: {years[0]}"
        )
        facts.append(Fact("two-digit years", said, flag("pivot_year")))
    if reading.interval:
        facts.append(Fact("intervals", _("{name}: each is counted at its beginning", name=name), flag("time")))
    return reading, facts


def _doubts(reading: Reading) -> tuple[bool, bool, int, bool]:
    """What speaks against a reading, the weightiest first.

    More than 1 % of its rows are out of order; it has the month before a point; how many different steps its days make;
    and, where rows have times of day, whether it leaves out about a month.
    """
    stamps = reading.stamps
    days = np.diff(np.unique(stamps.astype("datetime64[D]"))).astype(np.int64)
    within = bool((stamps.astype(np.int64) % DAY).any())
    return (
        steps_backwards(stamps) > 0.01 * len(stamps),
        "%m.%d" in reading.format,
        len(np.unique(np.where(_months(days), 30, days))),
        within and bool(_months(days).any()),
    )


def _months(days: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    return (days >= 28) & (days <= 31)


def _zoned(wall: Stamps, offset: npt.NDArray | None, format: str, tz: str | None, facts: Sequence[Fact]) -> Times:
    if offset is None:
        return Times(wall, "clock", format, tz, tuple(facts))
    several = bool((offset != offset[0]).any())
    if tz is None and several and len(np.unique(wall.astype(np.int64) % DAY)) == 1:
        return Times(wall, "clock", format, None, tuple(facts))  # dates at local midnight
    absolute = wall - (offset * MICROSECONDS["min"]).astype("timedelta64[us]")
    if tz is None and several and (zone := zone_of(wall, absolute)) is not None:
        facts, tz = (
            [*facts, Fact("time zone", _("{zone}, whose clock has these offsets from UTC", zone=zone), flag("tz"))],
            zone,
        )
    if tz is None and several:
        note = Fact("time zone", _("UTC, because the times have several offsets from it"), flag("tz"))
        facts, tz = [*facts, note], "UTC"
    if tz is None:
        minutes = int(offset[0])
        tz = "UTC" if minutes == 0 else f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    return Times(absolute, "utc", format, tz, tuple(facts))


def _from_numbers(column: pd.Series, source: str, format: str | None, tz: str | None, only: str | None = None) -> Times:
    values = column.to_numpy()
    if values.dtype.kind not in "iu":
        values = column.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values))) + 1
        raise InputError(
            _(
                "column {column!r} of {source} is infinite in row {row}: {remedy}",
                column=column.name,
                source=source,
                row=row,
                remedy=ways(_("correct it"), using("name another column with {}", "time")),
            )
        )
    whole = bool((values == np.floor(values)).all())
    if only is not None:
        format = _checked_format(only, values, column, source)
    elif format not in _KEPT or (format == "integer" and not whole):
        # The steps of a later file count on; a column of years may leave the range in which years are recognised.
        format = number_format(values, str(column.name))
    stamps = read_numbers(values, format)
    if format != "integer" and np.isnat(stamps).any():
        row = int(np.isnat(stamps).argmax())
        raise InputError(
            _(
                "column {column!r} of {source} holds {value} in row {row}, which is no {format}: {remedy}",
                column=column.name,
                source=source,
                value=values[row],
                row=row + 1,
                format=format,
                remedy=ways(_("correct it"), using("see {}", "time_format")),
            )
        )
    if format == "integer":
        if tz is not None:
            raise InputError(
                _(
                    "column {column!r} of {source} counts steps, which have no zone: leave out {tz_option}",
                    column=column.name,
                    source=source,
                    tz_option=option("tz", tz),
                )
            )
        return Times(stamps, "integer", format)
    facts = _number_facts(stamps, format, str(column.name))
    if format.startswith("epoch"):
        return Times(stamps, "utc", format, tz or "UTC", facts)
    return Times(stamps, "clock", format, tz, facts)


def _checked_format(only: str, values: npt.NDArray, column: pd.Series, source: str) -> str:
    if only in NUMBER_FORMATS or only in ("%Y", "%Y%m", "%Y%m%d", "%Y%j", "%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S"):
        return only
    raise InputError(
        _(
            "column {column!r} of {source} holds numbers such as {value}, which are not written as "
            "{only}: expected {time_format_option} %Y, %Y%m, %Y%m%d, %Y%j or one of {known}",
            column=column.name,
            source=source,
            value=values[0],
            only=only,
            time_format_option=option("time_format"),
            known=listing(NUMBER_FORMATS),
        )
    )


def _number_facts(stamps: npt.NDArray, format: str, name: str) -> tuple[Fact, ...]:
    """What numbers were taken for, where that is not plain to see."""
    if format.startswith("excel"):
        told = _(
            "{name}: a spreadsheet's days since {first}, {day} in row 1",
            name=name,
            first="1904" if "1904" in format else "1900",
            day=str(stamps[0])[:10],
        )
        return (Fact("dates", told, flag("time_format")),)
    words = {
        "year-week": _("years and ISO weeks"),
        "year-quarter": _("years and quarters"),
        "%Y%j": _("years and their days"),
    }
    return (Fact("dates", f"{name}: {words[format]}", flag("time_format")),) if format in words else ()


def _from_parts(
    frame: pd.DataFrame, columns: Sequence[str], source: str, format: str | None, tz: str | None, day_first: bool | None
) -> Times:
    format, periods = unstored(format)
    whole = list(columns)
    columns, periods = _split_periods(frame, columns, periods)
    parts = part_names(columns, [pd.api.types.is_numeric_dtype(frame[name].dtype) for name in columns])
    parts = tuple(period_part(frame[name], part, source) for name, part in zip(columns, parts, strict=True))
    if parts[0] == "date":
        date = read_times(frame, columns[:1], source=source, format=format, tz=None, day_first=day_first)
        if date.kind != "clock":
            alone = _("give {time_option} alone", time_option=option("time", columns[0])) if offered("time") else ""
            raise InputError(
                _(
                    "column {column!r} of {source} is no plain date: {remedy}",
                    column=columns[0],
                    source=source,
                    remedy=ways(alone, _("give plain dates")),
                )
            )
        base, facts, name = date.values, date.facts, date.format
    else:
        numbers = {part: _part(frame[column], part, source) for part, column in zip(parts, columns, strict=True)}
        base, facts, name = calendar_days(numbers, dict(zip(parts, columns, strict=True)), source), (), "parts"
    if len(whole) > len(columns):
        column = frame[whole[-1]]
        refuse_missing(column, whole[-1], source)
        values = whole_numbers(column.to_numpy(np.float64), column, source)
        periods = periods or _certain(find_periods(pd.factorize(base)[0], values.astype(float)), column, source)
        stamps, absolute = begin(base, values, periods, whole[-1], source, tz)
        facts = (*facts, *period_facts(base, values, periods, whole, tz))
        return Times(stamps, "utc" if absolute else "clock", periods.stored(name), tz, facts)
    micro = np.zeros(len(frame), dtype=np.int64)
    for part, column in zip(parts, columns, strict=True):
        if part in ("hour", "minute", "second"):
            micro += _time_of_day(frame[column], part, source)
    return Times(base + micro.astype("timedelta64[us]"), "clock", name, tz, tuple(facts))


def _split_periods(
    frame: pd.DataFrame, columns: Sequence[str], periods: DayPeriods | None
) -> tuple[Sequence[str], DayPeriods | None]:
    """The columns of the date, without a last one that numbers the periods of a day."""
    last = frame[columns[-1]]
    if periods is not None:
        return columns[:-1], periods
    if not pd.api.types.is_numeric_dtype(last.dtype) or pd.api.types.is_bool_dtype(last.dtype):
        return columns, None
    values = last.to_numpy(np.float64)
    if plain(columns[-1]) in PERIOD_WORDS:
        return columns[:-1], None
    if part_of(columns[-1]) in (None, "hour") and 24 < np.nanmax(values, initial=0) <= 100:
        days, _unused = pd.factorize(pd.MultiIndex.from_frame(frame[list(columns[:-1])]))
        if find_periods(days, values) is not None:  # else 30 is half past midnight
            return columns[:-1], None
    return columns, None


def _certain(periods: DayPeriods | None, column: pd.Series, source: str) -> DayPeriods:
    if periods is not None:
        return periods
    low, high = column.min(), column.max()
    raise InputError(
        _(
            "column {column!r} of {source} holds {low:g} to {high:g}, which are no periods of a day: "
            "expected 24, 48 or 96 on each day, numbered from 0 or 1; {remedy}",
            column=column.name,
            source=source,
            low=low,
            high=high,
            remedy=ways(_("correct it"), using("name the time columns with {}", "time")),
        )
    )


def _part(column: pd.Series, part: str, source: str) -> npt.NDArray[np.int64]:
    """A part of a date as whole numbers; months may be names."""
    name = str(column.name)
    if part in ("hour", "minute", "second"):
        return np.zeros(len(column), dtype=np.int64)
    refuse_missing(column, name, source)
    if not pd.api.types.is_numeric_dtype(column.dtype):
        codes, distinct = _distinct(column)
        digits = distinct.str.extract(r"(\d+)")[0]
        named = distinct.map(month_of) if part == "month" else digits
        values = pd.to_numeric(named.where(named.notna(), digits), errors="coerce").to_numpy(np.float64)[codes]
    else:
        values = column.to_numpy(np.float64)
    return checked_part(values, column, part, source)


def _time_of_day(column: pd.Series, part: str, source: str) -> npt.NDArray[np.int64]:
    """Microseconds since midnight, from a number (hour 24 is the next midnight) or a text such as "13:30"."""
    name = str(column.name)
    refuse_missing(column, name, source)
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(np.float64)
        scale = 100 if part == "hour" and values.max() > 24 and (values % 100 < 60).all() else 1  # 1330 is 13:30
        hour = checked_part(values // scale, column, part, source)
        unit = MICROSECONDS[{"hour": "h", "minute": "min", "second": "s"}[part]]
        return hour * unit + (values % scale).astype(np.int64) * MICROSECONDS["min"] * (scale > 1)
    codes, distinct = _distinct(column)
    if distinct.str.fullmatch(r"\d+").all():
        return _time_of_day(distinct.astype(np.int64).iloc[codes].rename(name), part, source)
    reading = read_dates("2000-01-01 " + distinct)
    _refuse_unread(reading, codes, distinct, name, source, None)
    return (reading.stamps - np.datetime64("2000-01-01", "us")).astype(np.int64)[codes]
