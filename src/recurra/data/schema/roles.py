"""Which column plays which part: what the user says stands, and the rest is inferred from names and values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.files.arrow import in_pandas
from recurra.data.files.read_table import Table
from recurra.data.panel.panel import Schema
from recurra.data.schema.column_kinds import kind_of, why_text
from recurra.data.schema.covariates import find_roles
from recurra.data.schema.facts import Fact
from recurra.data.schema.holidays import with_holidays
from recurra.data.schema.infer_columns import (
    find_series,
    find_time,
    is_row_number,
    is_whole,
    possible_periods,
    possible_times,
    series_codes,
    split_series,
)
from recurra.data.schema.layouts import is_wide_rows, wide_columns_schema, wide_rows_schema
from recurra.data.schema.month_columns import MONTH, unfold_months
from recurra.data.schema.names import TARGET_WORDS, alike, counted, plain, refuse_two_parts, require_columns, shown
from recurra.data.schema.overrides import ColumnOverrides, column_overrides
from recurra.data.time.infer_frequency import choose_grid
from recurra.data.time.times import Times, read_times
from recurra.data.time.totals import without_totals
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.options import option

LAYOUTS = ("long", "wide-rows", "wide-columns")


@dataclass(frozen=True, eq=False)
class Inference:
    """A schema, what was decided on the way, and what was read of the rows: their times, series and series' names."""

    schema: Schema
    facts: tuple[Fact, ...]
    times: Times | None = None
    codes: npt.NDArray[np.int32] | None = None
    series: tuple[str, ...] = ()


def infer_schema(
    frame: pd.DataFrame | Table,
    *,
    source: str = "the table",
    time: Sequence[str] = (),
    target: str | None = None,
    series: str | None = None,
    layout: str | None = None,
    freq: str | None = None,
    tz: str | None = None,
    day_first: bool | None = None,
    time_format: str | None = None,
    pivot_year: int | None = None,
    all_hours: bool = False,
    past: Sequence[str] | None = None,
    known: Sequence[str] | None = None,
    static: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    holidays: Sequence[str] = (),
) -> Schema:
    """Decide the part of every column of `frame`; what is not given is inferred.

    `time` names one column or several (year, month, day, hour; or a date and a time of day), `series` one column or
    several joined by commas, `layout` is "long", "wide-rows" or "wide-columns". Columns in `past`, `known` and
    `static` get that part, columns in `ignore` none. `time_format` is how the times are written (a strptime format, or
    one of "quarter", "week", "excel", "year-week", ...), `pivot_year` the first of the hundred years that two digits
    mean; with `all_hours` hours and days without any row count as gaps, not as closed. `holidays` names countries whose
    holidays are known in advance, or a column that names that of each series. Raises `InputError` where the
    data leave a part undecided.

    >>> frame = pd.DataFrame({"month": ["2024-01", "2024-02", "2024-03"], "units": [3, 5, 4]})
    >>> schema = infer_schema(frame)
    >>> schema.target, schema.time, schema.freq
    ('units', ('month',), 'MS')
    """
    overrides = column_overrides(
        time=time, target=target, series=series, layout=layout, freq=freq, tz=tz, day_first=day_first,
        time_format=time_format, pivot_year=pivot_year, all_hours=all_hours,
        past=past, known=known, static=static, ignore=ignore, holidays=holidays,
    )  # fmt: skip
    frame, overrides, _facts = in_rows(tidy(frame, source), overrides)
    return infer(frame, overrides, source).schema


def in_rows(frame: pd.DataFrame, overrides: ColumnOverrides) -> tuple[pd.DataFrame, ColumnOverrides, list[Fact]]:
    """A tidy frame with a row a month where it has a column for each, and the overrides that go with it."""
    rows, facts = unfolded(frame, overrides)
    if facts and overrides.time:
        overrides = replace(overrides, time=(*overrides.time, MONTH))
    return rows, overrides, facts


def unfolded(frame: pd.DataFrame, roles: ColumnOverrides | Schema) -> tuple[pd.DataFrame, list[Fact]]:
    """A tidy frame with a row a month, where it has a column for each and a schema does not say otherwise."""
    if roles.layout not in (None, "long") or (isinstance(roles, Schema) and MONTH not in roles.time):
        return frame, []
    keep = (*roles.time, *roles.past, *roles.known, *roles.static, *roles.ignore)
    keep += split_series(roles.series, list(frame.columns))
    return unfold_months(frame, target=roles.target, keep=keep)


