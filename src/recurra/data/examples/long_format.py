"""Series in long format, a row per step: gathered to one row per series, in the order of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.choosing import as_columns, find_variable
from recurra.data.examples.inputs import Events, Kind, Series, Static
from recurra.data.examples.ragged import offsets_of
from recurra.data.schema.column_kinds import kind_of, numbers_of
from recurra.data.schema.infer_columns import series_codes, split_series
from recurra.data.schema.names import counted, require_columns, shown
from recurra.data.time.times import read_times
from recurra.errors import InputError
from recurra.language import _
from recurra.options import flag, offered, using, ways

_KEY = "the series of the row"
SEQUENCE = "sequence"
TIMES = "times"


class Grouped(NamedTuple):
    """S series: a row each of `frame`, their labels (None without a label column), and how to read the frame.

    Columns of `frame`: "sequence" (an array [T, F], or [T] of events), "times" (an array [T] of seconds, if there is a
    time), and the static columns. `labels` [S], or an array [T] per series for tags. `names` [S] are those of the
    series, which no column can be mistaken for.
    """

    frame: pd.DataFrame
    labels: pd.Series | None
    inputs: dict[str, Kind]
    names: npt.NDArray[np.object_]


def group_series(
    frame: pd.DataFrame,
    *,
    series: str,
    time: str | None = None,
    time_format: str | None = None,
    label: str | None = None,
    features: Sequence[str] | None = None,
    static: Sequence[str] = (),
    tags: bool = False,
    source: str = "the table",
) -> Grouped:
    """One row per series of a table with a row per step; `series` may name several columns, joined by commas.

    Steps are sorted by `time` (dates become seconds, numbers stand as they are; without it the order of the rows
    holds; `time_format` is how they were written earlier), and unequal steps keep their times. `features` are by
    default all other columns of numbers; one column of text makes a list of events. `label` is one per series, or with
    `tags` one per step. Errors: InputError for a time that a series has twice, a label or static value that changes
    within a series, and columns that are no numbers.

    >>> rows = pd.DataFrame({"id": [7, 7, 8], "t": [1, 0, 0], "x": [2.0, 1.0, 5.0], "gesture": ["wave", "wave", "nod"]})
    >>> grouped = group_series(rows, series="id", time="t", label="gesture")
    >>> grouped.names.tolist(), grouped.frame["sequence"][0].tolist(), grouped.labels.tolist()
    (['7', '8'], [[1.0], [2.0]], ['wave', 'nod'])
    """
    keys = split_series(series, list(frame.columns))
    require_columns(keys, list(frame.columns), source, flag("series"))
    times = (time,) if time is not None else ()
    require_columns(times, list(frame.columns), source, flag("time"))
    require_columns((label,) if label is not None else (), list(frame.columns), source, flag("label"))
    require_columns(static, list(frame.columns), source, flag("static"))
    _refuse_own(static, source)
    codes, names = series_codes(frame, keys, source)
    seconds = None if time is None else seconds_of(frame, time, source, time_format)
    order = np.argsort(codes, kind="stable") if seconds is None else np.lexsort((seconds, codes))
    offsets = offsets_of(np.bincount(codes, minlength=len(names)))
    if seconds is not None:
        _refuse_twice(frame, codes, seconds, order, names, str(time))
    taken = {*keys, *times, *static, label}
    columns = [name for name in frame.columns if name not in taken] if features is None else list(features)
    values, kind, columns = _values(frame, columns, source, chosen=features is not None)
    cells: dict[str, Any] = {SEQUENCE: _cut(values[order], offsets)}
    inputs: dict[str, Kind] = {SEQUENCE: Events() if kind == "text" else Series(features=tuple(columns))}
    if seconds is not None:
        cells[TIMES] = _cut(seconds[order], offsets)
        inputs[SEQUENCE] = Series(TIMES, tuple(columns)) if kind == "number" else inputs[SEQUENCE]
    for name in static:
        cells[name] = _constant(frame[name], codes, order, offsets, names, "static")
    if static:
        inputs["static"] = Static(tuple(static))
    grouped, called = pd.DataFrame(cells), np.array(names, dtype=object)
    if label is None:
        return Grouped(grouped, None, inputs, called)
    if tags:
        found = _cut(frame[label].to_numpy()[order], offsets)
    else:
        found = _constant(frame[label], codes, order, offsets, names, "label")
    return Grouped(grouped, pd.Series(found, name=label), inputs, called)


def _refuse_own(static: Sequence[str], source: str) -> None:
    own = next((name for name in static if name in (SEQUENCE, TIMES)), None)
    if own is not None:
        raise InputError(
            _(
                "column {own!r} of {source} is to stand beside the series, whose own steps are called so: rename it",
                own=own,
                source=source,
            )
        )


def seconds_of(frame: pd.DataFrame, time: str, source: str, time_format: str | None = None) -> npt.NDArray[np.float64]:
    """The time of every row [N]: dates in seconds since 1970, numbers as they stand."""
    column = frame[time]
    if kind_of(column) == "number":
        values = numbers_of(column, source).astype(np.float64)
        if np.isnan(values).any():
            row = int(np.isnan(values).argmax())
            raise InputError(
                _(
                    "column {time!r} of {source} has no time in row {row}: fill it, or remove the row",
                    time=time,
                    source=source,
                    row=row + 1,
                )
            )
        return values
    stamps = read_times(frame, [time], source=source, format=time_format).values
    return stamps.astype(np.int64) / (1e6 if stamps.dtype.kind == "M" else 1.0)


def _refuse_twice(
    frame: pd.DataFrame,
    codes: npt.NDArray[np.integer],
    seconds: npt.NDArray[np.float64],
    order: npt.NDArray[np.integer],
    names: Sequence[str],
    time: str,
) -> None:
    twice = (np.diff(seconds[order]) == 0) & (np.diff(codes[order]) == 0)
    if twice.any():
        variable = find_variable(frame.assign(**{_KEY: codes}), _KEY, time, [])
        first, second = sorted((int(order[twice.argmax()]), int(order[twice.argmax() + 1])))
        raise InputError(
            _(
                "series {name!r} has the {time} {value!r} twice, in rows {first} and {second} ({pairs}): {remedy}",
                name=names[codes[first]],
                time=time,
                value=str(frame[time].iloc[first]),
                first=first + 1,
                second=second + 1,
                pairs=counted(int(twice.sum()), "such pair"),
                remedy=ways(
                    _("remove one"),
                    "" if variable is None else as_columns(variable),
                    using("name another column with {} (several joined by a comma) or {}", "series", "time"),
                ),
            )
        )


def _values(
    frame: pd.DataFrame, columns: list[str], source: str, *, chosen: bool
) -> tuple[npt.NDArray[Any], str, list[str]]:
    """The features of every row: numbers [N, F], or the texts [N] of one column."""
    require_columns(columns, list(frame.columns), source, flag("features"))
    kinds = {name: kind_of(frame[name]) for name in columns}
    numbers = [name for name in columns if kinds[name] == "number" or (chosen and kinds[name] == "empty")]
    texts = [name for name in columns if kinds[name] == "text"]
    if len(texts) == 1 and (not numbers or (chosen and len(columns) == 1)):
        cells = frame[texts[0]].astype(object)
        return cells.where(cells.notna(), None).to_numpy(), "text", texts
    wrong = next((name for name in columns if name not in numbers), None) if chosen else None
    if not numbers or wrong is not None:
        held = (
            _("{wrong!r} holds {kind}", wrong=wrong, kind=kinds[wrong])
            if wrong is not None
            else _("none of {columns} does", columns=shown(columns) or _("no column"))
        )
        raise InputError(
            _(
                "the features of {source} must be columns of numbers, or one column of text, and {held}: {hint}",
                source=source,
                held=held,
                hint=using("name them with {}", "features") or _("correct them"),
            )
        )
    parts = [numbers_of(frame[name], source) for name in numbers]
    single = all(part.dtype == np.float32 for part in parts)
    return np.stack(parts, axis=1, dtype=np.float32 if single else np.float64), "number", numbers


def _constant(
    column: pd.Series,
    codes: npt.NDArray[np.integer],
    order: npt.NDArray[np.integer],
    offsets: npt.NDArray[np.int64],
    names: Sequence[str],
    part: str,
) -> pd.Series:
    """The one value of each series [S], missing where it has none."""
    values, _unused = pd.factorize(column)
    present = np.flatnonzero(values >= 0)
    first = np.full(len(names), -1, dtype=np.int64)
    first[codes[present[::-1]]] = present[::-1]  # the last assignment stands: the first row with a value
    changed = present[values[present] != values[first[codes[present]]]]
    if len(changed):
        row = int(changed[0])
        origin = int(first[codes[row]])
        remedies = [
            _("correct them"),
            using("name another column with {} or {}", part, "series"),
            _("for a label per step use a tagger") if part == "label" and offered(part) else "",
        ]
        raise InputError(
            _(
                "column {column!r} changes within series {name!r}: {value!r} in row {origin}, {value2!r} "
                "in row {row}. Expected one value per series: {remedy}",
                column=column.name,
                name=names[codes[row]],
                value=column.iloc[origin],
                origin=origin + 1,
                value2=column.iloc[row],
                row=row + 1,
                remedy=ways(*remedies),
            )
        )
    rows = np.where(first >= 0, first, order[offsets[:-1]])
    return column.iloc[rows].reset_index(drop=True)


def _cut(values: npt.NDArray, offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    """Views of the rows of each series, as objects [S]."""
    return np.fromiter(np.split(values, offsets[1:-1]), dtype=object, count=len(offsets) - 1)
