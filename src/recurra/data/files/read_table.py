"""From any file to a DataFrame: `read_table` finds out how the file is written and says what it found.

CSV with any separator, encoding and decimal sign, plain or compressed; Parquet; `demo:NAME`. Text is parsed by Arrow:
a file of up to 32 MB as a whole, column types decided by every cell of it; a larger one in blocks, column types
decided by its beginning.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from recurra.data.demo.catalogue import read_demo
from recurra.data.files.columns import Columns, convert_columns
from recurra.data.files.dialect import BLANKS, Dialect, Layout, collapse_blanks, find_decimal, find_layout
from recurra.data.files.encoding import Utf8Stream, check_encoding, decode, detect_encoding, is_binary
from recurra.data.files.locate import explain, unclosed_quote
from recurra.data.files.missing import missing_words
from recurra.data.files.parquet import read_parquet
from recurra.data.files.source import Source, open_source, refuse_foreign, refusing_damage, stem
from recurra.data.files.streaming import Plan, make_plan, stream_columns
from recurra.errors import InputError
from recurra.options import option

_SAMPLE = 1 << 20
_LARGE = 32 << 20


@dataclass(frozen=True, eq=False)
class Table:
    """A file as it was read: the frame, how the file is written, a stem for output names, its path, remarks."""

    frame: pd.DataFrame
    dialect: Dialect
    name: str
    source: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Given:
    """What the caller said about a text file; None is to be found."""

    separator: str | None
    encoding: str | None
    decimal: str | None
    header: bool | None
    missing: tuple[str, ...]
    text: frozenset[str]

    @property
    def own(self) -> frozenset[str]:
        """The user's words for missing, as cells are compared with them."""
        return frozenset(word.strip().lower() for word in self.missing)


def read_table(
    path: str | Path,
    *,
    separator: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
    missing: Iterable[str] = (),
    text: Iterable[str] = (),
) -> Table:
    r"""Read a CSV (or TSV, ...) or Parquet file, or `demo:co2`; what is not given is found in the file.

    Numeric columns are int64 or float64 with NaN for missing; other columns are text, dates included; Parquet keeps
    its own types. `missing` are words that mean missing in every column, beside the usual ones (NA, null, -, empty,
    ...), which do so only in columns of numbers. Columns named in `text` stay text as it is written, numbers or not; a
    name that is no column is passed over. A text file beyond 32 MB is read in blocks: numbers as float32
    (integers beyond 2**24 as int64 or float64), ISO times as datetime64, text as categories; `Table.notes` says so.

    A file without a header gets the columns c1, c2, ...; a repeated column name gets `.2`, `.3`, ...; blanks around
    names are dropped; so are unnamed columns and last rows in which every value is missing.

    Errors: InputError where the file is absent, unreadable, empty, not a table, ragged, damaged, or contradicts what
    was given.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "sales.csv"
    >>> _ = file.write_text("day;units\n2024-01-01;1,5\n2024-01-02;NA\n")
    >>> table = read_table(file)
    >>> table.frame["units"].tolist(), table.dialect.separator, table.dialect.decimal
    ([1.5, nan], ';', ',')
    """
    if decimal not in (None, ".", ","):
        raise InputError(
            f"decimal {decimal!r} cannot be used: give '.' or ',' with {option('decimal')}, or leave it out to have "
            "it found"
        )
    if decimal is not None and decimal == separator:
        raise InputError(
            f"separator and decimal are both {decimal!r}: change {option('separator')} or {option('decimal')}"
        )
    given = _Given(separator, encoding and check_encoding(encoding), decimal, header, _words(missing), frozenset(text))
    if isinstance(path, str) and path.startswith("demo:"):
        name = path.removeprefix("demo:")
        return Table(read_demo(name), Dialect(), name, path)
    place = Path(path).expanduser()
    with refusing_damage(place.name):
        source = open_source(place)
        if source.compression is None and _starts(source, b"PAR1"):
            columns, dialect = read_parquet(place, large=_LARGE), Dialect(format="parquet")
        else:
            columns, dialect = _read_text(source, given)
    return _finished(columns, dialect, place)


def _words(missing: Iterable[str]) -> tuple[str, ...]:
    return (missing,) if isinstance(missing, str) else tuple(missing)


def _starts(source: Source, magic: bytes) -> bool:
    with source.open() as stream:
        return stream.read(len(magic)) == magic


def _read_text(source: Source, given: _Given) -> tuple[Columns, Dialect]:
    """The one place that chooses: whole or in blocks."""
    with source.open() as stream:
        data = stream.read(_SAMPLE)
        if source.compression is not None:
            refuse_foreign(data, source.name)
            if data.startswith(b"PAR1"):
                raise InputError(
                    f"{source.name} is a compressed Parquet file: unpack it first (Parquet compresses itself)"
                )
        large = source.size is not None and source.size > _LARGE
        if not large:
            data += stream.read(_LARGE + 1 - len(data))
            large = len(data) > _LARGE
    encoding = given.encoding or detect_encoding(data, whole=not large)
    text = decode(data[:_SAMPLE] if large else data, encoding, whole=not large, name=source.name)
    del data
    if is_binary(text):
        raise InputError(
            f"{source.name} is no text: expected a CSV or Parquet table (or name its encoding with "
            f"{option('encoding')})"
        )
    whole = len(text) <= _SAMPLE and not large
    layout = find_layout(text[:_SAMPLE], name=source.name, whole=whole, separator=given.separator, header=given.header)
    decimal, doubt = (given.decimal, None) if given.decimal else find_decimal(layout.rows, layout.separator)
    if decimal == "," and layout.separator == "," and given.decimal:
        raise InputError(
            f"decimal ',' was given, and {source.name} is separated by ',': give {option('separator')} too"
        )
    notes = [*layout.notes, *([doubt] if doubt else []), *_encoding_note(encoding, given)]
    dialect = Dialect("csv", encoding, layout.separator, decimal, layout.header)
    if large:
        columns = _read_blocks(source, layout, dialect, given, text)
    else:
        columns = _read_whole(text, layout, dialect, given, source.name)
    columns = replace(columns, notes=(*notes, *columns.notes))
    return columns, replace(dialect, missing=columns.missing)


