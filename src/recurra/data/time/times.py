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
from recurra.data.time.dates import Reading, Stamps, read_dates
from recurra.data.time.day_periods import DayPeriods, begin, find_periods, period_facts, unstored
from recurra.data.time.eras import era_of_days, first_era
from recurra.data.time.frequency import DAY, MICROSECONDS, Frequency
from recurra.data.time.spellings import month_of
from recurra.data.time.unix_time import NUMBER_FORMATS, number_format, read_numbers
from recurra.data.time.zones import check_zone, utc_of, wall_clock, zone_of
from recurra.errors import InputError
from recurra.language import _
from recurra.options import flag, offered, option, using, ways

_KEPT = ("integer", "excel", "excel 1904", "year-week", "year-quarter")  # formats of numbers that later files keep
_MOSTLY = 0.8  # share of numbers in a column of numbers with faults
_LEAST = {
    "year": 1, "half": 1, "quarter": 1, "month": 1, "week": 1, "day": 1, "dayofyear": 1, "hour": 0, "minute": 0,
    "second": 0,
}  # fmt: skip
_MOST = {
    "year": 9999,
    "half": 2,
    "quarter": 4,
    "month": 12,
    "week": 53,
    "day": 31,
    "dayofyear": 366,
    "hour": 24,
    "minute": 59,
    "second": 60,
}


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
        raise InputError(f"pivot year {pivot_year} is no year: expected one such as 1950 ({option('pivot_year')})")
    if len(columns) > 1:
        return _from_parts(frame, columns, source, format, tz, day_first)
    column = frame[columns[0]]
    dtype = column.dtype
    _refuse_missing(column, columns[0], source)
    if isinstance(dtype, pd.DatetimeTZDtype):
        values = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[us]")
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
            f"column {columns[0]!r} of {source} holds {distinct.iloc[0]!r} in row 1, a year of {era}: expected "
            f"years of the Gregorian calendar; {ways('convert it', using('name another column with {}', 'time'))}"
        )
    offset = None if reading.offset is None else reading.offset[codes]
    return _zoned(reading.stamps[codes], offset, reading.stored, tz, facts)


def _distinct(column: pd.Series) -> tuple[npt.NDArray[np.integer], pd.Series]:
    codes, distinct = pd.factorize(column)
    return codes, pd.Series(np.asarray(distinct, dtype=object)).astype(str).str.strip()


def _refuse_missing(column: pd.Series, name: str, source: str) -> None:
    missing = column.isna().to_numpy()
    if missing.any():
        raise InputError(
            f"column {name!r} of {source} has no time in row {int(missing.argmax()) + 1} "
            f"({int(missing.sum())} of {len(column)} rows): "
            f"{ways('fill it', 'remove the row', using('name another column with {}', 'time'))}"
        )


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
    written = f"written as {reading.format}, as most of the column is" if reading.fits.any() else "that is understood"
    remedies = ["correct it", "remove the row"]
    if only is not None:
        written, remedies = f"written as {only}", ["correct it", using("leave out {}", "time_format")]
    elif day_first is not None:
        written = f"with the {'day' if day_first else 'month'} first"
        remedies = [using("leave out {}", "day_first"), "correct it"]
    if (era := first_era(distinct.iloc[codes[row : row + 1]])) is not None:
        written, remedies = f"of the Gregorian calendar but of {era[1]}", ["convert it"]
    remedies += [
        using("say how the column is written with {}", "time_format"),
        using("name another one with {}", "time"),
        f"leave it out with {option('ignore', name)}" if offered("ignore") else "",
    ]
    raise InputError(
        f"column {name!r} of {source} holds {distinct.iloc[codes[row]]!r} in row {row + 1}, which is no time "
        f"{written}: {ways(*remedies)}"
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
    remedies = ["correct it", "remove the row", using("name another column with {}", "time")]
    raise InputError(
        f"column {name!r} of {source} holds {distinct.iloc[codes[row]]!r} in row {row + 1}, which is no time "
        f"written as {format}, as most of the column is: {ways(*remedies)}"
    )


def _settle(reading: Reading, name: str) -> tuple[Reading, list[Fact]]:
    """Choose between month first and day first; say what was decided of the whole column.

    A reading in which the file is in order wins against one in which it is not, then the one with more regular steps.
    """
    facts = []
    if reading.rival is not None:
        rival = reading.rival
        first, second = (_disorder(each.stamps) for each in (reading, rival))
        chosen, order, other = (
            (rival, "day", flag("day_first", False)) if second < first else (reading, "month", flag("day_first", True))
        )
        if first == second:
            why = "although day first is as possible"
        elif first[0] != second[0]:
            why = "in which the rows are in order"
        else:
            why = "which gives the more regular steps"
        facts.append(Fact("date order", _("{name}: {order} first, {why}", name=name, order=order, why=why), other))
        reading = replace(chosen, rival=None, interval=reading.interval)
    if reading.pivot is not None:
        years = [int(str(stamp)[:4]) for stamp in (reading.stamps.min(), reading.stamps.max())]
        said = f"{name}: {years[0]} to {years[1]}" if years[0] < years[1] else f"{name}: {years[0]}"
        facts.append(Fact("two-digit years", said, flag("pivot_year")))
    if reading.interval:
        facts.append(Fact("intervals", _("{name}: each is counted at its beginning", name=name), flag("time")))
    return reading, facts


def _disorder(stamps: Stamps) -> tuple[bool, int]:
    """Whether the distinct stamps [n] of a file are out of order (more than 1 %), and how irregular their steps are."""
    return steps_backwards(stamps) > 0.01 * len(stamps), _irregularity(stamps)


def _irregularity(stamps: Stamps) -> int:
    days = np.diff(np.unique(stamps.astype("datetime64[D]"))).astype(np.int64)
    return len(np.unique(np.where((days >= 28) & (days <= 31), 30, days)))


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
            f"column {column.name!r} of {source} is infinite in row {row}: "
            f"{ways('correct it', using('name another column with {}', 'time'))}"
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
            f"column {column.name!r} of {source} holds {values[row]} in row {row + 1}, which is no {format}: "
            f"{ways('correct it', using('see {}', 'time_format'))}"
        )
    if format == "integer":
        if tz is not None:
            raise InputError(
                f"column {column.name!r} of {source} counts steps, which have no zone: leave out {option('tz', tz)}"
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
        f"column {column.name!r} of {source} holds numbers such as {values[0]}, which are not written as {only}: "
        f"expected {option('time_format')} %Y, %Y%m, %Y%m%d, %Y%j or one of {', '.join(NUMBER_FORMATS)}"
    )


