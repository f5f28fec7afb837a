"""Read a large text table block by block, so that little more than the result is ever in memory.

The beginning of the file decides what each column is. Numbers become float32, or float64 where float32 would change an
integer (beyond 2**24) or overflow; ISO timestamps become datetime64; text becomes categories.
"""

# pyarrow.compute makes its functions when it is imported; pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from recurra.data.files.columns import Columns, column_numbers, in_words, number_notes, text_notes
from recurra.data.files.convention import Convention
from recurra.data.files.dialect import Layout
from recurra.data.files.locate import ISO_TIME
from recurra.data.files.missing import spellings
from recurra.data.files.numbers import Numbers, Text, number_pattern
from recurra.data.files.piecewise import PiecewiseStream
from recurra.data.files.sinks import IntegerSink, NumberSink, TextSink, TimeSink
from recurra.language import _
from recurra.options import option

_BLOCK = 2 << 20


@dataclass(frozen=True)
class Plan:
    """What each column [W] is (number, integer, time, time with zone or text) and how the file spells it."""

    kinds: tuple[str, ...]
    convention: Convention
    words: frozenset[str]
    own: frozenset[str]
    missing: tuple[str, ...]
    text: frozenset[str] = frozenset()  # the names of columns that stay text, whatever they look like

    def patterns(self) -> dict[int, tuple[str, re.Pattern[str]]]:
        """What the cells of the typed columns have to look like, for the error message."""
        number = ("a number", number_pattern(self.convention.decimal))
        forms = {"number": number, "integer": (_("a whole number"), re.compile(r"^-?[0-9]{1,19}$"))}
        time = (_("a time such as 2024-01-31 00:00:00"), re.compile(ISO_TIME))
        return {j: forms.get(kind, time) for j, kind in enumerate(self.kinds) if kind != "text"}


def make_plan(
    layout: Layout,
    convention: Convention,
    words: frozenset[str],
    own: frozenset[str],
    text: frozenset[str] = frozenset(),
) -> Plan:
    """What each column is, by the first rows; one that cannot be told yet is text until the end."""
    kinds = []
    missing: set[str] = set()
    for j, name in enumerate(layout.names):
        if name in text:
            kinds.append("text")
            continue
        cells = pa.array([row[j] for row in layout.rows if len(row) == len(layout.names)], pa.string())
        numbers = column_numbers(cells, convention.of(name), words, convention.thousands)
        if isinstance(numbers, Numbers):
            missing.update(numbers.missing)
        own_sign = convention.of(name)[0] != convention.decimal
        kinds.append("text" if own_sign else _kind(cells, numbers, convention.decimal, words))
    return Plan(tuple(kinds), convention, words, own, tuple(sorted(missing)), text)


def stream_columns(stream: io.RawIOBase, layout: Layout, plan: Plan, rows: int) -> Columns:
    """All columns of the UTF-8 `stream`, which stands at its first row of data; `rows` is a guess of their number.

    Errors: pyarrow.ArrowInvalid where a row or a cell does not fit.
    """
    sinks: list[NumberSink | IntegerSink | TimeSink | TextSink | None] = [_sink(kind, rows) for kind in plan.kinds]
    reader = pacsv.open_csv(
        stream,
        read_options=pacsv.ReadOptions(column_names=list(layout.names), block_size=_BLOCK),
        parse_options=pacsv.ParseOptions(**layout.quoting.arrow(layout.separator)),
        convert_options=pacsv.ConvertOptions(
            column_types={name: _TYPES[kind] for name, kind in zip(layout.names, plan.kinds, strict=True)},
            null_values=spellings(plan.words),
            strings_can_be_null=False,
            decimal_point=plan.convention.decimal,
        ),
    )
    for batch in reader:
        for sink, column in zip(sinks, batch.columns, strict=True):
            assert sink is not None
            sink.append(column)
    del reader
    values: dict[str, np.ndarray | pd.Series] = {}
    missing = set(plan.missing)
    zoned = any(kind.startswith("zone") for kind in plan.kinds)
    notes = [_("times with an offset from UTC were read as UTC")] if zoned else []
    for place, name in enumerate(layout.names):
        sink, sinks[place] = sinks[place], None  # a column's blocks are freed before the next one is finished
        if isinstance(sink, TextSink):
            values[name], found = sink.finish(
                plan.convention.of(name), plan.words, plan.own, plan.convention.thousands, text=name in plan.text
            )
            if isinstance(found, Numbers):
                missing.update(found.missing)
                notes += number_notes(name, found)
            else:
                notes += text_notes(name, found)
        else:
            assert sink is not None
            values[name] = sink.finish()
            notes += _doubt(name, sink, plan) if isinstance(sink, NumberSink) else []
    return Columns(values, tuple(sorted(missing)), tuple(notes))


