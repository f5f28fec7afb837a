"""How a table is written down: separator, extent and header. Found from the first lines; each can be given instead.

A separator is scored by (the share of rows with the commonest number of fields, squared) times (how much the fields
look like numbers, dates or plain words); a wrong one leaves ragged rows or fields such as `5;2`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from recurra.data.files.extent import common_width, find_above, find_extent
from recurra.data.files.header import Cell, cell_kind, column_names, merge_header
from recurra.data.files.quoting import BLANKS, USUAL, Quoting
from recurra.data.files.records import Record, collapse_blanks, records
from recurra.data.files.split_numbers import refuse_split_numbers
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.options import option

_STRONG = ",;\t|"
_CANDIDATES = (",", ";", "\t", "|", "", " ", BLANKS)  # "" is a single column; earlier wins a tie
_WEAK = 0.9  # blanks stand inside fields too
_SPOKEN = {r"\t": "\t", "tab": "\t", "space": " ", "comma": ",", "semicolon": ";", "pipe": "|", "whitespace": BLANKS}


@dataclass(frozen=True)
class Dialect:
    """How a file was read; a later file of the same kind can be read with the same values.

    `missing` are the words, found in otherwise numeric columns, that were taken for missing values (`""` is an empty
    cell); of a file too large to be held whole, those of its beginning. `thousands` is the sign given for groups of
    digits, `sheet` that of a workbook. A Parquet file has no encoding, separator or header of its own.
    """

    format: str = "csv"
    encoding: str = "utf-8"
    separator: str = ","
    decimal: str = "."
    header: bool = True
    missing: tuple[str, ...] = ()
    thousands: str = ""
    sheet: str = ""


@dataclass(frozen=True)
class Layout:
    """Where the fields of a text table are.

    `names` [W] are those of its columns, `start` the number of characters before the first row of data; `rows` are
    the first rows of data, as text, which begin in `line` (from 1); `notes` says what was decided and could be
    otherwise.
    """

    separator: str
    header: bool
    names: tuple[str, ...]
    start: int
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    line: int = 1
    quoting: Quoting = USUAL
    top: int = 0


def find_layout(
    text: str,
    *,
    name: str,
    whole: bool,
    separator: str | None = None,
    header: bool | None = None,
    header_rows: int | None = None,
    skip_rows: int | None = None,
    quoting: Quoting = USUAL,
) -> Layout:
    """Separator, extent and column names of the table that begins with `text` (`whole`: and ends with it).

    `skip_rows` lines are passed over; None finds the lines above the header. `header_rows` is the number of rows that
    the header takes. Errors: InputError for text without rows, a header without data, a separator that the file does
    not use, more lines to skip than there are.
    """
    if not text.strip():
        raise InputError(_("{name} holds nothing but blanks: expected a table with a header and data", name=name))
    start, lines = _skipped(text, skip_rows or 0, name)
    said = re.match(r"sep=(.)\r?\n", text[start:])  # Excel's own first line
    if said:
        start, lines = start + said.end(), lines + 1
        separator = separator or said[1]
    body = text[start:]
    if separator is None:
        separator = find_separator(body, whole=whole, quoting=quoting)
    else:
        separator = check_separator(separator)
        _refuse_unused(separator, body, name, whole, quoting)
    found = list(records(body, separator, whole, quoting))
    if not found:
        raise InputError(_("{name} has no rows: expected a table with a header and data", name=name))
    start_of = table_start(
        found, name, header=header, header_rows=header_rows, skip=skip_rows is None, lines=lines, whole=whole
    )
    origin = len(collapse_blanks(text[:start])) if separator == BLANKS else start
    begin = origin + (found[start_of.first - 1].end if start_of.first else 0)
    rows = tuple(record.fields for record in found[start_of.first :])
    if separator == "," and start_of.first:
        refuse_split_numbers(found[start_of.first - 1].fields, rows, lines + found[start_of.first].line, name)
    return Layout(
        separator,
        start_of.header,
        start_of.names,
        begin,
        rows,
        start_of.notes,
        lines + found[start_of.first].line,
        quoting,
        origin + (found[start_of.above - 1].end if start_of.above else 0),
    )


@dataclass(frozen=True)
class TableStart:
    """The names [W] of a table's columns, the records before its first row of data and `above` its header, remarks."""

    names: tuple[str, ...]
    first: int
    header: bool
    notes: tuple[str, ...]
    above: int = 0


def table_start(
    found: Sequence[Record],
    name: str,
    *,
    header: bool | None,
    header_rows: int | None,
    skip: bool,
    lines: int = 0,
    whole: bool = True,
) -> TableStart:
    """Where the data begin among the first records, which follow `lines` lines, and what the columns are called.

    Errors: InputError for a header without data.
    """
    extent = find_extent(found, skip=skip, header=header, header_rows=header_rows)
    above, first = extent.above, extent.above + extent.header
    notes = _above_note(found[:above], found[above].line - 1, lines) if above else ()
    if extent.header and first >= len(found):
        raise InputError(
            _(
                "{name} has only a header ({fields}) and no data{whole}",
                name=name,
                fields=listing(found[above].fields[:8]),
                whole="" if whole else _(" in its first megabyte (is a quote never closed?)"),
            )
        )
    rows = [record.fields for record in found[first:]]
    if not extent.header:
        return TableStart(tuple(f"c{i + 1}" for i in range(common_width(rows))), first, False, notes, above)
    block = found[above:first]
    names, unused = merge_header([record.fields for record in block]) if len(block) > 1 else (block[0].fields, ())
    if unused:
        notes += (_unit_note([block[i] for i in unused], lines),)
    elif len(block) > 1:
        notes += (
            _(
                "the names of the columns were joined from {n_rows} rows; pass {header_rows_option} to change that",
                n_rows=len(block),
                header_rows_option=option("header_rows"),
            ),
        )
    names, more = column_names(names, rows)
    return TableStart(names, first, True, (*notes, *more), above)


