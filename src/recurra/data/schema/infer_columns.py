"""Finding the column that holds the time, and the one that tells the series apart, where the user names neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.schema.column_kinds import codes_of, kind_of
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import (
    DAY_WORDS,
    INDEX_WORDS,
    NAMED_SERIES,
    PERIOD_WORDS,
    SERIES_WORDS,
    STEP_WORDS,
    TIME_NAMES,
    TIME_WORDS,
    counted,
    part_of,
    plain,
    shown,
    words_in,
)
from recurra.data.schema.series_names import join_name
from recurra.data.time.dates import looks_like_dates, read_dates
from recurra.data.time.day_periods import find_periods
from recurra.data.time.totals import PERIOD_CODE, are_totals
from recurra.data.time.unix_time import are_serial_times, number_format
from recurra.errors import InputError
from recurra.language import _
from recurra.options import option, using, ways

_TIME_OF_DAY = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s*[-–]\s*\d{1,2}:\d{2}(?::\d{2})?)?"
_LONGEST = 60  # characters of a text that may be a time
_MOSTLY = 0.8  # share of times among texts that makes a column of times with faults
_MANY = 20  # different values of a column called a time that make it one
_REPEATS = 0.01  # share of rows that may repeat a time of their series


def find_time(frame: pd.DataFrame, kinds: Mapping[str, str]) -> tuple[str, ...]:
    """The time column, or the columns over which a time is spread; empty where there is none.

    A column that is called a time, or mostly reads as one, is the time even where it cannot be read: reading it then
    says which cell is at fault, while rows counted in its place would be in any order.
    """
    typed = [name for name, kind in kinds.items() if kind == "time"]
    texts = [name for name, kind in kinds.items() if kind == "text"]
    parts = _date_parts(frame, kinds)
    dated = typed or [name for name in _by_name(texts) if name not in parts and _is_date_text(frame[name], name)]
    if dated:
        date = _by_name(dated)[0]
        return (date, *_time_of_day(frame, date, kinds))
    if len(parts) > 1:
        return parts
    for name, kind in kinds.items():
        if kind == "number" and words_in(name) & TIME_NAMES and _is_time_number(frame[name], name):
            return (name, *_hour_of_number(frame, name, kinds))
    if parts:
        return parts
    numbers = [name for name, kind in kinds.items() if kind == "number"]
    steps = [name for name in numbers if plain(name) in STEP_WORDS and _counts(frame[name])]
    steps += [name for name in numbers if words_in(name) & TIME_WORDS and _numbers_rows(frame[name])]
    doubtful = [name for name in _by_name(texts) if name not in steps and _may_be_time(frame[name], name)]
    tangled = [n for n in numbers if words_in(n) & DAY_WORDS and _out_of_order(frame[n])]
    return tuple((steps or doubtful or tangled)[:1])


def possible_times(frame: pd.DataFrame, kinds: Mapping[str, str]) -> list[str]:
    """Columns called a year, and text with digits and another value in every row: times not understood, or names."""
    return [
        name
        for name, kind in kinds.items()
        if part_of(name) == "year"
        or (kind == "text" and len(frame) >= 10 and frame[name].is_unique and _short_with_digits(frame[name]))
    ]


def is_row_number(column: pd.Series, name: str, *, first: bool) -> bool:
    """Whether a column only numbers the rows: whole numbers without a hole, called so or standing first."""
    if not (first or plain(name) in INDEX_WORDS) or pd.api.types.is_bool_dtype(column.dtype):
        return False
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if len(values) < 3 or not np.isfinite(values).all() or values.max() != values.min() + len(values) - 1:
        return False
    return values.min() in (0, 1) and len(np.unique(values)) == len(values) and bool((values == np.floor(values)).all())


def find_series(
    frame: pd.DataFrame, times: npt.NDArray | None, kinds: Mapping[str, str], source: str
) -> tuple[str, ...]:
    """The column (or two) that tells series apart, given the time of each row [n]; empty where there is one series.

    Raises `InputError` where times repeat and no column explains it.
    """
    if times is None:
        named = [
            n
            for n, kind in kinds.items()
            if kind == "text" and plain(n) in SERIES_WORDS and frame[n].duplicated().any()
        ]
        return tuple(named[:1]) or _named_series(frame, kinds)
    time_codes, distinct = pd.factorize(times)
    rows, count = len(times), len(distinct)
    if rows == count:
        return _named_series(frame, kinds)
    most = int(np.bincount(time_codes).max())
    good: list[tuple[bool, bool, int, str]] = []
    candidates: dict[str, npt.NDArray[np.int64]] = {}
    for name, kind in kinds.items():
        known = bool(words_in(name) & SERIES_WORDS)
        if kind not in ("text", "number") or (kind == "number" and not is_whole(frame[name])):
            continue
        codes, values = pd.factorize(frame[name])
        if not 2 <= len(values) <= rows / 2 or (codes < 0).any():
            continue
        if kind == "number" and not known and len(values) > 3 * most:
            continue
        if _repeats(codes, time_codes, count) <= _REPEATS * rows:
            good.append((not known, kind == "number", len(values), name))
        elif known or kind == "text":
            candidates[name] = codes
    if good:
        return (min(good)[3],)
    names = list(candidates)[:6]
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            both, pairs = pd.factorize(
                candidates[first].astype(np.int64) * (candidates[second].max() + 1) + candidates[second]
            )
            if len(pairs) <= rows / 2 and _repeats(both, time_codes, count) <= _REPEATS * rows:
                return first, second
    if rows - count > 0.2 * rows:
        raise InputError(
            _(
                "{source} has up to {most} rows for the same time, and no column identifies the "
                "series: name it with {series_option} (several joined by a comma), or sum the rows "
                "of each time first. Columns: {kinds}",
                source=source,
                most=most,
                series_option=option("series"),
                kinds=shown(list(kinds)),
            )
        )
    return ()


def _named_series(frame: pd.DataFrame, kinds: Mapping[str, str]) -> tuple[str, ...]:
    """A column that by its name holds series, although there is only one of them."""
    return tuple(
        name
        for name, kind in kinds.items()
        if kind in ("text", "number") and plain(name) in NAMED_SERIES and frame[name].notna().all()
        and frame[name].nunique() == 1
    )[:1]  # fmt: skip


def series_codes(
    frame: pd.DataFrame, columns: Sequence[str], source: str
) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    """The number of each row's series [n] and the series' names in natural order; one series without a column."""
    if not columns:
        return np.zeros(len(frame), dtype=np.int32), ("",)
    for name in columns:
        missing = frame[name].isna().to_numpy()
        if missing.any():
            raise InputError(
                _(
                    "column {name!r} of {source} names no series in row {missing} ({rows}): {remedy}",
                    name=name,
                    source=source,
                    missing=int(missing.argmax()) + 1,
                    rows=counted(int(missing.sum()), "such row"),
                    remedy=ways(_("fill it"), _("remove the rows"), using("name another column with {}", "series")),
                )
            )
    if len(columns) == 1:
        return codes_of(_whole_names(frame[columns[0]]))
    pieces = [codes_of(_whole_names(frame[name])) for name in columns]
    joint = np.zeros(len(frame), dtype=np.int64)
    for codes, names in pieces:
        joint = joint * len(names) + codes
    distinct, codes = np.unique(joint, return_inverse=True)
    labels: list[list[str]] = []
    for _unused, names in reversed(pieces):
        labels.insert(0, [names[k] for k in distinct % len(names)])
        distinct = distinct // len(names)
    return codes.astype(np.int32), tuple(join_name(parts) for parts in zip(*labels, strict=True))


def split_series(series: str | None, columns: Sequence[str]) -> tuple[str, ...]:
    """The columns that a name stands for: itself, or several joined by commas."""
    if series is None:
        return ()
    return (series,) if series in columns else tuple(name.strip() for name in series.split(","))


def _whole_names(column: pd.Series) -> pd.Series:
    """Series numbered 1.0, 2.0 are called 1, 2."""
    if pd.api.types.is_float_dtype(column.dtype) and is_whole(column):
        return column.astype(np.int64)
    return column


def _repeats(codes: npt.NDArray[np.integer], time_codes: npt.NDArray[np.integer], count: int) -> int:
    """How many rows repeat a (series, time) pair."""
    space = (int(codes.max()) + 1) * count
    key = codes.astype(np.int64) * count + time_codes
    if space <= max(64 * len(codes), 1_000_000):
        seen = np.zeros(space, dtype=bool)
        seen[key] = True
        return len(codes) - int(np.count_nonzero(seen))
    key.sort()
    return int((np.diff(key) == 0).sum())


def is_whole(column: pd.Series) -> bool:
    if pd.api.types.is_integer_dtype(column.dtype):
        return True
    if pd.api.types.is_bool_dtype(column.dtype) or not pd.api.types.is_float_dtype(column.dtype):
        return False
    for part in (column.head(10_000), column):  # few rows tell most columns
        values = part.to_numpy(dtype=np.float64, na_value=np.nan)
        if not (values == np.floor(values)).all():
            return False
    return True


def _by_name(names: Sequence[str]) -> list[str]:
    """Those with a word for time in their name first."""
    return sorted(names, key=lambda name: (not words_in(name) & TIME_WORDS, not words_in(name) & TIME_NAMES))


def _is_date_text(column: pd.Series, name: str) -> bool:
    sample = _sample(column)
    if not looks_like_dates(sample):
        return False
    return bool(words_in(name) & TIME_NAMES) or read_dates(sample.head(50)).format != "%Y"


def _sample(column: pd.Series) -> pd.Series:
    sample = pd.Series(column.dropna().head(2000).unique()).astype(str)
    total = are_totals(sample)
    return sample if total.all() else sample[~total]


def _may_be_time(column: pd.Series, name: str) -> bool:
    """Whether a column of text is called a time and varies as one, or mostly reads as one."""
    if not _short_with_digits(column):
        return False
    distinct = column.nunique()
    varies = distinct >= min(_MANY, max(2, len(column) // 2))
    if words_in(name) & TIME_NAMES and varies:
        return True
    reading = read_dates(_sample(column).head(50))
    return varies and reading.format != "%Y" and float(reading.fits.mean()) >= _MOSTLY


def _short_with_digits(column: pd.Series) -> bool:
    texts = column.dropna().head(50).astype(str)
    return len(texts) > 0 and bool((texts.str.len() <= _LONGEST).all()) and bool(texts.str.contains(r"\d").mean() > 0.9)


def _numbers_rows(column: pd.Series) -> bool:
    """Whether a column has another whole number in every row."""
    return bool(column.is_unique) and _counts(column)


def _out_of_order(column: pd.Series) -> bool:
    """Whether numbers that differ from row to row do not rise."""
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return len(np.unique(values)) >= max(3, len(values) // 2) and bool((np.diff(values) <= 0).any())


def _time_of_day(frame: pd.DataFrame, date: str, kinds: Mapping[str, str]) -> tuple[str, ...]:
    """Columns with the hour (and minute) of a date that has none."""
    column = frame[date]
    if column.isna().any():
        column = column.dropna()
    if kinds[date] == "time":
        timed = any(map(_has_clock, (column.head(10_000), column)))  # few rows tell most columns
    else:
        timed = bool(column.head(2000).astype(str).str.contains(":", regex=False).any())
    if timed or not column.duplicated().any():
        return ()
    clock = [n for n, kind in kinds.items() if kind == "text" and n != date and _all_match(frame[n], _TIME_OF_DAY)]
    if clock:
        return (clock[0],)
    periods = [
        n for n, kind in kinds.items()
        if kind == "number" and n != date and plain(n) in PERIOD_WORDS and _numbers_periods(frame, date, n)
    ]  # fmt: skip
    if periods:
        return (periods[0],)
    numbers = {part_of(n): n for n, kind in kinds.items() if kind == "number" and n != date and is_whole(frame[n])}
    return tuple(numbers[part] for part in ("hour", "minute", "second") if part in numbers) if "hour" in numbers else ()


def _has_clock(dates: pd.Series) -> bool:
    """Whether a time is not the beginning of its day; so it seems where they are no datetimes."""
    if not pd.api.types.is_datetime64_any_dtype(dates.dtype):
        return True
    every = pd.DatetimeIndex(dates)  # `dates.dt` would stay in memory with its copies until garbage is collected
    return bool((every.normalize() != every).any())


def _numbers_periods(frame: pd.DataFrame, date: str, name: str) -> bool:
    """Whether a column numbers the periods of each day of the column of dates."""
    values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return find_periods(pd.factorize(frame[date])[0], values) is not None


def possible_periods(frame: pd.DataFrame, time: Sequence[str], series: Sequence[str]) -> list[Fact]:
    """A remark where the column of series counts the periods of each day, under a name that does not say so."""
    if len(time) != 1 or len(series) != 1 or kind_of(frame[series[0]]) != "number":
        return []
    if words_in(series[0]) & SERIES_WORDS or not _numbers_periods(frame, time[0], series[0]):
        return []
    highest = int(frame[series[0]].max())
    said = _(
        "{series} counts up to {highest} on each {time}; if these are the periods of a day, they are no series",
        series=series[0],
        highest=highest,
        time=time[0],
    )
    return [Fact("check the series", said, option("time", [*time, series[0]]))]


def _hour_of_number(frame: pd.DataFrame, date: str, kinds: Mapping[str, str]) -> tuple[str, ...]:
    """Columns with the hour (and minute) of days that are written as numbers: 20240131, or a spreadsheet's."""
    values = frame[date].to_numpy(dtype=np.float64, na_value=np.nan)
    whole_days = number_format(values, date) in ("%Y%m%d", "%Y%j", "excel") and (values == np.floor(values)).all()
    return _time_of_day(frame, date, kinds) if whole_days else ()


