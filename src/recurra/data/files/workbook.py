"""Sheets of a workbook (.xlsx, .xlsm, .xlsb, .xls, .ods) as columns; cells keep their types, formulas their values.

The table is found in the sheet as in a text file: titles above it, rows of units under its header, notes below it.
Read by calamine (python-calamine), which is imported when a workbook comes.
"""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from recurra.data.files.columns import Columns, column_numbers, number_notes, text_notes
from recurra.data.files.convention import find_convention
from recurra.data.files.dialect import Dialect, table_start
from recurra.data.files.extent import is_footer
from recurra.data.files.missing import missing_words
from recurra.data.files.numbers import Numbers
from recurra.data.files.options import ReadingOptions
from recurra.data.files.records import SAMPLE_ROWS, Record
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.options import option

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

_OLD = b"\xd0\xcf\x11\xe0"  # the container of .xls, and of every workbook with a password
_EXACT = 1 << 53
_NOTES = 60  # rows at the end that may be notes
Row = list[Any]


def is_workbook(path: Path, head: bytes) -> bool:
    """Whether the file with these first bytes is a workbook."""
    if head.startswith(_OLD):
        return True
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile:
        return False
    return any(name.startswith("xl/") for name in names) or {"content.xml", "mimetype"} <= names


def read_workbook(path: Path, given: ReadingOptions) -> tuple[Columns, Dialect]:
    """The columns of one sheet, or of several one below the other, and which it was.

    Errors: InputError for a workbook that is damaged, locked by a password or without a table, and for a sheet that is
    not in it.
    """
    import python_calamine as calamine

    try:
        workbook = calamine.CalamineWorkbook.from_path(str(path))
    except calamine.PasswordError as error:
        raise InputError(_("{path} is a workbook with a password: save it without one", path=path.name)) from error
    except (calamine.CalamineError, OSError) as error:
        raise InputError(
            _(
                "{path} is a workbook that cannot be read ({error}): save it again, or as CSV",
                path=path.name,
                error=error,
            )
        ) from error
    sheets, notes = _choose(workbook, given.sheet, path.name)
    parts = {
        name: _table(rows, given, _("{path}, sheet {name!r}", path=path.name, name=name))
        for name, rows in sheets.items()
    }
    part = next(iter(parts.values())) if len(parts) == 1 else _below(parts, path.name)
    columns = _typed(part.columns, given, part.lines)
    shown = listing(sheets)
    dialect = Dialect(format="workbook", sheet=shown, header=part.header, missing=columns.missing)
    return replace(columns, notes=(*notes, *part.notes, *columns.notes)), dialect


@dataclass(frozen=True)
class _Part:
    """The cells of a sheet by column [W] of N cells, the rows of the sheet in which they stand, and remarks."""

    columns: dict[str, Row]
    lines: list[int]
    header: bool
    notes: tuple[str, ...] = ()


def _choose(workbook: CalamineWorkbook, asked: str | None, source: str) -> tuple[dict[str, list[Row]], list[str]]:
    """The rows of the sheets that were asked for, or of the first visible one with a table, and remarks.

    Several sheets are asked for with commas between their names; "*" is every visible one with a table.
    """
    sheets = [sheet for sheet in workbook.sheets_metadata if "Work" in str(sheet.typ)]
    names = [sheet.name for sheet in sheets]
    if asked is not None and asked != "*":
        wanted = [asked] if asked in names else [name.strip() for name in asked.split(",")]
        if absent := [name for name in wanted if name not in names]:
            shown = listing(map(repr, names))
            raise InputError(
                _(
                    "sheet {absent!r} is not in {source}: its sheets are {shown} ({sheet_option})",
                    absent=absent[0],
                    source=source,
                    shown=shown,
                    sheet_option=option("sheet"),
                )
            )
        return {name: _rows(workbook, name) for name in wanted}, []
    visible = [sheet.name for sheet in sheets if str(sheet.visible).endswith("Visible")]
    filled = {name: rows for name in visible if (rows := _rows(workbook, name))}
    tables = [name for name, rows in filled.items() if len(rows) > 1 and _width(rows) > 1] or list(filled)
    if not tables:
        hidden = [sheet.name for sheet in sheets if sheet.name not in visible]
        more = (
            _(
                "; hidden sheets can be read with {sheet_option}: {hidden}",
                sheet_option=option("sheet"),
                hidden=listing(map(repr, hidden)),
            )
            if hidden
            else ""
        )
        raise InputError(_("{source} is a workbook without a table in a visible sheet{more}", source=source, more=more))
    if asked == "*":
        return {name: filled[name] for name in tables}, []
    notes = []
    if len(tables) > 1:
        shown = listing(map(repr, tables))
        same = [name for name in tables if _first_row(filled[name]) == _first_row(filled[tables[0]])]
        below = "*" if len(same) == len(tables) else ",".join(same)
        remedy = (
            _(
                "{n_same} have the same columns; pass {sheet_option} to read them one below the other, "
                "or {sheet_option2} for another",
                n_same=len(same),
                sheet_option=option("sheet", below),
                sheet_option2=option("sheet"),
            )
            if len(same) > 1
            else _("pass {sheet_option} for another", sheet_option=option("sheet"))
        )
        notes.append(
            _(
                "sheet {table!r} was read, the first of {n_tables} ({shown}); {remedy}",
                table=tables[0],
                n_tables=len(tables),
                shown=shown,
                remedy=remedy,
            )
        )
    return {tables[0]: filled[tables[0]]}, notes