def find_separator(text: str, *, whole: bool, quoting: Quoting = USUAL) -> str:
    r"""The separator of the table that begins with `text`.

    >>> find_separator("day;units\n2024-01-01;1,5\n", whole=True)
    ';'
    """
    scores = [_score(separator, text, whole, quoting) for separator in _CANDIDATES]
    return _CANDIDATES[scores.index(max(scores))] or ","


def check_separator(separator: str) -> str:
    """The separator that the user means, or InputError."""
    separator = _SPOKEN.get(separator, separator)
    if separator != BLANKS and (len(separator) != 1 or separator in '"\r\n' or not separator.isascii()):
        raise InputError(
            _(
                "separator {separator!r} cannot be used: give one ASCII character with "
                "{separator_option}, such as ',', ';' or '|', or the words tab, space or whitespace",
                separator=separator,
                separator_option=option("separator"),
            )
        )
    return separator


def _skipped(text: str, count: int, name: str) -> tuple[int, int]:
    """The number of characters in the first `count` lines, and `count`."""
    start = 0
    for line in range(count):
        end = re.compile(r"\r\n|\n|\r").search(text, start)
        if end is None:
            raise InputError(
                _(
                    "{skip_rows_option} {count} leaves nothing of {name}, which has {line} lines: pass a "
                    "smaller number",
                    skip_rows_option=option("skip_rows"),
                    count=count,
                    name=name,
                    line=line + 1,
                )
            )
        start = end.end()
    return start, count


def _above_note(found: Sequence[Record], until: int, lines: int) -> tuple[str, ...]:
    count = until
    shown = " ".join(cell.strip() for cell in found[0].fields if cell.strip())
    place = _("line 1") if count + lines == 1 else _("lines {lines} to {count}", lines=lines + 1, count=lines + count)
    return (
        _(
            "skipped above the header: {place} ({shown}); pass {skip_rows_option} to change that",
            place=place,
            shown=_short(shown),
            skip_rows_option=option("skip_rows"),
        ),
    )


def _unit_note(rows: Sequence[Record], lines: int) -> str:
    shown = "; ".join(_short(listing(cell for cell in row.fields if cell.strip())) for row in rows)
    first, last = rows[0].line + lines, rows[-1].line + lines
    place = _("line {first}", first=first) if first == last else _("lines {first} to {last}", first=first, last=last)
    return _(
        "skipped under the names of the columns: {place} ({shown}); pass {header_rows_option} if they are data",
        place=place,
        shown=shown,
        header_rows_option=option("header_rows", 1),
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def _score(separator: str, text: str, whole: bool, quoting: Quoting) -> float:
    """How well a separator explains the first records; lines above a table cost it little, ragged rows much."""
    rows = [record.fields for record in records(text, separator, whole, quoting)]
    if not rows:
        return 0.0
    width = common_width(rows)
    if width == 1 and separator:
        return 0.0
    above = find_above(rows, width) if separator else 0
    body = rows[above:]
    while len(body) > 2 and len(body[-1]) != width and whole:
        body = body[:-1]  # notes below the data
    count = sum(len(row) == width for row in body)
    if len(body) > 2 and 1 < len(body[0]) == width - 1 and count == len(body) - 1:
        count += 1  # R leaves the column of row names without a name
    dropped = len(rows) - len(body)
    share = count / len(body) * (1 - 0.03 * (dropped > 0) - 0.3 * (dropped > len(body)))
    foreign = _STRONG.replace(separator, "") if separator else _STRONG
    cells = [cell for row in body if len(row) == width for cell in row]
    quality = sum(_quality(cell, foreign, separator) for cell in cells) / len(cells)
    return share**2 * quality * (_WEAK if separator in (" ", BLANKS) else 1.0)


def _quality(cell: str, foreign: str, separator: str) -> float:
    kind = cell_kind(cell)
    if kind in (Cell.NUMBER, Cell.DATE):
        return 1.0
    if kind is Cell.BLANK:
        return 0.4 if separator == " " else 0.9
    return 0.0 if any(sign in cell for sign in foreign) else 0.8


def _refuse_unused(separator: str, text: str, name: str, whole: bool, quoting: Quoting) -> None:
    """A separator that was given but leaves one column, while another one gives more, is a slip."""
    if any(len(record.fields) > 1 for record in records(text, separator, whole, quoting)):
        return
    better = find_separator(text, whole=whole, quoting=quoting)
    if better != separator and any(len(record.fields) > 1 for record in records(text, better, whole, quoting)):
        raise InputError(
            _(
                "separator {separator!r} is not used in {name}, whose fields seem to be separated by "
                "{better!r}: omit {separator_option} to have it detected",
                separator=separator,
                name=name,
                better=better,
                separator_option=option("separator"),
            )
        )