def _doubt(name: str, sink: NumberSink, plan: Plan) -> list[str]:
    """A remark where fractions of three digits came only after the beginning, which could also be thousands."""
    decimal = plan.convention.decimal
    if plan.convention.known or not sink.doubtful:
        return []
    return [
        _(
            "the numbers of column {name!r} with a {decimal!r} all have at most three digits behind "
            "it and were read as fractions; if it separates thousands, pass {thousands_option} "
            "'{decimal}'",
            name=name,
            decimal=decimal,
            thousands_option=option("thousands"),
        )
    ]


class WithoutEnd(PiecewiseStream):
    """A stream of text without its last lines."""

    def __init__(self, raw: io.RawIOBase, lines: int) -> None:
        super().__init__(raw)
        self._lines = lines
        self._waiting = b""

    def _made(self, block: bytes) -> bytes:
        if not self._lines:
            return block
        self._waiting += block
        keep = self._waiting.rstrip(b"\r\n")  # blank lines at the end are none of the lines
        end = len(keep)
        for _unused in range(self._lines + (not self._ended)):
            end = max(keep.rfind(b"\n", 0, end), keep.rfind(b"\r", 0, end), 0)
        end = min(end + 1, len(self._waiting)) if end else 0
        made, self._waiting = self._waiting[:end], self._waiting[end:]
        return made


_TYPES = {
    "number": pa.float64(),
    "integer": pa.int64(),
    "time": pa.timestamp("us"),
    "zone": pa.timestamp("us", "UTC"),
    "time-ns": pa.timestamp("ns"),
    "zone-ns": pa.timestamp("ns", "UTC"),
    "text": pa.dictionary(pa.int32(), pa.string()),
}


def _kind(cells: pa.Array, numbers: Numbers | Text, decimal: str, words: frozenset[str]) -> str:
    present = pc.filter(pc.utf8_trim_whitespace(cells), pc.invert(in_words(cells, words)))
    if not len(present):
        return "text"
    if isinstance(numbers, Numbers):
        plain = pc.all(pc.match_substring_regex(present, number_pattern(decimal).pattern)).as_py()
        if not plain:
            return "text"
        exact = numbers.values.dtype == np.int64 and np.abs(numbers.values).max() > 1 << 53
        return "integer" if exact else "number"
    if not pc.all(pc.match_substring_regex(present, ISO_TIME)).as_py():
        return "text"
    zoned = pc.match_substring_regex(present, r"[0-9]{2}:[0-9]{2}.*(?:Z|[+-][0-9:]+)$")
    fine = "-ns" if pc.any(pc.match_substring_regex(present, r"\.[0-9]{7,}")).as_py() else ""
    if pc.all(zoned).as_py():
        return "zone" + fine
    return "text" if pc.any(zoned).as_py() else "time" + fine


def _sink(kind: str, rows: int) -> NumberSink | IntegerSink | TimeSink | TextSink:
    if kind == "text":
        return TextSink()
    if kind == "number":
        return NumberSink(rows)
    if kind == "integer":
        return IntegerSink()
    return TimeSink(rows, unit="ns" if kind.endswith("-ns") else "us", zoned=kind.startswith("zone"))
