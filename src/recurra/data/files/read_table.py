"""From any file to a DataFrame: `read_table` finds out how the file is written and says what it found.

CSV with any separator, encoding and decimal sign, plain or compressed; JSON lines; Parquet; workbooks; `demo:NAME`.
Text is parsed by Arrow: a file of up to 32 MB as a whole, column types decided by every cell of it; a larger one in
blocks, column types decided by its beginning.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from recurra.data.demo.catalogue import read_demo
from recurra.data.files.columns import Columns
from recurra.data.files.dialect import Dialect
from recurra.data.files.json_lines import read_json
from recurra.data.files.options import ReadingOptions, reading_options
from recurra.data.files.parquet import read_parquet
from recurra.data.files.sentinels import declared_numbers, sentinel_notes, without_declared
from recurra.data.files.source import Source, first_bytes, is_json, open_source, refusing_damage, stem
from recurra.data.files.text_table import read_text
from recurra.data.files.workbook import is_workbook, read_workbook
from recurra.errors import InputError
from recurra.language import _, several
from recurra.options import option

_LARGE = 32 << 20


@dataclass(frozen=True, eq=False)
class Table:
    """A file as it was read: the frame, how the file is written, a stem for output names, its path, remarks."""

    frame: pd.DataFrame
    dialect: Dialect
    name: str
    source: str
    notes: tuple[str, ...] = ()


def read_table(
    path: str | Path,
    *,
    separator: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    header: bool | None = None,
    header_rows: int | None = None,
    skip_rows: int | None = None,
    footer: int | None = None,
    missing: Iterable[str] = (),
    text: Iterable[str] = (),
    sheet: str | None = None,
) -> Table:
    r"""Read a CSV (or TSV, ...), Parquet or Excel file, or `demo:co2`; what is not given is found in the file.

    Numeric columns are int64 or float64 with NaN for missing; other columns are text, dates included; Parquet keeps
    its own types. `missing` are words that mean missing in every column, beside the usual ones (NA, null, -, empty,
    ...), which do so only in columns of numbers; numbers among them, such as -999, count by value. Columns named in
    `text` stay text as it is written, numbers or not; a name that is no column is passed over. A text file beyond
    32 MB is read in blocks: numbers as float32 (integers beyond 2**24 as int64 or float64), ISO times as datetime64,
    text as categories; `Table.notes` says so.

    `skip_rows` and `footer` are the lines above the header and below the data that are no part of the table;
    `header_rows` is the number of rows of names and units, of which the first that tells the columns apart names them.
    `decimal` and `thousands` ("." "," "'" " ", "" for none) say what points and commas mean; without them the file and
    each column decide, and `Table.notes` tells every doubt. `sheet` is that of a
    workbook; several with commas between them, or "*" for all, are read one below the other.

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
    given = reading_options(
        separator=separator, encoding=encoding, decimal=decimal, thousands=thousands, header=header,
        header_rows=header_rows, skip_rows=skip_rows, footer=footer, missing=missing, text=text, sheet=sheet,
    )  # fmt: skip
    if isinstance(path, str) and path.startswith("demo:"):
        name = path.removeprefix("demo:")
        return Table(read_demo(name), Dialect(), name, path)
    place = Path(path).expanduser()
    with refusing_damage(place.name):
        if is_workbook(place, first_bytes(place)):
            return _finished(*read_workbook(place, given), place, given)
        if given.sheet is not None:
            raise InputError(
                _(
                    "{sheet_option} {sheet!r} is for workbooks (.xlsx, .xls, .ods), and {place} is none",
                    sheet_option=option("sheet"),
                    sheet=given.sheet,
                    place=place.name,
                )
            )
        source = open_source(place, json=True)
        if is_json(_head(source)):
            columns, dialect = _of_json(source), Dialect(format="json")
        elif source.compression is None and _head(source).startswith(b"PAR1"):
            columns, dialect = read_parquet(place, large=_LARGE), Dialect(format="parquet")
        else:
            columns, dialect = read_text(source, given, _LARGE)
    return _finished(columns, dialect, place, given)


def _head(source: Source) -> bytes:
    with source.open() as stream:
        return stream.read(256)


def _of_json(source: Source) -> Columns:
    """A row for every object of a JSON file; raises InputError for a key that holds lists."""
    frame = read_json(source)
    for name in frame.columns:
        wrong = next((cell for cell in frame[name] if isinstance(cell, list)), None)
        if wrong is not None:
            raise InputError(
                _(
                    "{source} is JSON whose key {name!r} holds lists: expected a number or a text for each "
                    "row and key, a line for each step of each series",
                    source=source.name,
                    name=name,
                )
            )
    return Columns({str(name): frame[name] * 1 if frame[name].dtype == bool else frame[name] for name in frame}, (), ())


def _finished(columns: Columns, dialect: Dialect, path: Path, given: ReadingOptions) -> Table:
    """Without declared numbers, the unnamed columns and the last rows that hold nothing (spreadsheets leave them)."""
    frame, notes = without_declared(columns.frame(), declared_numbers(given.missing)), list(columns.notes)
    notes += sentinel_notes(frame)
    empty = [
        name
        for place, name in enumerate(frame.columns)
        if name == f"c{place + 1}" and dialect.header and frame[name].isna().all()
    ]
    if empty and dialect.format != "parquet":
        frame = frame.drop(columns=empty)
        notes.append(
            several(
                "{n} unnamed column without values ignored", "{n} unnamed columns without values ignored", len(empty)
            )
        )
    rows = len(frame)
    while rows and frame.iloc[rows - 1].isna().all():
        rows -= 1
    if rows < len(frame) and dialect.format != "parquet":
        notes.append(
            _("the last {n_frame} rows, in which every value is missing, were ignored", n_frame=len(frame) - rows)
        )
        frame = frame.iloc[:rows]
    if not rows or not frame.shape[1]:
        raise InputError(_("{path} holds no values: every cell is empty", path=path.name))
    return Table(frame, dialect, stem(path), str(path), tuple(notes))