def _encoding_note(encoding: str, given: _Given) -> tuple[str, ...]:
    if given.encoding or encoding not in ("latin-1", "cp1252"):
        return ()
    return (
        f"the encoding was taken for {encoding}, as a last resort; if letters look wrong, name it with "
        f"{option('encoding')}",
    )


def _read_whole(text: str, layout: Layout, dialect: Dialect, given: _Given, name: str) -> Columns:
    if layout.separator == BLANKS:
        text = collapse_blanks(text)
    body = text[layout.start :].encode("utf-8")
    if not body.strip():
        raise InputError(f"{name} has only a header and no data")
    words = missing_words(given.missing)
    try:
        table = pacsv.read_csv(
            pa.BufferReader(body),
            read_options=pacsv.ReadOptions(column_names=list(layout.names), block_size=max(len(body), 1 << 20)),
            parse_options=pacsv.ParseOptions(
                delimiter=" " if layout.separator == BLANKS else layout.separator, newlines_in_values=True
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(layout.names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise explain(io.StringIO(text, newline=""), layout, name, {}, words) from error
    last = table.column(table.num_columns - 1)[-1].as_py()
    if "\n" in last and body.count(b'"') % 2:
        raise unclosed_quote(text, text.rindex('"'), name)
    decimals = dialect.decimal if given.decimal else dialect.decimal + ",.".replace(dialect.decimal, "")
    return convert_columns(layout.names, table.columns, decimals=decimals, words=words, own=given.own, text=given.text)


def _read_blocks(source: Source, layout: Layout, dialect: Dialect, given: _Given, text: str) -> Columns:
    if layout.separator == BLANKS:
        raise InputError(
            f"{source.name} is larger than {_LARGE >> 20} MB and its columns are separated by runs of blanks: "
            "replace the runs by one separator first, for example with `tr -s ' ' ,`"
        )
    words = missing_words(given.missing)
    plan = make_plan(layout, dialect.decimal, words, given.own, given.text)
    rows = _guess_rows(source, layout, text)
    try:
        with Utf8Stream(source.open(), dialect.encoding, source.name) as stream:
            _skip(stream, len(text[: layout.start].encode("utf-8")))
            columns = stream_columns(stream, layout, plan, rows)
    except pa.ArrowInvalid as error:
        raise _explained(source, layout, dialect, plan, str(error)) from error
    note = "the file is large: numbers were read as float32, except integers beyond 2**24"
    return replace(columns, notes=(note, *columns.notes))


def _guess_rows(source: Source, layout: Layout, text: str) -> int:
    """A little more than the number of rows, so that columns rarely grow; room that is never filled costs nothing."""
    size = source.size if source.size is not None else 4 * _LARGE
    sample = text[layout.start :]
    lines = max(sample.count("\n"), sample.count("\r"), 1)
    return int(1.02 * size * lines / max(len(sample.encode("utf-8")), 1)) + 1


def _skip(stream: io.RawIOBase, count: int) -> None:
    while count:
        count -= len(stream.read(count) or b"")


def _explained(source: Source, layout: Layout, dialect: Dialect, plan: Plan, reason: str) -> InputError:
    column = re.search(r"CSV column #(\d+)", reason)  # Arrow tells the column, not the line
    patterns = {j: form for j, form in plan.patterns().items() if column and j == int(column[1])}
    with io.TextIOWrapper(source.open(), encoding=dialect.encoding, newline="") as lines:
        return explain(lines, layout, source.name, patterns, plan.words)


def _finished(columns: Columns, dialect: Dialect, path: Path) -> Table:
    """Without the unnamed columns and the last rows that hold nothing (spreadsheets leave them behind)."""
    frame, notes = columns.frame(), list(columns.notes)
    empty = [
        name
        for place, name in enumerate(frame.columns)
        if name == f"c{place + 1}" and dialect.header and frame[name].isna().all()
    ]
    if empty and dialect.format == "csv":
        frame = frame.drop(columns=empty)
        notes.append(f"{len(empty)} unnamed column{'s' if len(empty) > 1 else ''} without values left out")
    rows = len(frame)
    while rows and frame.iloc[rows - 1].isna().all():
        rows -= 1
    if rows < len(frame) and dialect.format == "csv":
        notes.append(f"the last {len(frame) - rows} rows, in which every value is missing, were left out")
        frame = frame.iloc[:rows]
    if not rows or not frame.shape[1]:
        raise InputError(f"{path.name} holds no values: every cell is empty")
    return Table(frame, dialect, stem(path), str(path), tuple(notes))
