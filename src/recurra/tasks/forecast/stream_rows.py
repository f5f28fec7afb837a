"""The last rows of many series, each of which grows a row at a time, as a panel whenever one is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.panel.panel import Ints, Panel, Schema
from recurra.data.schema.column_kinds import LARGEST
from recurra.data.time.frequency import parse_frequency
from recurra.data.time.grid import Grid
from recurra.data.time.times import read_times
from recurra.errors import InputError
from recurra.language import _
from recurra.options import settled

Floats = npt.NDArray[np.floating]

_PAST = ("target", "past", "past_codes")
_KNOWN = ("known", "known_codes")
ROW_ARRAYS = (*_PAST, *_KNOWN, "static", "static_codes", "start", "count", "known_count")


class StreamRows:
    """Buffers of n series that keep the last `memory` rows of each, and what is known of `ahead` rows after them.

    `state` holds them as arrays, missing values as in a `Panel`: target [n, C], past [n, C, P], known [n, C + A, K],
    the grid position `start` [n] of a buffer's first row, how many rows it holds (`count` [n], `known_count` [n]).
    """

    def __init__(self, panel: Panel, names: Sequence[str], memory: int, ahead: int) -> None:
        """`panel` is what is remembered of some of the series; the others begin empty, where its last one ends."""
        self.schema, self.grid, self.names, self.memory = panel.schema, panel.grid, tuple(names), memory
        tail = panel.tail(memory).packed()
        self._origin = tail
        longest = int((tail.known_lengths - tail.lengths).max(initial=0))
        self.capacity, self.ahead = 2 * memory, max(ahead, longest)
        n, schema = len(names), self.schema
        self.state: dict[str, npt.NDArray[Any]] = {
            "target": np.full((n, self.capacity), np.nan),
            "past": np.full((n, self.capacity, len(schema.past)), np.nan),
            "past_codes": np.full((n, self.capacity, len(schema.past_categorical)), -1, dtype=np.int64),
            "known": np.full((n, self.capacity + self.ahead, len(schema.known)), np.nan),
            "known_codes": np.full((n, self.capacity + self.ahead, len(schema.known_categorical)), -1, dtype=np.int64),
            "static": np.full((n, len(schema.static)), np.nan),
            "static_codes": np.full((n, len(schema.static_categorical)), -1, dtype=np.int64),
            "start": np.zeros(n, dtype=np.int64),
            "count": np.zeros(n, dtype=np.int64),
            "known_count": np.zeros(n, dtype=np.int64),
        }
        self.begin(np.arange(n))

    def begin(self, at: Ints) -> None:
        """Put some series back to what is remembered of them."""
        place = {name: s for s, name in enumerate(self._origin.series)}
        last = int((self._origin.start + self._origin.lengths).max())
        for name, array in self.state.items():
            array[at] = np.nan if array.dtype.kind == "f" else -1 if name.endswith("codes") else 0
        for i in at:
            s = place.get(self.names[i])
            if s is None:
                self.state["start"][i] = last
                continue
            origin = self._origin
            rows, known = origin.rows(s), origin.known_rows(s)
            self.state["start"][i] = origin.start[s]
            self.state["count"][i] = n = rows.stop - rows.start
            self.state["known_count"][i] = m = known.stop - known.start
            for name in _PAST:
                self.state[name][i, :n] = getattr(origin, name)[rows]
            for name in _KNOWN:
                self.state[name][i, :m] = getattr(origin, name)[known]
            self.state["static"][i], self.state["static_codes"][i] = origin.static[s], origin.static_codes[s]

    def positions(self, at: Ints) -> Ints:
        """The grid positions [k] of the next rows."""
        return self.state["start"][at] + self.state["count"][at]

    def append(self, at: Ints, columns: Mapping[str, npt.NDArray]) -> None:
        """One more row of the series `at` [k]; `columns` hold k values each, those not named are missing.

        What was said before of this row by columns that are known in advance stays, unless it is said again.
        """
        state = self.state
        self._make_room(at)
        rows = state["count"][at]
        for name in _PAST:
            state[name][at, rows] = -1 if name.endswith("codes") else np.nan
        for name, values in columns.items():
            self._put(name, values, at, rows)
        state["count"][at] += 1
        state["known_count"][at] = np.maximum(state["known_count"][at], state["count"][at])

    def check(self, columns: Mapping[str, npt.NDArray], ahead: Mapping[str, npt.NDArray]) -> None:
        """Raise InputError for what `append` and `tell_ahead` could not take."""
        for name, values in columns.items():
            if not place_of(self.schema, name)[2]:
                as_numbers(name, values)
        for name, values in ahead.items():
            if name not in (*self.schema.known, *self.schema.known_categorical):
                raise InputError(
                    _(
                        "ahead names {name!r}: expected columns that are known in advance, some of {columns}",
                        name=name,
                        columns=[*self.schema.known, *self.schema.known_categorical],
                    )
                )
            if values.shape[1] > self.ahead:
                raise InputError(
                    _(
                        "ahead holds {given} rows of {name!r}: expected at most {most}",
                        given=values.shape[1],
                        name=name,
                        most=self.ahead,
                    )
                )
            if not place_of(self.schema, name)[2]:
                as_numbers(name, values.ravel())

    def tell_ahead(self, at: Ints, columns: Mapping[str, npt.NDArray]) -> None:
        """What is known in advance of the m rows after the last one: [k, m] of each column."""
        first = self.state["count"][at]
        for name, values in columns.items():
            for step in range(values.shape[1]):
                self._put(name, values[:, step], at, first + step)
            told = self.state["known_count"][at]
            self.state["known_count"][at] = np.maximum(told, first + values.shape[1])

    def panel(self, at: Ints) -> Panel:
        """The last rows of the series `at`, each of which has one at least."""
        state, counts = self.state, self.state["count"][at]
        first = np.maximum(counts - self.memory, 0)
        known_ends = np.maximum(state["known_count"][at], counts)
        parts = {
            name: np.concatenate([state[name][i, a:b] for i, a, b in zip(at, first, ends, strict=True)])
            for names, ends in ((_PAST, counts), (_KNOWN, known_ends))
            for name in names
        }
        return replace(
            self._origin,
            series=tuple(self.names[i] for i in at),
            start=state["start"][at] + first,
            offsets=_offsets(counts - first),
            ends=None,
            known_offsets=_offsets(known_ends - first),
            known_ends=None,
            static=state["static"][at],
            static_codes=state["static_codes"][at],
            **parts,
        )

    def _put(self, name: str, values: npt.NDArray, at: Ints, rows: Ints) -> None:
        array, column, codes = place_of(self.schema, name)
        if codes:
            table = {value: k for k, value in enumerate(self.schema.categories[name])}
            values = np.array([table.get(str(value), -1) for value in values], dtype=np.int64)
        else:
            values = as_numbers(name, values)
        if array == "target":
            self.state["target"][at, rows] = values
        elif array.startswith("static"):
            self.state[array][at, column] = values
        else:
            self.state[array][at, rows, column] = values

    def _make_room(self, at: Ints) -> None:
        """Move the last rows of full buffers to their beginning."""
        for i in at[self.state["count"][at] >= self.capacity]:
            drop = int(self.state["count"][i]) - self.memory
            for name in (*_PAST, *_KNOWN):
                array = self.state[name][i]
                array[: len(array) - drop] = array[drop:].copy()
                array[len(array) - drop :] = -1 if name.endswith("codes") else np.nan
            self.state["start"][i] += drop
            self.state["count"][i] -= drop
            self.state["known_count"][i] -= drop


def place_of(schema: Schema, name: str) -> tuple[str, int, bool]:
    """In which array a column stands, at which place, and whether it holds categories; raises InputError for others."""
    if name == schema.target:
        return "target", 0, False
    for part in ("past", "known", "static"):
        numbers, words = getattr(schema, part), getattr(schema, f"{part}_categorical")
        if name in numbers:
            return part, numbers.index(name), False
        if name in words:
            return f"{part}_codes", words.index(name), True
    columns = [schema.target, *schema.past, *schema.past_categorical, *schema.known, *schema.known_categorical]
    raise InputError(
        _(
            "the row names the column {name!r}, which the model does not know: expected some of {columns}",
            name=name,
            columns=[*columns, *schema.static, *schema.static_categorical],
        )
    )


def positions_of(schema: Schema, grid: Grid, columns: Mapping[str, npt.NDArray]) -> Ints:
    """The grid positions [k] of rows whose `columns` of times hold k values each, read as those of a file are."""
    frame = pd.DataFrame({name: pd.Series(values, dtype=object).infer_objects() for name, values in columns.items()})
    with settled("time", "time_format", "ignore", "day_first", "pivot_year", "tz", "freq"):
        times = read_times(frame, schema.time, source=_("the rows"), format=schema.time_format, tz=schema.tz)
    if grid.freq is None:
        return grid.positions(times.values)
    each = np.arange(len(frame))
    return grid.place(times.for_frequency(parse_frequency(grid.freq), each, wall=grid.counting.wall))


def as_numbers(name: str, values: Any) -> Floats:
    """Values [k] of a column as numbers, None being missing."""
    try:
        found = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(_("{name} holds {values!r}: expected numbers", name=name, values=list(values)[:4])) from error
    if np.isinf(found).any():
        raise InputError(_("{name} holds an infinite value: expected numbers, or NaN where one is missing", name=name))
    if (np.abs(found) > LARGEST).any():  # NaN is not
        raise InputError(
            _(
                "{name} holds {value:g}: numbers beyond {largest:g} cannot be squared and summed; correct it, or write "
                "the column in a larger unit",
                name=name,
                value=found[np.nanargmax(np.abs(found))],
                largest=LARGEST,
            )
        )
    return found


def _offsets(counts: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