def _number_facts(stamps: npt.NDArray, format: str, name: str) -> tuple[Fact, ...]:
    """What numbers were taken for, where that is not plain to see."""
    if format.startswith("excel"):
        told = _(
            "{name}: a spreadsheet's days since {year}, {day} in row 1",
            name=name,
            year="1904" if "1904" in format else "1900",
            day=str(stamps[0])[:10],
        )
        return (Fact("dates", told, flag("time_format")),)
    words = {"year-week": "years and ISO weeks", "year-quarter": "years and quarters", "%Y%j": "years and their days"}
    return (Fact("dates", f"{name}: {words[format]}", flag("time_format")),) if format in words else ()


def _from_parts(
    frame: pd.DataFrame, columns: Sequence[str], source: str, format: str | None, tz: str | None, day_first: bool | None
) -> Times:
    format, periods = unstored(format)
    whole = list(columns)
    columns, periods = _split_periods(frame, columns, periods)
    parts = part_names(columns, [pd.api.types.is_numeric_dtype(frame[name].dtype) for name in columns])
    parts = tuple(_period_part(frame[name], part, source) for name, part in zip(columns, parts, strict=True))
    if parts[0] == "date":
        date = read_times(frame, columns[:1], source=source, format=format, tz=None, day_first=day_first)
        if date.kind != "clock":
            alone = f"give {option('time', columns[0])} alone" if offered("time") else ""
            raise InputError(f"column {columns[0]!r} of {source} is no plain date: {ways(alone, 'give plain dates')}")
        base, facts, name = date.values, date.facts, date.format
    else:
        numbers = {part: _part(frame[column], part, source) for part, column in zip(parts, columns, strict=True)}
        base, facts, name = _calendar_days(numbers, dict(zip(parts, columns, strict=True)), source), (), "parts"
    if len(whole) > len(columns):
        column = frame[whole[-1]]
        _refuse_missing(column, whole[-1], source)
        values = _whole(column.to_numpy(np.float64), column, source)
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
        days, _ = pd.factorize(pd.MultiIndex.from_frame(frame[list(columns[:-1])]))
        if find_periods(days, values) is not None:  # else 30 is half past midnight
            return columns[:-1], None
    return columns, None


def _certain(periods: DayPeriods | None, column: pd.Series, source: str) -> DayPeriods:
    if periods is not None:
        return periods
    low, high = column.min(), column.max()
    raise InputError(
        f"column {column.name!r} of {source} holds {low:g} to {high:g}, which are no periods of a day: expected 24, 48 "
        f"or 96 on each day, numbered from 0 or 1; {ways('correct it', using('name the time columns with {}', 'time'))}"
    )


def _period_part(column: pd.Series, part: str, source: str) -> str:
    """What "Q01" and "S01" count in a column that might hold months: quarters, half-years."""
    if part != "month" or pd.api.types.is_numeric_dtype(column.dtype):
        return part
    codes = pd.Series(column.dropna().unique()).astype(str).str.extract(r"^\s*([MQS])\d{2}\s*$")[0]
    if codes.isna().any() or codes.empty:
        return part
    if codes.nunique() > 1:
        raise InputError(
            f"column {column.name!r} of {source} mixes months, quarters and half-years "
            f"({', '.join(sorted(set(codes)))}): keep the rows of one of them"
        )
    return {"M": "month", "Q": "quarter", "S": "half"}[codes[0]]


