"""From a DataFrame and a schema to the panel, and what there is to say about its rows."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.files.read_table import Table
from recurra.data.files.sentinels import find_sentinels
from recurra.data.panel.panel import Panel, Schema
from recurra.data.panel.placement import Order, Rows, order_rows, place_rows, spread
from recurra.data.panel.rows import LongRows, column_numbers, find_positions, read_rows
from recurra.data.panel.summary import describe
from recurra.data.schema.column_kinds import codes_of, numbers_of
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.data.schema.overrides import column_overrides
from recurra.data.schema.roles import Inference, in_rows, infer, infer_schema, tidy, unfolded
from recurra.data.time.totals import without_totals
from recurra.errors import InputError
from recurra.language import _
from recurra.options import option, settled, using

# What the schema of a model decides.
_SETTLED = tuple(inspect.signature(infer_schema).parameters.keys() - {"frame", "source"})
_MOST_GROWTH = 100  # rows of the grid per row of the file
_FREE_ROWS = 5_000_000  # rows of a grid that are never too many


def build_panel(
    frame: pd.DataFrame | Table, schema: Schema, *, source: str = "the table", fixed: bool = False, empty: bool = False
) -> tuple[Panel, list[Fact]]:
    """The panel of a table whose columns play the parts in `schema`, and the facts about its rows.

    Categories that `schema` lists keep their codes, and a value that is not among them has code -1; where it lists
    none, they are taken from the table. A series that has no value of the target, but of a covariate that is known in
    advance, is kept without a row: `join_panels` puts it behind its history. With `empty` one that has neither is kept
    so, too. `fixed` says that the schema is that of a model, so that no message offers to change it. Raises
    `InputError` for columns that are missing or of another kind, and where nothing is left.

    >>> frame = pd.DataFrame({"day": ["2024-01-01", "2024-01-02", "2024-01-04"], "y": [1.0, 2.0, 4.0]})
    >>> panel, facts = build_panel(frame, Schema(target="y", time=("day",), freq="D"))
    >>> panel.target
    array([ 1.,  2., nan,  4.])
    """
    frame, _facts = unfolded(tidy(frame, source), schema)
    with settled(*(_SETTLED if fixed else ())):
        return _build(frame, schema, None, source, empty)


def understand(
    frame: pd.DataFrame | Table, *, source: str = "the table", **overrides: object
) -> tuple[Panel, list[Fact]]:
    """Infer the schema of a table and build its panel; `overrides` are the arguments of `infer_schema`.

    Of a DataFrame the facts also tell numbers that seem to mean missing; of a `Table` its own notes do.
    """
    checked = isinstance(frame, Table)
    frame, given, months = in_rows(tidy(frame, source), column_overrides(**overrides))
    found = infer(frame, given, source)
    panel, facts = _build(frame, found.schema, found, source)
    said = {fact.label for fact in found.facts}
    doubts = [] if checked else _doubtful_numbers(frame, found.schema)
    return panel, [*(fact for fact in facts if fact.label not in said), *months, *found.facts, *doubts]


def _doubtful_numbers(frame: pd.DataFrame, schema: Schema) -> list[Fact]:
    """Numbers such as -999 in the columns that are learnt from."""
    columns = [*(name for name in (schema.target, *schema.past, *schema.known, *schema.static) if name in frame)]
    return [
        Fact(
            "check",
            _(
                "{name} holds {value:.10g} in {rows}, and otherwise {low:.6g} to {high:.6g}: if that "
                "means missing, replace it by NaN",
                name=name,
                value=found.value,
                rows=counted(found.count, "row"),
                low=found.low,
                high=found.high,
            ),
        )
        for name in columns
        for found in find_sentinels(numbers_of(frame[name]))
    ]


def _build(
    frame: pd.DataFrame, schema: Schema, found: Inference | None, source: str, empty: bool = False
) -> tuple[Panel, list[Fact]]:
    if schema.ignore:
        frame = frame.drop(columns=[name for name in schema.ignore if name in frame])
    frame, totals = without_totals(frame, schema.time)
    rows = read_rows(frame, schema, found, source)
    placed = find_positions(rows, schema, source)
    grid, positions = placed.grid, placed.positions
    if placed.closed is not None:
        rows, positions = rows.without(placed.closed), positions[~placed.closed]
    order = order_rows(rows.codes, positions)
    target = order.numbers(rows.target)
    observed = ~np.isnan(target)
    schema, codes = _with_categories(rows, schema)
    wide = schema.layout != "long"
    future = np.zeros(len(observed), dtype=bool)
    if not wide and (schema.known or schema.known_categorical):
        for name in schema.known:
            future |= ~np.isnan(order.numbers(column_numbers(rows.table, name, source)))
        for name in schema.known_categorical:
            future |= order.codes_at(codes[name]) >= 0
    if empty and not wide:
        has = np.zeros(len(rows.names), dtype=bool)
        has[order.codes[observed]] = True
        future |= ~has[order.codes]
    continues = found is None
    if not (observed.any() or (continues and future.any())):
        raise InputError(
            _(
                "target {target!r} of {source} has no value in any row: {hint}",
                target=schema.target,
                source=source,
                hint=using("name another with {}", "target") or _("give rows that have one"),
            )
        )
    place = place_rows(order, observed, future, len(rows.names), continues=continues)
    source_rows = len(positions)
    del positions, observed, future
    order, placed = order.without_positions(), placed.without_positions()  # before the columns are in memory twice
    total, known_total = int(place.offsets[-1]), int(place.known_offsets[-1])
    if known_total > max(_FREE_ROWS, _MOST_GROWTH * source_rows):
        raise InputError(
            _(
                "{source} has {n_positions} rows, which would lie on a grid of {steps}: the "
                "frequency {freq} is too fine for it, or a time is wrong{hint}",
                source=source,
                n_positions=source_rows,
                steps=known_total,
                freq=grid.freq or _("of step {step}", step=grid.step),
                hint=using("; see {} and {}", "freq", "time"),
            )
        )
    if not continues:  # newer rows of a known target may well be constant
        _refuse_constant(target, schema, source)
    owner = place.kept
    # The series of each row of the table that holds the static columns.
    static_rows = np.arange(len(rows.table), dtype=np.int32) if wide else rows.codes
    values = np.full(total, np.nan, dtype=target.dtype)
    spread(target, place.taken, place.rows, values)
    panel = Panel(
        schema=schema,
        grid=grid,
        series=tuple((rows.names[s] or schema.target) for s in owner),
        start=place.start,
        offsets=place.offsets,
        target=values,
        past=_number_matrix(rows, order, schema.past, total, place.taken, place.rows, source),
        past_codes=_code_matrix(order, [codes[n] for n in schema.past_categorical], total, place.taken, place.rows),
        known_offsets=place.known_offsets,
        known=_number_matrix(rows, order, schema.known, known_total, place.known_taken, place.known_rows, source),
        known_codes=_code_matrix(
            order, [codes[n] for n in schema.known_categorical], known_total, place.known_taken, place.known_rows
        ),
        static=_static_numbers(rows, schema, static_rows, source)[owner],
        static_codes=_static_codes(rows, schema, static_rows, codes)[owner],
    )
    facts = describe(
        panel, order, place, source_rows=source_rows, source_series=rows.names, placed=placed, target=rows.target
    )
    return panel, [*facts, *totals, *_unseen(rows, schema, codes)]


def _with_categories(rows: LongRows, schema: Schema) -> tuple[Schema, dict[str, npt.NDArray[np.int32]]]:
    """The schema with the categories of every categorical column, and their codes in the table."""
    known = dict(schema.categories)
    codes: dict[str, npt.NDArray[np.int32]] = {}
    for name in (*schema.past_categorical, *schema.known_categorical, *schema.static_categorical):
        codes[name], known[name] = codes_of(rows.table[name], known.get(name))
    return replace(schema, categories=known), codes


def _unseen(rows: LongRows, schema: Schema, codes: dict[str, npt.NDArray[np.int32]]) -> list[Fact]:
    facts = []
    for name, column in codes.items():
        strange = (column < 0) & rows.table[name].notna().to_numpy()
        if strange.any():
            example = rows.table[name].iloc[int(strange.argmax())]
            rows_of_it = _("{rows}, such as {example!r}", rows=counted(int(strange.sum()), "row"), example=str(example))
            facts.append(
                Fact("unseen categories", _("{name}: {rows_of_it}, taken as missing", name=name, rows_of_it=rows_of_it))
            )
    return facts


def _number_matrix(
    rows: LongRows,
    order: Order,
    names: Sequence[str],
    total: int,
    taken: Rows,
    places: Rows,
    source: str,
) -> npt.NDArray[np.floating]:
    single = rows.target.dtype == np.float32
    if names and not single:
        single = all(str(rows.table[name].dtype).lower() == "float32" for name in names)
    matrix = np.full((total, len(names)), np.nan, dtype=np.float32 if single else np.float64)
    for j, name in enumerate(names):
        spread(order.numbers(column_numbers(rows.table, name, source)), taken, places, matrix[:, j])
    return matrix


def _code_matrix(
    order: Order,
    columns: Sequence[npt.NDArray[np.int32]],
    total: int,
    taken: Rows,
    places: Rows,
) -> npt.NDArray[np.int32]:
    matrix = np.full((total, len(columns)), -1, dtype=np.int32)
    for j, column in enumerate(columns):
        spread(order.codes_at(column), taken, places, matrix[:, j])
    return matrix


def _static_numbers(
    rows: LongRows, schema: Schema, owner: npt.NDArray[np.integer], source: str
) -> npt.NDArray[np.floating]:
    matrix = np.full((len(rows.names), len(schema.static)), np.nan)
    for j, name in enumerate(schema.static):
        values = column_numbers(rows.table, name, source)
        seen = np.flatnonzero(~np.isnan(values))[::-1]
        matrix[owner[seen], j] = values[seen]  # the last assignment stands: the first row of each series
    return matrix


def _static_codes(
    rows: LongRows, schema: Schema, owner: npt.NDArray[np.integer], codes: dict[str, npt.NDArray[np.int32]]
) -> npt.NDArray[np.int32]:
    matrix = np.full((len(rows.names), len(schema.static_categorical)), -1, dtype=np.int32)
    for j, name in enumerate(schema.static_categorical):
        seen = np.flatnonzero(codes[name] >= 0)[::-1]
        matrix[owner[seen], j] = codes[name][seen]
    return matrix


def _refuse_constant(target: npt.NDArray[np.floating], schema: Schema, source: str) -> None:
    least, most = np.nanmin(target), np.nanmax(target)
    if least == most and np.count_nonzero(~np.isnan(target)) > 1:
        raise InputError(
            _(
                "target {target!r} of {source} is always {least:g}: there is nothing to forecast; name "
                "another column with {target_option}",
                target=schema.target,
                source=source,
                least=least,
                target_option=option("target"),
            )
        )