def _first_row(rows: list[Row]) -> list[str]:
    """The texts of the first row with more than a title in it."""
    row = next((row for row in rows if sum(map(_filled, row)) > 1), rows[0])
    return [_spell(cell).casefold() for cell in row if _filled(cell)]


def _below(parts: dict[str, _Part], source: str) -> _Part:
    """Sheets with the same columns as one table, and the sheet of each row where their rows cannot be told apart."""
    (first, part), *others = parts.items()
    for name, other in others:
        if (fault := set(part.columns) ^ set(other.columns)) or part.header != other.header:
            lacking = next((column for column in part.columns if column in fault), None)
            reason = (
                _("lacks the column {lacking!r}", lacking=lacking)
                if lacking
                else _("has also the column {fault!r}", fault=min(fault, default=""))
            )
            raise InputError(
                _(
                    "{source}: sheet {name!r} {reason} and cannot be read below sheet {first!r}: name the "
                    "sheets that have the same columns with {sheet_option}",
                    source=source,
                    name=name,
                    reason=reason,
                    first=first,
                    sheet_option=option("sheet", "A,B"),
                )
            )
    columns = {key: [cell for each in parts.values() for cell in each.columns[key]] for key in part.columns}
    notes = [_("sheets read one below the other: {parts}", parts=listing(map(repr, parts)))]
    keys = next(iter(columns.values()))
    if len(set(map(_spell, keys))) < len(keys) and "sheet" not in columns:
        columns["sheet"] = [_as_number(name) for name, each in parts.items() for _unused in each.lines]
        notes[0] += _("; the column 'sheet' tells from which a row comes")
    lines = [line for each in parts.values() for line in each.lines]
    return _Part(columns, lines, part.header, (*notes, *part.notes))


def _as_number(name: str) -> Any:
    return int(name) if name.isascii() and name.isdigit() and len(name) < 10 else name


def _rows(workbook: CalamineWorkbook, name: str) -> list[Row]:
    """The rows of a sheet from its first, without the empty ones at its end."""
    rows: list[Row] = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    while rows and not any(_filled(cell) for cell in rows[-1]):
        rows.pop()
    return rows


def _width(rows: Sequence[Row]) -> int:
    return max(sum(map(_filled, row)) for row in rows)


def _filled(cell: Any) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(cell.strip()))


def _table(rows: list[Row], given: ReadingOptions, source: str) -> _Part:
    """The cells of the rows of a sheet."""
    skipped = given.skip_rows or 0
    if not rows:
        raise InputError(_("{source} holds no values: every cell is empty", source=source))
    if skipped + (given.footer or 0) >= len(rows):
        raise InputError(
            _(
                "{source} has {n_rows} rows: pass smaller numbers with {skip_rows_option} and {footer_option}",
                source=source,
                n_rows=len(rows),
                skip_rows_option=option("skip_rows"),
                footer_option=option("footer"),
            )
        )
    rows = rows[: len(rows) - (given.footer or 0)]
    lines = [i for i, row in enumerate(rows) if i >= skipped and any(map(_filled, row))]
    used = [j for j in range(len(rows[0])) if any(_filled(rows[i][j]) for i in lines)]
    if not used:
        raise InputError(_("{source} holds no values: every cell is empty", source=source))
    sample = [Record(_fields(rows[i], used, first=n < 60), i + 1, n) for n, i in enumerate(lines[:SAMPLE_ROWS])]
    start = table_start(
        sample, source, header=given.header, header_rows=given.header_rows, skip=given.skip_rows is None
    )
    data, notes = lines[start.first :], list(start.notes)
    if not data:
        raise InputError(
            _("{source} has only a header ({names}) and no data", source=source, names=listing(start.names[:8]))
        )
    if given.footer is None:
        data = _without_footer(rows, data, used, notes)
    if len(start.names) != len(used):
        raise InputError(
            _(
                "{source}: {n_names} names stand above {n_used} columns: name the rows above the header "
                "with {skip_rows_option}",
                source=source,
                n_names=len(start.names),
                n_used=len(used),
                skip_rows_option=option("skip_rows"),
            )
        )
    columns = {n: [rows[i][j] for i in data] for n, j in zip(start.names, used, strict=True)}
    return _Part(columns, [i + 1 for i in data], start.header, tuple(notes))


