"""The rows of a table, long or wide, as series numbers, times and target; and their positions on a grid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.panel.panel import Schema
from recurra.data.schema.column_kinds import kind_of, numbers_of, why_text
from recurra.data.schema.infer_columns import series_codes, split_series
from recurra.data.schema.layouts import header_times, melt_columns, melt_rows
from recurra.data.schema.names import require_columns
from recurra.data.schema.roles import Inference
from recurra.data.time.frequency import parse_frequency
from recurra.data.time.grid import Grid
from recurra.data.time.infer_frequency import choose_grid
from recurra.data.time.times import Times, read_times
from recurra.data.time.zones import first_of
from recurra.errors import InputError
from recurra.language import _
from recurra.options import flag, option, using, ways

_CHUNK = 500_000  # rows whose positions are found at once


@dataclass(frozen=True, eq=False)
class LongRows:
    """The rows of a long table, or of a wide one made long: n rows in all. `names` are the series' names."""

    codes: npt.NDArray[np.integer]
    names: tuple[str, ...]
    times: Times | None
    target: npt.NDArray[np.floating]
    table: pd.DataFrame  # where the covariates are; a row per series in a table of series in rows

    def without(self, mask: npt.NDArray[np.bool_]) -> LongRows:
        """The rows of a long table that are not in `mask` [n]; of a wide one only the target of the others is kept."""
        keep = ~mask
        times = None if self.times is None else replace(self.times, values=self.times.values[keep])
        table = self.table[keep].reset_index(drop=True) if len(self.table) == len(mask) else self.table
        return LongRows(self.codes[keep], self.names, times, self.target[keep], table)


def read_rows(frame: pd.DataFrame, schema: Schema, found: Inference | None, source: str) -> LongRows:
    require_columns(schema.time, list(frame.columns), source, flag("time"))
    if schema.layout == "long":
        return _read_long(frame, schema, found, source)
    if schema.layout == "wide-rows":
        values, names, columns = melt_rows(frame, schema, source)
        times = None
        if schema.time_format is not None:
            times = header_times(columns, schema.tz, None, source, schema.time_format)
    else:
        values, names = melt_columns(frame, schema, source)
        times = found.times if found and found.times else _times(frame, schema, source)
    count, length = values.shape
    if times is not None:
        times = replace(times, values=np.tile(times.values, count))
    return LongRows(np.repeat(np.arange(count, dtype=np.int32), length), names, times, values.ravel(), frame)


def _read_long(frame: pd.DataFrame, schema: Schema, found: Inference | None, source: str) -> LongRows:
    series = split_series(schema.series, list(frame.columns))
    roles = (*schema.past, *schema.past_categorical, *schema.known, *schema.known_categorical)
    require_columns([schema.target], list(frame.columns), source, flag("target"))
    require_columns(series, list(frame.columns), source, flag("series"))
    require_columns([*roles, *schema.static, *schema.static_categorical], list(frame.columns), source, "")
    if found is not None and found.codes is not None:
        codes, names, times = found.codes, found.series, found.times
    else:
        codes, names = series_codes(frame, series, source)
        times = _times(frame, schema, source)
    kind = kind_of(frame[schema.target])
    target = column_numbers(frame, schema.target, source) if kind != "empty" else np.full(len(frame), np.nan)
    return LongRows(codes, names, times, target, frame)


def _times(frame: pd.DataFrame, schema: Schema, source: str) -> Times | None:
    if not schema.time:
        return None
    return read_times(frame, schema.time, source=source, format=schema.time_format, tz=schema.tz)


@dataclass(frozen=True, eq=False)
class Placed:
    """Where rows [n] go: their positions on `grid`, how many were not at a time of it, and which lie in closed hours.

    `folded` rows are the second of an hour that the clock shows twice.
    """

    grid: Grid
    positions: npt.NDArray[np.int64]
    moved: int = 0
    closed: npt.NDArray[np.bool_] | None = None
    folded: int = 0

    def without_positions(self) -> Placed:
        """The grid and the counts, once the rows are placed."""
        return replace(self, positions=self.positions[:0].copy())


