"""Where the table is in a file: lines above its header, the rows of the header, notes below its last row.

A report has a title above its table and a source below it, a logger writes a row of units, a spreadsheet with merged
cells two rows of names. What is skipped is told with the flag that keeps it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from recurra.data.files.header import Cell, cell_kind, has_header
from recurra.data.files.quoting import USUAL, Quoting
from recurra.data.files.records import Record, last_records
from recurra.data.files.units import names_unit

_MOST_ABOVE = 60  # lines
_MOST_HEADER = 6  # rows
_LOGGERS = ("TOA5", "TOACI1", "TOB1")  # Campbell Scientific: the station, names, units, what was done to them
_TOTALS = frozenset(
    "total totals sum sums all average mean grand summe gesamt insgesamt totale totaal totalt somme total: total. "
    "合计 总计 合計 итого всего".split()
) | {"grand total", "total general", "all years"}
_NOTE = re.compile(r"\s*(?:[*#†‡§¹²³(\[\"'-]|\w+\s*:|(?i:note|source|quelle|fuente|fonte|footnote|copyright|©))")


@dataclass(frozen=True)
class Extent:
    """Records `above` the header, the number of `header` records after them, the number of fields of a row."""

    above: int
    header: int
    width: int


def common_width(rows: Sequence[Sequence[str]]) -> int:
    """The number of fields that most rows have; the larger of two."""
    counts = Counter(len(row) for row in rows)
    return max(counts, key=lambda width: (counts[width], width))


def find_extent(
    found: Sequence[Record], *, skip: bool = True, header: bool | None = None, header_rows: int | None = None
) -> Extent:
    """Where header and data begin among the first records.

    Without `skip` nothing stands above; `header` and `header_rows` say whether there are names, and in how many rows.
    """
    rows = [record.fields for record in found]
    width = common_width(rows)
    above = find_above(rows, width) if skip else 0
    rest = rows[above:]
    if header is False or header_rows == 0:
        return Extent(above, 0, width)
    if header_rows is not None:
        return Extent(above, min(header_rows, len(rest)), width)
    depth = 1
    while depth < min(_MOST_HEADER, len(rest) - 1) and _more_header(rest[depth], rest[depth + 1 :], width):
        depth += 1
    if depth > 1 and not _wordy(rest[0], _typed(rest[depth:], width)):
        depth = 1
    if depth == 1 and not header and not has_header(rest):
        depth = 0
    return Extent(above, depth, width)


def find_footer(text: str, separator: str, width: int, rows: Sequence[Sequence[str]], quoting: Quoting = USUAL) -> int:
    """The number of last lines of `text`, blank ones included, that are notes below the data `rows` (their sample)."""
    kinds = _typed(rows, width)
    count = found = 0
    for fields, lines in reversed(last_records(text, separator, quoting)):
        count += lines
        if not any(field.strip() for field in fields):
            continue
        if not _is_note(fields, kinds, width):
            break
        found = count
    else:
        return 0  # nothing but notes: this is no table with notes below it
    return found


def is_footer(fields: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> bool:
    """Whether a last row is a note or a total below the data `rows`."""
    return _is_note(fields, _typed(rows, width), width)


def find_above(rows: Sequence[Sequence[str]], width: int) -> int:
    """The number of records above the header of a table of `width` columns."""
    if width < 2:
        return 0
    logger = bool(rows[0]) and rows[0][0].strip() in _LOGGERS
    first = next((i for i, row in enumerate(rows[: _MOST_ABOVE + 1]) if len(row) == width), 0)
    if first and _unnamed_column(rows, first, width):
        first -= 1
    kinds = _typed(rows[first:], width)
    if any(_fits(row, kinds) for row in rows[:first]):
        return 0  # a row of data that lacks a field, not a title
    headless = first and len(rows) > first + 1 and not _wordy(rows[first], kinds)
    if headless and any(len(row) > 1 or row[0].lstrip()[:1].isdigit() for row in rows[:first]):
        return 0  # data begin there: above them is their header, with another number of names, or one of them
    if first == 0 and logger:
        return 1
    while first < min(_MOST_ABOVE, len(rows) - 2) and _is_title(rows[first], rows[first + 1 :], kinds, width):
        first += 1
    return first


def _unnamed_column(rows: Sequence[Sequence[str]], first: int, width: int) -> bool:
    """Whether the row before has a name for every column but one, as R writes them."""
    before = rows[first - 1]
    return (
        len(before) == width - 1
        and (width > 2 or first == 1)
        and not _wordy(rows[first], _typed(rows[first:], width))
        and all(cell_kind(cell) in (Cell.WORD, Cell.DATE, Cell.NUMBER) for cell in before)
    )


def _is_title(row: Sequence[str], below: Sequence[Sequence[str]], kinds: Sequence[Cell], width: int) -> bool:
    """Whether a row of the right width is a title: one or two cells, above a row that names nearly all columns."""
    full = [bool(cell.strip()) for cell in row]
    if width < 3 or sum(full) > max(1, width // 3) or any(cell_kind(c) is not Cell.WORD for c in row if c.strip()):
        return False
    for other in below[:_MOST_HEADER]:
        names = sum(bool(cell.strip()) for cell in other)
        if len(other) == width and names >= width - 1:
            return _wordy(other, kinds)
    return False


def _typed(rows: Sequence[Sequence[str]], width: int) -> list[Cell]:
    """What most cells of each column look like; the first rows may be its names."""
    kinds = []
    for j in range(width):
        cells = Counter(cell_kind(row[j]) for row in rows if len(row) == width)
        del cells[Cell.BLANK]
        kind = max(cells, key=lambda k: cells[k]) if cells else Cell.BLANK
        kinds.append(kind if kind is Cell.BLANK or cells[kind] > 0.6 * cells.total() else Cell.WORD)
    return kinds


def _fits(row: Sequence[str], kinds: Sequence[Cell]) -> bool:
    """Whether a row has the numbers or dates that its columns hold, as a damaged row of data would."""
    typed = (Cell.NUMBER, Cell.DATE)
    if kinds and kinds[0] in typed and row and cell_kind(row[0]) is Cell.WORD:
        return False
    return any(kind in typed and cell_kind(cell) is kind for cell, kind in zip(row, kinds, strict=False))


def _wordy(row: Sequence[str], kinds: Sequence[Cell]) -> bool:
    """Whether a row has words where its columns hold numbers or dates, or could be years and months as names."""
    typed = [cell_kind(cell) for cell, kind in zip(row, kinds, strict=False) if kind in (Cell.NUMBER, Cell.DATE)]
    if not typed:
        return all(cell_kind(cell) in (Cell.WORD, Cell.BLANK) for cell in row)
    return Cell.WORD in typed


def _more_header(row: Sequence[str], below: Sequence[Sequence[str]], width: int) -> bool:
    """Whether a row under the first of a header belongs to the header: no value of a typed column, but words."""
    if len(row) != width:
        return False
    kinds = _typed(below, width)
    places = [j for j, kind in enumerate(kinds) if kind in (Cell.NUMBER, Cell.DATE)]
    found = [cell_kind(row[j]) for j in places]
    words = [row[j] for j, kind in zip(places, found, strict=True) if kind is Cell.WORD]
    if not words or any(kind in (Cell.NUMBER, Cell.DATE) for kind in found):
        return False
    texts = [row[j].strip() for j, kind in enumerate(kinds) if kind is Cell.WORD and row[j].strip()]
    if texts and not all(names_unit(text) for text in texts):
        return False  # a text column has a value here, as rows of data do
    if all(names_unit(word) for word in words):
        return True
    leading = len(words) == 1 and bool(row[0].strip()) and not any(cell.strip() for cell in row[1:])
    return leading or (2 * len(words) >= len(places) and len(places) > 1)


def _is_note(fields: Sequence[str], kinds: Sequence[Cell], width: int) -> bool:
    """Whether a last line is no row of data: a sentence, or a total under a column of dates."""
    filled = [field for field in fields if field.strip()]
    first = fields[0].strip()
    if not first:
        return False
    named = kinds[0] in (Cell.NUMBER, Cell.DATE)
    if len(fields) == width:
        if width < 2 or not named or cell_kind(first) is not Cell.WORD or any(letter.isdigit() for letter in first):
            return len(filled) == 1 and width > 2 and cell_kind(first) is Cell.WORD and _NOTE.match(first) is not None
        sentence = _NOTE.match(first) is not None and not _fits(fields[1:], kinds[1:])
        return first.casefold().strip(": ") in _TOTALS or len(filled) == 1 or sentence
    if first[0].isdigit():
        return False  # a damaged row of data begins so
    if _fits(fields, kinds) and first.casefold().strip(": ") not in _TOTALS:
        return False
    if len(fields) < width and len(fields) > 1 and not named:
        return False
    return cell_kind(first) is Cell.WORD and (named or _NOTE.match(first) is not None or " " in first.strip())
