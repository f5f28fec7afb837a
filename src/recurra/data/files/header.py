"""Whether the first row of a table names its columns, and what the columns are then called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from itertools import pairwise

from recurra.data.files.missing import MISSING_WORDS
from recurra.data.files.numerals import read_numeral
from recurra.language import _


class Cell(Enum):
    """What one cell of text looks like, before any column is understood."""

    BLANK = "blank"
    NUMBER = "number"
    DATE = "date"
    WORD = "word"


_NUMBER = re.compile(
    r"[+-]?(?:(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?|\d{1,3}(?:[,.'’\u00a0\u202f]\d{3})+(?:[.,]\d*)?|inf(?:inity)?)",
    re.IGNORECASE | re.ASCII,
)
# The first letters of months in English, German, French, Spanish, Italian, Portuguese and Dutch.
_MONTH = (
    r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez|f[ée]v|avr|jui|août|aout|déc|ene|abr|ago|dic|gen|mag"
    r"|giu|lug|set|ott|fev|out|mrt|mei|maa)[^\W\d_]{0,7}\.?"
)
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?"
_DATE = re.compile(
    r"(?:[^\W\d_]{2,10}\.?, )?"  # a weekday
    r"(?:\d{4}[-/.年]\d{1,2}(?:[-/.月]\d{1,2}日?|月)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}/\d{4}"
    r"|\d{4}[- ]?Q[1-4]|\d{4}[- ]?W\d\d|Q[1-4][-' /]+\d{2,4}|[1-4]Q'?\d{2,4}"
    r"|\d{1,2}[- ][A-Za-z]{3}[- ]\d{2,4}|[A-Za-z]{3}[- ]\d{2,4}"
    rf"|(?:\d{{1,2}}\.?[ -])?{_MONTH},?[ -](?:\d{{1,2}},? )?'?(?:\d{{4}}|\d{{2}}))"
    rf"(?:[T ]{_CLOCK}(?: ?(?:Z|UTC|[+-]\d{{2}}:?\d{{2}}))?)?|{_CLOCK}"
)
_CALENDAR = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])?")


@lru_cache(maxsize=1 << 16)
def cell_kind(cell: str) -> Cell:
    """What one cell looks like; a word for a missing value is blank.

    >>> cell_kind("2014-07-01 00:30:00").value, cell_kind("1.234,5").value, cell_kind("n/a").value
    ('date', 'number', 'blank')
    """
    cell = cell.strip()
    if cell.lower() in MISSING_WORDS:
        return Cell.BLANK
    if _NUMBER.fullmatch(cell):
        return Cell.NUMBER
    if _DATE.fullmatch(cell) or all(_DATE.fullmatch(part) for part in cell.split(" - ")):
        return Cell.DATE
    marked = len(cell) <= 40 and any(letter.isdecimal() for letter in cell)
    return Cell.NUMBER if marked and (read_numeral(cell, ".") or read_numeral(cell, ",")) else Cell.WORD


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns.

    A word above numbers or dates, or a date above numbers, speaks for it; a number above numbers or a date above
    dates against it, unless the numbers of the row count up from 0 or 1, or are years, months or days in order. With
    nothing said either way (a table of words), it does.
    """
    first = [cell_kind(cell) for cell in rows[0]]
    if len(rows) == 1:
        return all(kind in (Cell.WORD, Cell.BLANK) for kind in first)
    width = max(len(rows[0]), len(rows[1]))
    if len(rows[0]) == width - 1 and Cell.WORD in first and all(len(row) == width for row in rows[1:]):
        return True
    below = [_column_kind([row[j] for row in rows[1:] if len(row) > j]) for j in range(len(rows[0]))]
    labels = _counts_up(rows, [j for j, kind in enumerate(first) if kind is Cell.NUMBER and below[j] is not Cell.DATE])
    votes = 0
    for kind, column in zip(first, below, strict=True):
        if column is Cell.NUMBER:
            votes += {Cell.WORD: 1, Cell.DATE: 1, Cell.NUMBER: 1 if labels else -1}.get(kind, 0)
        elif column is Cell.DATE:
            votes += {Cell.WORD: 1, Cell.DATE: -1}.get(kind, 0)
        elif column is Cell.BLANK:
            votes += {Cell.WORD: 1}.get(kind, 0)
    if votes == 0:
        return Cell.NUMBER not in first or labels
    return votes > 0


