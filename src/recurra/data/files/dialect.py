"""How a table is written down: separator, header, decimal sign. Found from the first lines; each can be given instead.

A separator is scored by (the share of rows with the commonest number of fields, squared) times (how much the fields
look like numbers, dates or plain words); a wrong one leaves ragged rows or fields such as `5;2`.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from recurra.data.files.header import Cell, cell_kind, column_names, has_header
from recurra.errors import InputError
from recurra.options import option

BLANKS = r"\s+"  # the separator of aligned tables: any run of blanks
_STRONG = ",;\t|"
_CANDIDATES = (",", ";", "\t", "|", "", " ", BLANKS)  # "" is a single column; earlier wins a tie
_SPOKEN = {r"\t": "\t", "tab": "\t", "space": " ", "comma": ",", "semicolon": ";", "pipe": "|", "whitespace": BLANKS}
_SAMPLE_ROWS = 300
_SAMPLE_CELLS = 60_000
_GAP = "[ '\u2019\u00a0\u202f]"  # blank, apostrophes, no-break space, narrow no-break space: between thousands
_STRONG_COMMA = re.compile(
    rf"[+-]?(?:\d+,(?:\d{{1,2}}|\d{{4,}})|0,\d+|\d{{4,}},\d+"
    rf"|\d{{1,3}}(?:\.\d{{3}}){{2,}}|\d{{1,3}}(?:(?:\.|{_GAP})\d{{3}})+,\d+)"
)
_STRONG_POINT = re.compile(
    rf"[+-]?(?:\d+\.(?:\d{{1,2}}|\d{{4,}})|0?\.\d+|\d{{4,}}\.\d+"
    rf"|\d{{1,3}}(?:,\d{{3}}){{2,}}|\d{{1,3}}(?:(?:,|{_GAP})\d{{3}})+\.\d+)"
)
_DOUBTFUL = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


@dataclass(frozen=True)
class Dialect:
    """How a file was read; a later file of the same kind can be read with the same values.

    `missing` are the words, found in otherwise numeric columns, that were taken for missing values (`""` is an empty
    cell); of a file too large to be held whole, those of its beginning. A Parquet file has no encoding, separator or
    header of its own.
    """

    format: str = "csv"
    encoding: str = "utf-8"
    separator: str = ","
    decimal: str = "."
    header: bool = True
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """Where the fields of a text table are.

    `names` [W] are those of its columns, `start` the number of characters before the first row of data; `rows` are
    the first rows of data, as text; `notes` says what was decided and could be otherwise.
    """

    separator: str
    header: bool
    names: tuple[str, ...]
    start: int
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def find_layout(
    text: str, *, name: str, whole: bool, separator: str | None = None, header: bool | None = None
) -> Layout:
    """Separator, header and column names of the table that begins with `text` (`whole`: and ends with it).

    Errors: InputError for text without rows, a header without data, a separator that the file does not use.
    """
    if not text.strip():
        raise InputError(f"{name} holds nothing but blanks: expected a table with a header and data")
    start = 0
    said = re.match(r"sep=(.)\r?\n", text)  # Excel's own first line
    if said:
        start = said.end()
        separator = separator or said[1]
    body = text[start:]
    if separator is None:
        separator = find_separator(body, whole=whole)
    else:
        separator = check_separator(separator)
        _refuse_unused(separator, body, name, whole)
    records = list(_records(body, separator, whole))
    if not records:
        raise InputError(f"{name} has no rows: expected a table with a header and data")
    rows = [row for row, _ in records]
    if header is None:
        header = has_header(rows)
    if header and len(rows) == 1:
        raise InputError(
            f"{name} has only a header ({', '.join(rows[0][:8])}) and no data"
            + ("" if whole else " in its first megabyte (is a quote never closed?)")
        )
    if not header:
        width = Counter(len(row) for row in rows).most_common(1)[0][0]
        return Layout(separator, False, tuple(f"c{i + 1}" for i in range(width)), start, tuple(rows))
    names, notes = column_names(rows[0], rows[1:])
    return Layout(separator, True, names, start + records[0][1], tuple(rows[1:]), notes)


def find_separator(text: str, *, whole: bool) -> str:
    r"""The separator of the table that begins with `text`.

    >>> find_separator("day;units\n2024-01-01;1,5\n", whole=True)
    ';'
    """
    scores = [_score(separator, text, whole) for separator in _CANDIDATES]
    return _CANDIDATES[scores.index(max(scores))] or ","


def check_separator(separator: str) -> str:
    """The separator that the user means, or InputError."""
    separator = _SPOKEN.get(separator, separator)
    if separator != BLANKS and (len(separator) != 1 or separator in '"\r\n' or not separator.isascii()):
        raise InputError(
            f"separator {separator!r} cannot be used: give one ASCII character with {option('separator')}, "
            "such as ',', ';' or '|', or the words tab, space or whitespace"
        )
    return separator


def collapse_blanks(text: str) -> str:
    """The same table with every run of blanks outside quotes made one space, and none at the ends of lines."""
    joined = re.sub(r'("(?:[^"]|"")*")|[ \t]+', lambda found: found[1] or " ", text)
    return re.sub(r"^ | (?=[\r\n])| \Z", "", joined, flags=re.MULTILINE)


def find_decimal(rows: Sequence[Sequence[str]], separator: str) -> tuple[str, str | None]:
    """The decimal sign of the numbers in `rows`, and a note where the text leaves two readings.

    `0,5` and `12,75` speak for the comma, `0.5` for the point; `1,234` alone could be either. It is a decimal comma
    where fields are separated by semicolons and every number of its column looks like it, else it separates thousands.
    """
    cells = [cell.strip() for row in rows for cell in row]
    comma = sum(bool(_STRONG_COMMA.fullmatch(cell)) for cell in cells)
    point = sum(bool(_STRONG_POINT.fullmatch(cell)) for cell in cells)
    if comma or point:
        return ("," if comma > point else "."), None
    doubtful = [cell for cell in cells if _DOUBTFUL.fullmatch(cell)]
    if not doubtful:
        return ".", None
    columns = [[cell for cell in column if cell_kind(cell) is Cell.NUMBER] for column in zip(*rows, strict=False)]
    touched = [[bool(_DOUBTFUL.fullmatch(cell.strip())) for cell in column] for column in columns]
    alike = all(all(column) for column in touched if any(column))
    decimal = "," if separator == ";" and alike else "."
    value = doubtful[0].replace(",", "." if decimal == "," else "")
    other = "." if decimal == "," else ","
    return (
        decimal,
        f"{doubtful[0]!r} was read as {value}; if the comma means the other thing, say {option('decimal', other)}",
    )


def _records(text: str, separator: str, whole: bool) -> Iterator[tuple[tuple[str, ...], int]]:
    """The first records, each with the characters up to its end; blank ones are skipped, a cut one is dropped."""
    consumed = 0
    waiting = collapse_blanks(text) if separator == BLANKS else text

    def lines() -> Iterator[str]:
        nonlocal consumed
        for line in io.StringIO(waiting, newline=""):
            consumed += len(line)
            yield line

    cells = rows = 0
    try:
        for row in csv.reader(lines(), delimiter=" " if separator == BLANKS else separator or "\x00"):
            if not whole and consumed == len(waiting):
                return
            if row:
                yield tuple(row), consumed
                rows, cells = rows + 1, cells + len(row)
            if rows >= _SAMPLE_ROWS or (cells >= _SAMPLE_CELLS and rows >= 3):
                return
    except csv.Error:  # a field beyond the csv module's limit: what came before it is sample enough
        return


def _score(separator: str, text: str, whole: bool) -> float:
    rows = [row for row, _ in _records(text, separator, whole)]
    if not rows:
        return 0.0
    width, count = Counter(len(row) for row in rows).most_common(1)[0]
    if width == 1 and separator:
        return 0.0
    if len(rows) > 2 and 1 < len(rows[0]) == width - 1 and count == len(rows) - 1:
        count += 1  # R leaves the column of row names without a name
    share = count / len(rows)
    foreign = _STRONG.replace(separator, "") if separator else _STRONG
    cells = [cell for row in rows if len(row) == width for cell in row]
    quality = sum(_quality(cell, foreign, separator) for cell in cells) / len(cells)
    return share**2 * quality


def _quality(cell: str, foreign: str, separator: str) -> float:
    kind = cell_kind(cell)
    if kind in (Cell.NUMBER, Cell.DATE):
        return 1.0
    if kind is Cell.BLANK:
        return 0.4 if separator == " " else 0.9
    return 0.0 if any(sign in cell for sign in foreign) else 0.8


def _refuse_unused(separator: str, text: str, name: str, whole: bool) -> None:
    """A separator that was given but leaves one column, while another one gives more, is a slip."""
    if any(len(row) > 1 for row, _ in _records(text, separator, whole)):
        return
    better = find_separator(text, whole=whole)
    if better != separator and any(len(row) > 1 for row, _ in _records(text, better, whole)):
        raise InputError(
            f"separator {separator!r} is not used in {name}, whose fields seem to be separated by {better!r}: "
            f"leave {option('separator')} out to have it found"
        )