def tidy(frame: pd.DataFrame | Table, source: str) -> pd.DataFrame:
    """The frame, or that of a table, with text column names and an index of times made a column.

    Refuses duplicate names, no rows, and anything else.
    """
    if isinstance(frame, Table):
        frame = frame.frame
    frame = in_pandas(frame)
    if not isinstance(frame, pd.DataFrame):
        raise InputError(
            _(
                "{source} is a {type}: expected a pandas DataFrame, or what recurra.data.read_table gives",
                source=source,
                type=type(frame).__name__,
            )
        )
    if isinstance(frame.index, pd.DatetimeIndex | pd.PeriodIndex | pd.MultiIndex):
        frame = frame.reset_index()
    names = [str(name) for name in frame.columns]
    repeated = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if repeated:
        raise InputError(
            _(
                "{source} has several columns called {repeated!r}: give each a name of its own",
                source=source,
                repeated=repeated[0],
            )
        )
    if len(frame) == 0 or not names:
        raise InputError(
            _(
                "{source} has no {names}: give it some, a time and a number each",
                source=source,
                names=_("rows") if names else _("columns"),
            )
        )
    frame = frame.set_axis(names, axis="columns") if list(frame.columns) != names else frame
    periods = {name: frame[name].dt.to_timestamp() for name in names if isinstance(frame[name].dtype, pd.PeriodDtype)}
    return frame.assign(**periods) if periods else frame


def infer(frame: pd.DataFrame, overrides: ColumnOverrides, source: str) -> Inference:
    """The schema of a tidy frame."""
    found = _inferred(frame, overrides, source)
    schema, facts = with_holidays(found.schema, frame, overrides.holidays, source)
    return replace(found, schema=schema, facts=(*found.facts, *facts))


def _inferred(frame: pd.DataFrame, overrides: ColumnOverrides, source: str) -> Inference:
    columns = list(frame.columns)
    _check_names(overrides, columns, source)
    kinds = {name: kind_of(frame[name]) for name in columns if name not in overrides.ignore}
    if overrides.layout == "wide-rows" or (
        overrides.layout is None and _may_be_wide(overrides) and is_wide_rows(frame, kinds)
    ):
        schema, facts = wide_rows_schema(frame, kinds, overrides, source)
        return Inference(schema, tuple(facts))
    named = {
        overrides.target,
        *overrides.past,
        *overrides.known,
        *overrides.static,
        *split_series(overrides.series, columns),
    }
    time = overrides.time or find_time(frame, {n: kind for n, kind in kinds.items() if n not in named})
    frame, facts = without_totals(frame, time)
    times = (
        read_times(
            frame,
            time,
            source=source,
            tz=overrides.tz,
            day_first=overrides.day_first,
            only=overrides.time_format,
            pivot_year=overrides.pivot_year,
        )
        if time
        else None
    )
    if times is None and (overrides.tz is not None or overrides.freq is not None):
        flag = option("tz") if overrides.tz is not None else option("freq")
        raise InputError(
            _(
                "{flag} needs a time column and {source} has none that is found: name it with {time_option}",
                flag=flag,
                source=source,
                time_option=option("time"),
            )
        )
    facts += times.facts if times else _unread(frame, kinds, named)
    rest = {n: kind for n, kind in kinds.items() if n not in time}
    counters = [
        n for n, kind in rest.items()
        if kind == "number" and n not in named and is_row_number(frame[n], n, first=n == columns[0] and bool(time))
    ]  # fmt: skip
    rest = {n: kind for n, kind in rest.items() if n not in counters}
    numbers = [n for n, kind in rest.items() if kind == "number"]
    if overrides.layout == "wide-columns" or (
        overrides.layout is None and _may_be_wide(overrides) and alike(numbers) and len(numbers) == len(rest)
    ):
        schema, more = wide_columns_schema(frame, time, times, numbers, overrides, source)
        return Inference(schema, (*facts, *more), times)
    given = split_series(overrides.series, columns)
    candidates = {n: kind for n, kind in rest.items() if n not in named}
    found = given or find_series(frame, None if times is None else times.values, candidates, source)
    facts += possible_periods(frame, time, found) if not given else []
    codes, series = series_codes(frame, found, source)
    rest = {n: kind for n, kind in rest.items() if n not in found}
    free = {n: kind for n, kind in rest.items() if n not in named}
    target = overrides.target or _find_target(frame, free, source)
    check_target(frame, target, kinds, source)
    schema = Schema(
        target=target,
        time=time,
        series=",".join(found) or None,
        time_format=times.format if times else None,
        tz=times.tz if times else None,
        whole_series=tuple(name for name in found if is_whole(frame[name])),
    )
    if times is not None:
        grid = choose_grid(times, codes, series, freq=overrides.freq, source=source, all_hours=overrides.all_hours)
        freq = grid.freq or (str(grid.step) if grid.step > 1 else None)
        schema = replace(schema, freq=freq, counting=grid.counting)
    others = {n: kind for n, kind in rest.items() if n != target}
    if len(found) > 1:
        others |= {n: kinds[n] for n in found}
    roles, more = find_roles(frame, others, target, codes, len(series), times, overrides, source)
    if counters:
        facts.append(Fact("row number", _("{counters}: ignored", counters=shown(counters)), option("past")))
    return Inference(replace(schema, **roles), (*facts, *more), times, codes, series)