def merge_header(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """One name for each column from the rows of a header, and the numbers of the rows that say nothing of names.

    The first row gives the names if it tells the columns apart; with merged cells the next ones join it. A last row
    with words under the first columns only (as pandas writes the names of an index) names these.

    >>> merge_header([("Price", "Close", "High"), ("Ticker", "ZZZ", "ZZZ"), ("Date", "", "")])
    (('Date', 'Close', 'High'), (1,))
    >>> merge_header([("", "north", "", "south", ""), ("day", "in", "out", "in", "out")])
    (('day', 'north in', 'north out', 'south in', 'south out'), ())
    """
    rows = [tuple(cell.strip() for cell in row) for row in rows]
    width = len(rows[0])
    index: tuple[str, ...] = ()
    last = rows[-1]
    filled = len([cell for cell in last if cell])
    if len(rows) > 1 and 0 < filled < width and all(last[:filled]) and 2 * filled <= width:
        index, rows = last[:filled], rows[:-1]
    names, used = rows[0], 1
    if len(rows) > 1 and not _tells_apart(names[len(index) :]):
        joined = _filled(names)
        for used, row in enumerate(rows[1:], start=2):  # noqa: B007  # the last one counts
            joined = tuple(
                " ".join(dict.fromkeys(word for word in pair if word)) for pair in zip(joined, row, strict=True)
            )
            if _tells_apart(joined[len(index) :]):
                break
        names = joined
    return (*index, *names[len(index) :]), tuple(range(used, len(rows)))


def _tells_apart(names: Sequence[str]) -> bool:
    return sum(not name for name in names) <= min(1, len(names) - 1) and len(set(names)) == len(names)


def _filled(row: Sequence[str]) -> tuple[str, ...]:
    """Merged cells: each empty one repeats what stands left of it."""
    filled: list[str] = []
    for cell in row:
        filled.append(cell or (filled[-1] if filled else ""))
    return tuple(filled)


def column_names(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A name for every column [W], and notes.

    Blanks around a name are dropped; an empty name becomes `c` and its place; a repeated one gets `.2`, `.3`, ... A
    header one field shorter than every row leaves its first column unnamed (R writes so), or its last where rows end
    in a separator.
    """
    names = [name.strip() for name in header]
    notes = []
    if rows and all(len(row) == len(names) + 1 for row in rows):
        ends_blank = all(not row[-1].strip() for row in rows)
        names = [*names, ""] if ends_blank else ["", *names]
        remark = (
            _(
                "the header names {n_names} columns, and every row has {n_columns} fields, the last of them empty and "
                "ignored; if a separator is missing in the header, the names stand one column too far left",
                n_names=len(header),
                n_columns=len(header) + 1,
            )
            if ends_blank
            else _(
                "the header names {n_names} of {n_columns} columns: the first is called c1",
                n_names=len(header),
                n_columns=len(header) + 1,
            )
        )
        notes.append(remark)
    taken: set[str] = set()
    for place, name in enumerate(names):
        fresh = name or f"c{place + 1}"
        number = 2
        while fresh in taken or (fresh != name and fresh in names):
            fresh, number = f"{name or f'c{place + 1}'}.{number}", number + 1
        if name and fresh != name:
            notes.append(
                _(
                    "column {place} repeats the name {name!r} and is called {fresh!r}",
                    place=place + 1,
                    name=name,
                    fresh=fresh,
                )
            )
        names[place] = fresh
        taken.add(fresh)
    return tuple(names), tuple(notes)


def _column_kind(cells: Sequence[str]) -> Cell:
    kinds = {cell_kind(cell) for cell in cells} - {Cell.BLANK}
    if not kinds:
        return Cell.BLANK
    return kinds.pop() if len(kinds) == 1 else Cell.WORD


def _counts_up(rows: Sequence[Sequence[str]], places: Sequence[int]) -> bool:
    """Whether the numbers of the first row are labels in order, while those of the second are not."""
    texts = [rows[0][j].strip() for j in places]
    if not texts or not all(text.isdigit() for text in texts):
        return False
    numbers = [int(text) for text in texts]
    steps = {b - a for a, b in pairwise(numbers)}
    counted = numbers[0] in (0, 1) and steps <= {1}
    if len(numbers) < 3:  # two numbers count up by chance: only 0, 1 above fractions is sure
        return (
            counted
            and numbers[0] == 0
            and all("." in row[j] for row in rows[1:] for j in places if len(row) > j and row[j])
        )
    years = _years(numbers) and len(steps) == 1 and min(steps) > 0
    months = all(_CALENDAR.fullmatch(text) for text in texts)
    in_order = counted or years or (months and min(steps) > 0)
    second = [rows[1][j].strip() for j in places if len(rows[1]) > j]
    values = [int(text) for text in second] if all(text.isdigit() for text in second) else []
    likewise = {b - a for a, b in pairwise(values)} == steps
    return in_order and not (likewise and _years(values) == years)


def _years(numbers: Sequence[int]) -> bool:
    return all(1800 <= number <= 2100 for number in numbers)
