"""Tables with a series in every row or in every column, and the long form that they are turned into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.panel.panel import Schema
from recurra.data.schema.column_kinds import kind_of, numbers_of
from recurra.data.schema.facts import Fact
from recurra.data.schema.infer_columns import is_row_number, split_series
from recurra.data.schema.names import alike, require_columns, shown
from recurra.data.schema.overrides import ColumnOverrides
from recurra.data.time.dates import read_dates
from recurra.data.time.infer_frequency import choose_grid
from recurra.data.time.times import Times, read_times
from recurra.errors import InputError
from recurra.language import _
from recurra.options import flag, offered, option, using, ways

_MOST_NAMES = 4  # columns that may name a row together
_LEAST_STEPS = 3  # value columns that make a table of series in rows


def is_wide_rows(frame: pd.DataFrame, kinds: Mapping[str, str]) -> bool:
    """Whether each row is a series: a first column of distinct names, then many numeric columns alike, or dates."""
    names = list(kinds)
    texts = [name for name in names if kinds[name] == "text"]
    values = [name for name in names if kinds[name] in ("number", "empty")]
    if not texts or len(values) < _LEAST_STEPS:
        return False
    dates = date_headers(values)
    dated = len(dates) >= _LEAST_STEPS and 2 * len(dates) > len(values)
    if not (dated or (texts[0] == names[0] and alike(values))):
        return False
    if read_dates(frame[texts[0]].dropna().astype(str)).fits.all():
        return False
    return bool(naming_columns(frame, texts)) if dated else not frame[texts[0]].duplicated().any()


def naming_columns(frame: pd.DataFrame, texts: Sequence[str]) -> tuple[str, ...]:
    """The column of text that tells rows apart, else the first few that do so together; empty where none do.

    Cells may be empty where several columns name a row: a country without provinces.
    """
    for name in texts:
        if not (frame[name].isna() | frame[name].duplicated()).any():
            return (name,)
    for count in range(2, min(len(texts), _MOST_NAMES) + 1):
        names = row_names(frame, texts[:count])
        if names.is_unique and (names != "").all():
            return tuple(texts[:count])
    return ()


def row_names(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """The name of each row [n]: its cells in `columns` joined by a blank, empty ones left out."""
    cells = [frame[name].astype(object).where(frame[name].notna(), "").astype(str) for name in columns]
    names = cells[0]
    for more in cells[1:]:
        names = (names + " " + more).str.strip()
    return names


def date_headers(names: Sequence[str]) -> list[str]:
    """The names that are dates, such as 2024-01 or 1960."""
    if not names:
        return []
    fits = read_dates(pd.Series(list(names))).fits
    return [name for name, fit in zip(names, fits, strict=True) if fit]


def wide_rows_schema(
    frame: pd.DataFrame, kinds: Mapping[str, str], overrides: ColumnOverrides, source: str
) -> tuple[Schema, list[Fact]]:
    """A schema for series in rows; the columns' names are the times where they are dates."""
    for name in ("time", "past", "known"):
        if getattr(overrides, name):
            raise InputError(
                _(
                    "{option} has no meaning where each row is a series ({layout_option}): leave it out",
                    option=option(name),
                    layout_option=option("layout", "wide-rows"),
                )
            )
    texts = [name for name, kind in kinds.items() if kind in ("text", "time")]
    series = split_series(overrides.series, list(kinds)) or naming_columns(frame, texts) or tuple(texts[:1])
    static = [name for name in overrides.static if kinds.get(name) == "number"]
    values = [n for n, kind in kinds.items() if kind in ("number", "empty") and n not in (*series, *overrides.static)]
    dates = date_headers(values)
    if len(dates) >= _LEAST_STEPS:
        static += [name for name in values if name not in dates and kinds[name] == "number"]
        values = dates
    if len(values) < _LEAST_STEPS:
        raise InputError(
            _(
                "{source} has {n_values} numeric columns: a series in a row needs {least}; see {layout_option}",
                source=source,
                n_values=len(values),
                least=_LEAST_STEPS,
                layout_option=option("layout"),
            )
        )
    words = tuple(n for n in texts if n not in series and frame[n].nunique() > 1)
    schema = Schema(
        target=overrides.target or "y",
        series=",".join(series) or None,
        layout="wide-rows",
        static=tuple(static),
        static_categorical=words,
        ignore=overrides.ignore,
    )
    facts = [
        Fact("layout", _("each row is a series of up to {n_values} values", n_values=len(values)), option("layout"))
    ]
    if series:
        facts.append(Fact("series named by", shown(series), option("series")))
    ignored = [_("{n} (always the same)", n=n) for n in texts if n not in (*series, *words)]
    if static or words:
        facts.append(
            Fact(
                "static covariates",
                shown([*static, *(_("{name} (text)", name=name) for name in words)]),
                option("static"),
            )
        )
    if ignored:
        facts.append(Fact("ignored", shown(ignored), option("past")))
    if dates:
        times = header_times(values, overrides.tz, overrides.day_first, source)
        schema = _with_grid(schema, times, len(values), overrides, source)
    elif overrides.freq is not None or overrides.tz is not None:
        flag = option("tz") if overrides.tz is not None else option("freq")
        raise InputError(
            _(
                "{flag} needs times and the columns of {source} are not named by dates: leave it out",
                flag=flag,
                source=source,
            )
        )
    return schema, facts