def _unread(frame: pd.DataFrame, kinds: dict[str, str], named: set[str | None]) -> list[Fact]:
    """A warning where rows are counted although a column may hold their times."""
    found = possible_times(frame, {name: kind for name, kind in kinds.items() if name not in named})
    if not found:
        return []
    example = str(frame[found[0]].iloc[0])
    value = _(
        "{found!r} (such as {example!r}) is not read as a time: rows count in the order of the file",
        found=found[0],
        example=example,
    )
    return [Fact("check the time", value, f"{option('time')}, {option('time_format')}")]


def check_target(frame: pd.DataFrame, target: str, kinds: dict[str, str], source: str) -> None:
    """Raise `InputError` unless the target holds numbers."""
    kind = kinds.get(target) or kind_of(frame[target])
    if kind == "number":
        return
    numbers = [name for name, other in kinds.items() if other == "number"]
    column = frame[target]
    if kind == "empty":
        raise InputError(
            _(
                "target {target!r} of {source} has no value in any row: name another with "
                "{target_option}. Numeric columns: {numbers}",
                target=target,
                source=source,
                target_option=option("target"),
                numbers=shown(numbers) or _("none"),
            )
        )
    found = why_text(column)
    row = max(found.row, int(column.notna().to_numpy().argmax()))
    reason = "" if found.remedy else found.reason
    raise InputError(
        _(
            "target {target!r} of {source} is not numeric: row {row} holds {value!r} ({reason}). "
            "Correct it (a word for a missing value can be named with {missing_option}), or name "
            "another column with {target_option}. Numeric columns: {numbers}",
            target=target,
            source=source,
            row=row + 1,
            value=str(column.iloc[row]),
            reason=reason or counted(found.wrong, "such row"),
            missing_option=option("missing"),
            target_option=option("target"),
            numbers=shown(numbers) or _("none"),
        )
    )


def _may_be_wide(overrides: ColumnOverrides) -> bool:
    return overrides.target is None and overrides.series is None and not overrides.past and not overrides.known


def _find_target(frame: pd.DataFrame, kinds: dict[str, str], source: str) -> str:
    numbers = [name for name, kind in kinds.items() if kind == "number"]
    if len(numbers) == 1:
        return numbers[0]
    named = [name for name in numbers if plain(name) in TARGET_WORDS]
    if len(named) == 1:
        return named[0]
    if not numbers:
        raise InputError(
            _(
                "{source} has no numeric column to forecast: its other columns are {kinds}; convert the "
                "one to forecast to numbers",
                source=source,
                kinds=shown([name + _example(frame[name]) for name in kinds]) or _("none"),
            )
        )
    raise InputError(
        _(
            "{source} has {n_numbers} numeric columns and none is called y or target: name the one "
            "to forecast with {target_option}, or say {layout_option} if every column is a series. "
            "Numeric columns: {numbers}",
            source=source,
            n_numbers=len(numbers),
            target_option=option("target"),
            layout_option=option("layout", "wide-columns"),
            numbers=shown(numbers),
        )
    )


def _example(column: pd.Series) -> str:
    """The first value of a column of text, for a message."""
    values = column.dropna()
    return f" ({str(values.iloc[0])[:30]!r})" if len(values) else " (empty)"


def _check_names(overrides: ColumnOverrides, columns: list[str], source: str) -> None:
    if overrides.layout is not None and overrides.layout not in LAYOUTS:
        raise InputError(
            _(
                "layout {layout!r} is not known: expected {layouts} ({layout_option})",
                layout=overrides.layout,
                layouts=listing(LAYOUTS),
                layout_option=option("layout"),
            )
        )
    for flag in ("time", "past", "known", "static", "ignore"):
        require_columns(getattr(overrides, flag), columns, source, option(flag))
    if overrides.target is not None and overrides.layout in (None, "long"):
        require_columns([overrides.target], columns, source, option("target"))
    require_columns(split_series(overrides.series, columns), columns, source, option("series"))
    named: dict[str, Sequence[str]] = {}
    for part in ("time", "target", "series", "past", "known", "static", "ignore"):
        names = getattr(overrides, part)
        named[part] = split_series(names, columns) if isinstance(names, str) else names or ()
    refuse_two_parts(named)