def part_names(columns: Sequence[str], numeric: Sequence[bool]) -> tuple[str, ...]:
    """What each of several time columns holds: by its name, else by its place (year, month, day, hour, minute, second).

    A first column that is not a number, or not called a part of a date, is a whole date; so is a number that is
    called no part of a date before parts of a day.
    """
    named = [part_of(column) for column in columns]
    before_clock = named[0] is None and all(part in ("hour", "minute", "second") for part in named[1:])
    if named[0] != "year" and (before_clock or not (all(numeric) and None in named)):
        rest = [part if part in ("hour", "minute", "second") else None for part in named[1:]]
        order = iter(part for part in ("hour", "minute", "second") if part not in rest)
        return (
            ("date", *(part or next(order, "second") for part in rest))
            if "year" not in named
            else tuple(map(str, named))
        )
    if None in named or len(set(named)) < len(named):
        return tuple(("year", "month", "day", "hour", "minute", "second")[: len(columns)])
    return tuple(map(str, named))


def _part(column: pd.Series, part: str, source: str) -> npt.NDArray[np.int64]:
    """A part of a date as whole numbers; months may be names."""
    name = str(column.name)
    if part in ("hour", "minute", "second"):
        return np.zeros(len(column), dtype=np.int64)
    _refuse_missing(column, name, source)
    if not pd.api.types.is_numeric_dtype(column.dtype):
        codes, distinct = _distinct(column)
        digits = distinct.str.extract(r"(\d+)")[0]
        named = distinct.map(month_of) if part == "month" else digits
        values = pd.to_numeric(named.where(named.notna(), digits), errors="coerce").to_numpy(np.float64)[codes]
    else:
        values = column.to_numpy(np.float64)
    return _checked(values, column, part, source)


def _checked(values: npt.NDArray, column: pd.Series, part: str, source: str) -> npt.NDArray[np.int64]:
    wrong = ~((values >= _LEAST[part]) & (values <= _MOST[part]) & (values == np.floor(values)))
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            f"column {column.name!r} of {source} holds {str(column.iloc[row])!r} in row {row + 1}, which is no {part}: "
            f"expected whole numbers from {_LEAST[part]} to {_MOST[part]}; "
            f"{ways('correct it', using('name the time columns with {}', 'time'))}"
        )
    return values.astype(np.int64)


def _whole(values: npt.NDArray[np.float64], column: pd.Series, source: str) -> npt.NDArray[np.int64]:
    wrong = values != np.floor(values)
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            f"column {column.name!r} of {source} holds {values[row]:g} in row {row + 1}, which is no period of a day: "
            f"expected whole numbers; {ways('correct it', using('name the time columns with {}', 'time'))}"
        )
    return values.astype(np.int64)


def _calendar_days(parts: dict[str, npt.NDArray[np.int64]], columns: dict[str, str], source: str) -> Stamps:
    if "year" not in parts:
        raise InputError(
            f"time columns {', '.join(columns.values())} of {source} have no year: add it to {option('time')}"
        )
    if "week" in parts:
        first = (parts["year"] - 1970).astype("datetime64[Y]").astype("datetime64[D]") + 3  # 4 January is in week 1
        monday = first - (first.astype(np.int64) + 3) % 7
        return (monday + 7 * (parts["week"] - 1) + parts.get("day", np.int64(1)) - 1).astype("datetime64[us]")
    if "dayofyear" in parts and "month" not in parts:
        years = (parts["year"] - 1970).astype("datetime64[Y]")
        days = years.astype("datetime64[D]") + parts["dayofyear"] - 1
        if (late := days.astype("datetime64[Y]") != years).any():
            row = int(late.argmax())
            raise InputError(
                f"{', '.join(columns.values())} of {source}: row {row + 1} is no day of its year; correct it"
            )
        return days.astype("datetime64[us]")
    month = parts.get("month", np.int64(1))
    for part, length in (("quarter", 3), ("half", 6)):
        month = length * (parts[part] - 1) + 1 if part in parts else month
    months = ((parts["year"] - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + parts.get("day", np.int64(1)) - 1
    wrong = days.astype("datetime64[M]") != months
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(f"{', '.join(columns.values())} of {source}: row {row + 1} is no day of its month; correct it")
    return days.astype("datetime64[us]")


def _time_of_day(column: pd.Series, part: str, source: str) -> npt.NDArray[np.int64]:
    """Microseconds since midnight, from a number (hour 24 is the next midnight) or a text such as "13:30"."""
    name = str(column.name)
    _refuse_missing(column, name, source)
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(np.float64)
        scale = 100 if part == "hour" and values.max() > 24 and (values % 100 < 60).all() else 1  # 1330 is 13:30
        hour = _checked(values // scale, column, part, source)
        unit = MICROSECONDS[{"hour": "h", "minute": "min", "second": "s"}[part]]
        return hour * unit + (values % scale).astype(np.int64) * MICROSECONDS["min"] * (scale > 1)
    codes, distinct = _distinct(column)
    if distinct.str.fullmatch(r"\d+").all():
        return _time_of_day(distinct.astype(np.int64).iloc[codes].rename(name), part, source)
    reading = read_dates("2000-01-01 " + distinct)
    _refuse_unread(reading, codes, distinct, name, source, None)
    return (reading.stamps - np.datetime64("2000-01-01", "us")).astype(np.int64)[codes]