def wide_columns_schema(
    frame: pd.DataFrame,
    time: tuple[str, ...],
    times: Times | None,
    numbers: Sequence[str],
    overrides: ColumnOverrides,
    source: str,
) -> tuple[Schema, list[Fact]]:
    """A schema for series in columns."""
    for name in ("past", "known", "static", "series"):
        if getattr(overrides, name):
            raise InputError(
                _(
                    "{option} has no meaning where each column is a series ({layout_option}): leave it out",
                    option=option(name),
                    layout_option=option("layout", "wide-columns"),
                )
            )
    if not numbers:
        raise InputError(
            _(
                "{source} has no numeric column to be a series: see {layout_option}. Columns: {columns}",
                source=source,
                layout_option=option("layout"),
                columns=shown(list(frame.columns)),
            )
        )
    schema = Schema(target=overrides.target or "y", time=time, layout="wide-columns", ignore=overrides.ignore)
    if times is not None:
        schema = _with_grid(schema, times, len(frame), overrides, source)
    facts = [
        Fact(
            "layout",
            _("each of {n_numbers} columns is a series", n_numbers=len(numbers)),
            _("{layout_option} or {target_option}", layout_option=option("layout"), target_option=option("target")),
        )
    ]
    texts = [n for n in frame.columns if n not in (*numbers, *time, *overrides.ignore)]
    return schema, [*facts, Fact("ignored", shown(texts), option("layout"))] if texts else facts


def _with_grid(schema: Schema, times: Times, rows: int, overrides: ColumnOverrides, source: str) -> Schema:
    grid = choose_grid(
        times,
        np.zeros(rows, dtype=np.int32),
        [""],
        freq=overrides.freq,
        source=source,
        all_hours=overrides.all_hours,
    )
    freq = grid.freq or (str(grid.step) if grid.step > 1 else None)
    return replace(schema, time_format=times.format, tz=times.tz, freq=freq, counting=grid.counting)


def header_times(
    names: Sequence[str], tz: str | None, day_first: bool | None, source: str, format: str | None = None
) -> Times:
    """The times that columns are named by [n]."""
    frame = pd.DataFrame({"column names": pd.Series(list(names), dtype="str")})
    return read_times(frame, ["column names"], source=source, tz=tz, day_first=day_first, format=format)


def melt_rows(
    frame: pd.DataFrame, schema: Schema, source: str
) -> tuple[npt.NDArray[np.floating], tuple[str, ...], list[str]]:
    """Series in rows -> values [S, T], the series' names and those of the value columns."""
    series = split_series(schema.series, list(frame.columns))
    others = {*series, *schema.static, *schema.static_categorical}
    require_columns(sorted(others), list(frame.columns), source, flag("series"))
    columns = [name for name in frame.columns if name not in others]
    numeric = [name for name in columns if kind_of(frame[name]) in ("number", "empty")]
    if schema.time_format is not None:
        numeric = date_headers(numeric)
    if not numeric:
        raise InputError(
            _(
                "{source} has no column of values: its columns are {columns}",
                source=source,
                columns=shown(list(frame.columns)),
            )
        )
    values = stack([frame[name] for name in numeric], source).T
    if not series:
        return values, tuple(str(i + 1) for i in range(len(frame))), numeric
    names = row_names(frame, series)
    wrong = (names == "") | names.duplicated()
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        what = _("has no name") if names.iloc[row] == "" else _("repeats the name {value!r}", value=names.iloc[row])
        place = _(" and ").join(repr(name) for name in series)
        raise InputError(
            _(
                "row {row} of {source} {what} in column {place}: each row is a series; {remedy}"
                if len(series) == 1
                else "row {row} of {source} {what} in columns {place}: each row is a series; {remedy}",
                row=row + 1,
                source=source,
                what=what,
                place=place,
                remedy=ways(
                    using("name the columns that identify a row with {} A,B", "series"),
                    using("see {}", "layout"),
                    "" if offered("series") else _("give each a name of its own"),
                ),
            )
        )
    return values, tuple(names), numeric


def melt_columns(frame: pd.DataFrame, schema: Schema, source: str) -> tuple[npt.NDArray[np.floating], tuple[str, ...]]:
    """Series in columns -> values [S, T] and the series' names."""
    names = [n for n in frame.columns if n not in schema.time and kind_of(frame[n]) == "number"]
    names = [n for n in names if not (schema.time and is_row_number(frame[n], n, first=n == frame.columns[0]))]
    if not names:
        raise InputError(
            _(
                "{source} has no numeric column to be a series{hint}. Columns: {columns}",
                source=source,
                hint=using(": see {}", "layout"),
                columns=shown(list(frame.columns)),
            )
        )
    return stack([frame[name] for name in names], source), tuple(names)


def stack(columns: Sequence[pd.Series], source: str) -> npt.NDArray[np.floating]:
    """Columns [n] each -> an array [columns, n], float32 if all of them are."""
    arrays = [numbers_of(column, source) for column in columns]
    return np.stack(arrays).astype(np.result_type(*arrays), copy=False)