def _all_match(column: pd.Series, pattern: str) -> bool:
    sample = column.dropna().head(1000).astype(str).str.strip()
    return len(sample) > 0 and bool(sample.str.fullmatch(pattern).all())


def _date_parts(frame: pd.DataFrame, kinds: Mapping[str, str]) -> tuple[str, ...]:
    """Columns called year, month, ...: a year and whatever follows without a hole."""
    found: dict[str, str] = {}
    for name, kind in kinds.items():
        part = part_of(name)
        if part is not None and part not in found and (kind == "number" or (part == "month" and kind == "text")):
            found[part] = name
    if "year" not in found or not _is_time_number(frame[found["year"]], "year"):
        return ()
    for name, kind in kinds.items():  # M01 to M13 as statistical offices number the months of a year
        if kind == "text" and "month" not in found and _all_match(frame[name], PERIOD_CODE):
            found["month"] = name
    second = next((part for part in ("month", "quarter", "week", "dayofyear") if part in found), None)
    chosen = ["year"] if second is None else ["year", second]
    if second in ("month", "week", "dayofyear"):
        for part in ("hour", "minute", "second") if second == "dayofyear" else ("day", "hour", "minute", "second"):
            if part not in found:
                break
            chosen.append(part)
    if chosen[-1] in ("day", "dayofyear"):
        days, _unused = pd.factorize(pd.MultiIndex.from_frame(frame[[found[part] for part in chosen]]))
        numbers = [n for n, kind in kinds.items() if kind == "number" and plain(n) in PERIOD_WORDS]
        for name in numbers[:1]:
            if find_periods(days, frame[name].to_numpy(dtype=np.float64, na_value=np.nan)) is not None:
                return (*(found[part] for part in chosen), name)
    return tuple(found[part] for part in chosen)


def _is_time_number(column: pd.Series, name: str) -> bool:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if not len(values) or not np.isfinite(values).all():
        return False
    if (values != np.floor(values)).any():
        return are_serial_times(values, name)
    format = number_format(values, name)
    known = words_in(name) & TIME_WORDS or part_of(name) == "year" or name == "year"
    return format != "integer" and (format != "%Y" or bool(known))  # other names of times are common words


def _counts(column: pd.Series) -> bool:
    """Whether a column counts steps: whole numbers, none missing, rising somewhere."""
    return bool(column.notna().all()) and is_whole(column) and column.nunique() > 2
