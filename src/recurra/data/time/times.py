"""The time of every row, from the column or columns that hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.schema.facts import Fact
from recurra.data.schema.names import PART_WORDS, part_of
from recurra.data.time.dates import Reading, Stamps, read_dates
from recurra.data.time.frequency import DAY, MICROSECONDS, Frequency
from recurra.data.time.unix_time import number_format, read_numbers
from recurra.errors import InputError
from recurra.options import option

_PARTS = tuple(PART_WORDS)
_LEAST = {"year": 1, "quarter": 1, "month": 1, "week": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}
_MOST = {"year": 9999, "quarter": 4, "month": 12, "week": 53, "day": 31, "hour": 24, "minute": 59, "second": 60}


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

    def for_frequency(self, frequency: Frequency, codes: npt.NDArray[np.integer]) -> Stamps:
        """What a grid counts: absolute time for steps below a day, else the wall clock. `codes` [n] are the series."""
        if self.kind == "clock":
            return utc_of(self.values, self.tz, codes) if self.tz and frequency.below_day else self.values
        return self.values if frequency.below_day else wall_clock(self.values, self.tz or "UTC")


def read_times(
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    source: str = "the table",
    format: str | None = None,
    tz: str | None = None,
    day_first: bool | None = None,
) -> Times:
    """Read the times of all rows from one column, or from several (parts of a date, or a date and a time of day).

    `format` is what an earlier file was read with, and is tried first. Raises `InputError` naming the first value
    that is no time, and its row.
    """
    if tz is not None:
        check_zone(tz)
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
        return _from_numbers(column, source, format, tz)
    codes, distinct = _distinct(column)
    if distinct.str.fullmatch(r"\d+").all():
        return _from_numbers(distinct.astype(np.int64).iloc[codes].rename(columns[0]), source, format, tz)
    reading = read_dates(distinct, format=format, day_first=day_first)
    _refuse_unread(reading, codes, distinct, columns[0], source, day_first)
    stamps, facts = _settle(reading, columns[0])
    offset = None if reading.offset is None else reading.offset[codes]
    return _zoned(stamps[codes], offset, reading.format, tz, facts)


def wall_clock(values: Stamps, tz: str) -> Stamps:
    """The wall clock of a zone at absolute times [n]."""
    local = pd.DatetimeIndex(values).tz_localize("UTC").tz_convert(tz).tz_localize(None)
    return local.to_numpy().astype("datetime64[us]")


def utc_of(clock: Stamps, tz: str, codes: npt.NDArray[np.integer]) -> Stamps:
    """Absolute times of wall-clock times [n]; an hour shown twice is the first time, then the second, in each series.

    Raises `InputError` for a time that the clock of `tz` skipped.
    """
    row, distinct = pd.factorize(clock)
    index = pd.DatetimeIndex(distinct)
    first = index.tz_localize(tz, ambiguous=np.ones(len(index), dtype=bool), nonexistent="NaT")
    second = index.tz_localize(tz, ambiguous=np.zeros(len(index), dtype=bool), nonexistent="NaT")
    if first.hasnans:
        wrong = index[first.isna()][0]
        raise InputError(
            f"time {wrong} does not exist in {tz}: its clock was put forward over it; give the zone that the times are "
            f"in with {option('tz')}, or leave {option('tz')} out to count hours as written"
        )
    earlier, later = (_naive_utc(zoned) for zoned in (first, second))
    result = earlier[row]
    twice = (earlier != later)[row]
    if twice.any():
        rows = np.flatnonzero(twice)
        rank = pd.DataFrame({"series": codes[rows], "time": row[rows]}).groupby(["series", "time"]).cumcount()
        again = rows[rank.to_numpy() % 2 == 1]
        result[again] = later[row[again]]
    return result


def _naive_utc(index: pd.DatetimeIndex) -> Stamps:
    return index.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]")


def check_zone(tz: str) -> None:
    """Raise `InputError` unless `tz` is a name of the zone database or an offset such as "+02:00"."""
    try:
        pd.Timestamp(0, tz=tz) if tz[:1] in "+-" else ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, TypeError) as error:
        raise InputError(
            f"time zone {tz!r} is not known: expected a name such as Europe/Berlin ({option('tz')})"
        ) from error


def _distinct(column: pd.Series) -> tuple[npt.NDArray[np.integer], pd.Series]:
    codes, distinct = pd.factorize(column)
    return codes, pd.Series(np.asarray(distinct, dtype=object)).astype(str).str.strip()


def _refuse_missing(column: pd.Series, name: str, source: str) -> None:
    missing = column.isna().to_numpy()
    if missing.any():
        raise InputError(
            f"column {name!r} of {source} has no time in row {int(missing.argmax()) + 1} "
            f"({int(missing.sum())} of {len(column)} rows): fill it, remove the row, or name another column with "
            f"{option('time')}"
        )


def _refuse_unread(
    reading: Reading,
    codes: npt.NDArray[np.integer],
    distinct: pd.Series,
    name: str,
    source: str,
    day_first: bool | None,
) -> None:
    wrong = ~reading.fits[codes]
    if not wrong.any():
        return
    row = int(wrong.argmax())
    written = f"written as {reading.format}, as most of the column is" if reading.fits.any() else "that is understood"
    if day_first is not None:
        written = f"with the {'day' if day_first else 'month'} first"
    remedy = "correct or remove it" if day_first is None else f"leave out {option('day_first')}, or correct it"
    raise InputError(
        f"column {name!r} of {source} holds {distinct.iloc[codes[row]]!r} in row {row + 1}, which is no time "
        f"{written}: {remedy}, or name another column with {option('time')}"
    )


def _settle(reading: Reading, name: str) -> tuple[Stamps, list[Fact]]:
    """Choose between month first and day first by the more regular steps; say so where that does not decide."""
    if reading.rival is None:
        return reading.stamps, []
    first, second = _irregularity(reading.stamps), _irregularity(reading.rival)
    if second < first:
        return reading.rival, [
            Fact("date order", f"{name}: day first, which gives the more regular steps", option("day_first", False))
        ]
    why = "which gives the more regular steps" if first < second else "although day first is as possible"
    return reading.stamps, [Fact("date order", f"{name}: month first, {why}", option("day_first", True))]


def _irregularity(stamps: Stamps) -> int:
    days = np.diff(np.unique(stamps.astype("datetime64[D]"))).astype(np.int64)
    return len(np.unique(np.where((days >= 28) & (days <= 31), 30, days)))


def _zoned(wall: Stamps, offset: npt.NDArray | None, format: str, tz: str | None, facts: Sequence[Fact]) -> Times:
    if offset is None:
        return Times(wall, "clock", format, tz, tuple(facts))
    several = bool((offset != offset[0]).any())
    if tz is None and several and len(np.unique(wall.astype(np.int64) % DAY)) == 1:
        return Times(wall, "clock", format, None, tuple(facts))  # dates at local midnight
    if tz is None and several:
        note = Fact("time zone", "UTC, because the times have several offsets from it", option("tz"))
        facts, tz = [*facts, note], "UTC"
    if tz is None:
        minutes = int(offset[0])
        tz = "UTC" if minutes == 0 else f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    absolute = wall - (offset * MICROSECONDS["min"]).astype("timedelta64[us]")
    return Times(absolute, "utc", format, tz, tuple(facts))


def _from_numbers(column: pd.Series, source: str, format: str | None, tz: str | None) -> Times:
    values = column.to_numpy()
    if values.dtype.kind not in "iu":
        values = column.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values))) + 1
        raise InputError(
            f"column {column.name!r} of {source} is infinite in row {row}: correct it, or see {option('time')}"
        )
    found = number_format(values, str(column.name))
    # The steps of a later file count on; a column of years may leave the range in which years are recognised.
    format = "integer" if format == "integer" and (values == np.floor(values)).all() else found
    stamps = read_numbers(values, format)
    if format == "integer":
        if tz is not None:
            raise InputError(
                f"column {column.name!r} of {source} counts steps, which have no zone: leave out {option('tz', tz)}"
            )
        return Times(stamps, "integer", format)
    if format.startswith("epoch"):
        return Times(stamps, "utc", format, tz or "UTC")
    return Times(stamps, "clock", format, tz)


def _from_parts(
    frame: pd.DataFrame, columns: Sequence[str], source: str, format: str | None, tz: str | None, day_first: bool | None
) -> Times:
    parts = part_names(columns, [pd.api.types.is_numeric_dtype(frame[name].dtype) for name in columns])
    if parts[0] == "date":
        date = read_times(frame, columns[:1], source=source, format=format, tz=None, day_first=day_first)
        if date.kind != "clock":
            raise InputError(
                f"column {columns[0]!r} of {source} is no plain date: give {option('time', columns[0])} "
                "alone, or plain dates"
            )
        base, facts, name = date.values, date.facts, date.format
    else:
        numbers = {part: _part(frame[column], part, source) for part, column in zip(parts, columns, strict=True)}
        base, facts, name = _calendar_days(numbers, dict(zip(parts, columns, strict=True)), source), (), "parts"
    micro = np.zeros(len(frame), dtype=np.int64)
    for part, column in zip(parts, columns, strict=True):
        if part in ("hour", "minute", "second"):
            micro += _time_of_day(frame[column], part, source)
    return Times(base + micro.astype("timedelta64[us]"), "clock", name, tz, tuple(facts))


def part_names(columns: Sequence[str], numeric: Sequence[bool]) -> tuple[str, ...]:
    """What each of several time columns holds: by its name, else by its place (year, month, day, hour, minute, second).

    A first column that is not a number, or not called a part of a date, is a whole date.
    """
    named = [part_of(column) for column in columns]
    if named[0] != "year" and not (all(numeric) and None in named):
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
        text = distinct.str.slice(0, 3) if part == "month" else distinct.str.extract(r"(\d+)")[0]
        months = pd.to_datetime(text, format="%b", errors="coerce").dt.month if part == "month" else text
        values = pd.to_numeric(months, errors="coerce").to_numpy(np.float64)[codes]
    else:
        values = column.to_numpy(np.float64)
    return _checked(values, column, part, source)


def _checked(values: npt.NDArray, column: pd.Series, part: str, source: str) -> npt.NDArray[np.int64]:
    wrong = ~((values >= _LEAST[part]) & (values <= _MOST[part]) & (values == np.floor(values)))
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            f"column {column.name!r} of {source} holds {str(column.iloc[row])!r} in row {row + 1}, which is no {part}: "
            f"expected whole numbers from {_LEAST[part]} to {_MOST[part]}; correct it, or name "
            f"the time columns with {option('time')}"
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
    month = parts["month"] if "month" in parts else 3 * parts["quarter"] - 2 if "quarter" in parts else np.int64(1)
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