def _fields(row: Row, used: Sequence[int], *, first: bool) -> tuple[str, ...]:
    """The cells of a row as text; a title in the first column has nothing beside it."""
    fields = [_spell(row[j]) for j in used]
    if first and len(fields) > 1 and fields[0] and not any(fields[1:]):
        return (fields[0],)
    return tuple(fields)


def _without_footer(rows: list[Row], data: list[int], used: Sequence[int], notes: list[str]) -> list[int]:
    fields = [_fields(rows[i], used, first=False) for i in data[:SAMPLE_ROWS]]
    count = 0
    for i in reversed(data[-_NOTES:]):
        if not is_footer(_fields(rows[i], used, first=True), fields, len(used)):
            break
        count += 1
    if not 0 < count < len(data):
        return data
    shown = " ".join(field for i in data[-count:] for field in _fields(rows[i], used, first=True) if field)
    shown = repr(shown if len(shown) <= 60 else f"{shown[:57]}...")
    place = (
        _("row {first}", first=data[-1] + 1)
        if count == 1
        else _("rows {first} to {last}", first=data[-count] + 1, last=data[-1] + 1)
    )
    notes.append(
        _(
            "skipped below the data: {place} ({shown}); pass {footer_option} if they are data",
            place=place,
            shown=shown,
            footer_option=option("footer", 0),
        )
    )
    return data[:-count]


def _typed(columns: dict[str, Row], given: ReadingOptions, lines: Sequence[int]) -> Columns:
    """Numbers and times where all cells of a column are, else text; numbers that were typed as text are read."""
    words = missing_words(given.missing)
    texts = {name: pa.array([_as_written(cell) for cell in cells], pa.string()) for name, cells in columns.items()}
    convention = find_convention(
        list(texts), list(texts.values()), ";", decimal=given.decimal, thousands=given.thousands, text=given.text
    )
    values: dict[str, np.ndarray | pd.Series] = {}
    missing: set[str] = set()
    notes = list(convention.notes)
    for name, cells in columns.items():
        kinds = {type(cell) for cell in cells if _filled(cell)}
        if name in given.text or not kinds:
            values[name] = _as_text(cells, given.own)
            continue
        if kinds <= {datetime.date, datetime.datetime}:
            values[name] = np.array(
                [np.datetime64(c, "us") if _filled(c) else np.datetime64("NaT", "us") for c in cells]
            )
            continue
        numeric = kinds <= {int, float, bool, str} and kinds & {int, float, bool}
        found = column_numbers(texts[name], convention.of(name), words, convention.thousands)
        if isinstance(found, Numbers) and (numeric or kinds == {str}):
            empty = not all(map(_filled, cells))
            missing.update(word for word in found.missing if word or empty)
            notes += number_notes(name, found)
            values[name] = _merged(cells, found) if numeric else found.values
            continue
        if not isinstance(found, Numbers):
            notes += text_notes(name, found, lambda row: lines[row])
            if numeric and not found.reason:
                wrong = next(
                    i for i, cell in enumerate(cells) if isinstance(cell, str) and _filled(cell) and i >= found.row
                )
                notes.append(
                    _(
                        "column {name!r} was read as text: {cell!r} (line {line:,}) stands among numbers; if "
                        "that means missing, pass {missing_option}",
                        name=name,
                        cell=cells[wrong],
                        line=lines[wrong],
                        missing_option=option("missing", cells[wrong]),
                    )
                )
        values[name] = _as_text(cells, given.own)
    return Columns(values, tuple(sorted(missing)), tuple(notes))


def _as_written(cell: Any) -> str:
    """A cell that was typed as text; beside such cells a number counts as a plain one."""
    if isinstance(cell, int | float):
        return str(int(cell)) if np.isfinite(cell) else "1"
    return cell if isinstance(cell, str) else ""


def _merged(cells: Row, found: Numbers) -> np.ndarray:
    """Typed numbers, and those that stood as text between them."""
    numbers = np.array([float(c) if isinstance(c, int | float) else np.nan for c in cells])
    typed = ~np.isnan(numbers)
    numbers[~typed] = found.values[~typed]
    whole = np.isfinite(numbers).all() and (numbers == np.floor(numbers)).all() and np.abs(numbers).max() <= _EXACT
    return numbers.astype(np.int64) if whole else numbers


def _as_text(cells: Row, own: frozenset[str]) -> pd.Series:
    texts = [_spell(cell) if _filled(cell) else None for cell in cells]
    return pd.Series([None if text is None or text.strip().lower() in own else text for text in texts], dtype="str")


def _spell(cell: Any) -> str:
    """A cell as text: whole numbers without a point, dates as ISO."""
    if isinstance(cell, bool) or cell is None or isinstance(cell, str):
        return "" if cell is None else str(cell).strip() if not isinstance(cell, bool) else str(int(cell))
    if isinstance(cell, float) and cell.is_integer() and abs(cell) <= _EXACT:
        return str(int(cell))
    if isinstance(cell, datetime.datetime):
        return str(cell) if cell.time() != datetime.time() else str(cell.date())
    return str(cell)