def find_positions(rows: LongRows, schema: Schema, source: str) -> Placed:
    codes = rows.codes
    if rows.times is None:
        return Placed(Grid(None), _count_up(codes))
    # Steps of 1 are what an integer schema without a frequency means; anything else would be told again from few rows.
    freq = schema.freq or ("1" if rows.times.kind == "integer" else None)
    counting = schema.counting if schema.freq else None
    grid = choose_grid(rows.times, codes, rows.names, freq=freq, source=source, counting=counting)
    if grid.freq is None:
        stamps = rows.times.values
        positions = grid.positions(stamps)
        moved = int((np.asarray(grid.times(positions)) != stamps).sum())
        _refuse_coarser(positions, codes, grid, source)
        return Placed(grid, positions, moved)
    stamps = rows.times.for_frequency(parse_frequency(grid.freq), codes, wall=grid.counting.wall)
    positions, moved, closed = np.empty(len(stamps), dtype=np.int64), 0, np.zeros(len(stamps), dtype=bool)
    for begin in range(0, len(stamps), _CHUNK):
        part = slice(begin, begin + _CHUNK)
        positions[part] = grid.place(stamps[part])
        closed[part] = grid.closed(stamps[part])
        moved += int(((grid.counted(positions[part]) != stamps[part]) & ~closed[part]).sum())
    _refuse_coarser(positions, codes, grid, source)
    return Placed(grid, positions, moved, closed if closed.any() else None, _folded(rows.times, grid, stamps, codes))


def _folded(times: Times, grid: Grid, wall: npt.NDArray[np.datetime64], codes: npt.NDArray[np.integer]) -> int:
    if not grid.counting.wall or times.tz is None:
        return 0
    absolute = times.for_frequency(parse_frequency(grid.freq or ""), codes)
    return int((absolute != first_of(wall, times.tz)).sum())


def _refuse_coarser(positions: npt.NDArray[np.int64], codes: npt.NDArray[np.integer], grid: Grid, source: str) -> None:
    sample = slice(0, 100_000)
    steps = np.diff(positions[sample])[np.diff(codes[sample]) == 0]
    common = int(np.gcd.reduce(steps)) if len(steps) else 1
    if common > 1 and len(steps) >= 2:
        remedy = ways(using("name a coarser one with {}", "freq"), _("give data as fine as the model's"))
        raise InputError(
            _(
                "the rows of {source} are {common} steps of {freq} apart, or a multiple of it: expected "
                "rows at that frequency; {remedy}",
                source=source,
                common=common,
                freq=grid.freq or grid.step,
                remedy=remedy,
            )
        )


def _count_up(codes: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """The number of each row within its series, in the order of the file."""
    order = np.argsort(codes, kind="stable")
    begin = np.concatenate([[True], np.diff(codes[order]) != 0])
    first = np.flatnonzero(begin)
    result = np.empty(len(codes), dtype=np.int64)
    result[order] = np.arange(len(codes)) - np.repeat(first, np.diff(first, append=len(codes)))
    return result


def column_numbers(table: pd.DataFrame, name: str, source: str) -> npt.NDArray[np.floating]:
    column = table[name]
    kind = kind_of(column)
    if kind == "empty":
        return np.full(len(column), np.nan, dtype=np.float32)
    if kind != "number":
        row = max(why_text(column).row, int(column.notna().to_numpy().argmax()))
        raise InputError(
            _(
                "column {name!r} of {source} is not numeric: row {row} holds {value!r}; correct it (a "
                "word for a missing value can be named with {missing_option})",
                name=name,
                source=source,
                row=row + 1,
                value=str(column.iloc[row]),
                missing_option=option("missing"),
            )
        )
    return numbers_of(column, source)
