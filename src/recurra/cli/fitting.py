"""A table in the width of a terminal: no cell is ever cut.

Where it is too wide, headings and texts are broken into lines, then the columns that matter least are left out and
named below, and where less than half of them would remain, every row becomes a record.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

GAP = 2  # blanks between two columns
LEAST_TEXT = 12  # a column of text is not made narrower, unless it is
RECORD_GAP = "   "


@dataclass(frozen=True)
class Column:
    """One column as text, a `number` set right and never broken.

    Columns of a high `rank` are left out first, and all of one rank together.
    """

    heading: str
    cells: list[str]
    number: bool
    rank: int

    @property
    def widest(self) -> int:
        """The width that breaks nothing."""
        return max(map(cell_len, [self.heading, *self.cells]))

    @property
    def narrowest(self) -> int:
        """The width that the column cannot do without."""
        heading = max(map(cell_len, self.heading.split() or [""]))
        if self.number:
            return max([heading, *map(cell_len, self.cells)])
        return min(self.widest, max(LEAST_TEXT, min(heading, 2 * LEAST_TEXT)))


@dataclass(frozen=True)
class Fitted:
    """The lines of the heading, those of each row, and the headings that are not shown."""

    heading: list[str]
    rows: list[list[str]]
    left_out: list[str]


def fit(columns: Sequence[Column], width: int | None) -> Fitted:
    """The table in `width` places; as wide as it likes where that is None."""
    shown = list(columns)
    if width is None:
        return _table(shown, [column.widest for column in shown], [])
    while len(shown) > 2 and _total([column.narrowest for column in shown]) > width:
        least = max(column.rank for column in shown[1:])
        shown = [column for column in shown if column is shown[0] or column.rank < least]
    if len(shown) < len(columns) / 2 or _total([column.narrowest for column in shown]) > width:
        return _records(columns, width)
    left_out = [column.heading for column in columns if column not in shown]
    return _table(shown, _widths(shown, width), left_out)


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    """Between narrowest and widest: numbers get what they need, texts share what is left, headings come last."""
    widths = [column.narrowest for column in columns]
    texts = [place for place, column in enumerate(columns) if not column.number]
    others = [place for place, column in enumerate(columns) if column.number]
    for places in (texts, others):
        while places and _total(widths) < width:
            room = [place for place in places if widths[place] < columns[place].widest]
            if not room:
                break
            widths[min(room, key=lambda place: widths[place])] += 1
    return widths


def _total(widths: Sequence[int]) -> int:
    return 1 + sum(widths) + GAP * (len(widths) - 1)


def _table(columns: Sequence[Column], widths: Sequence[int], left_out: list[str]) -> Fitted:
    pairs = list(zip(columns, widths, strict=True))
    heading = _row([_broken(column.heading, width) for column, width in pairs], columns, widths)
    rows = [
        _row([[c.cells[row]] if c.number else _broken(c.cells[row], width) for c, width in pairs], columns, widths)
        for row in range(len(columns[0].cells) if columns else 0)
    ]
    return Fitted(heading, rows, left_out)


def _row(cells: list[list[str]], columns: Sequence[Column], widths: Sequence[int]) -> list[str]:
    """The lines of one row, none with blanks at its end."""
    lines = []
    for line in range(max(map(len, cells), default=0)):
        parts = []
        for cell, column, width in zip(cells, columns, widths, strict=True):
            text = cell[line] if line < len(cell) else ""
            blanks = " " * (width - cell_len(text))
            parts.append(blanks + text if column.number else text + blanks)
        lines.append(f" {(' ' * GAP).join(parts)}".rstrip())
    return lines


def _records(columns: Sequence[Column], width: int) -> Fitted:
    """Each row as its first cell, and below it every other one behind its heading."""
    rows = []
    first, *others = columns
    for row, name in enumerate(first.cells):
        lines, line = [f" {text}" for text in _broken(name, width - 1)], ""
        for column in others:
            for piece in _broken(f"{column.heading} {column.cells[row]}", width - 3):
                longer = f"{line}{RECORD_GAP}{piece}" if line else f"   {piece}"
                if line and cell_len(longer) > width:
                    lines.append(line)
                    longer = f"   {piece}"
                line = longer
        rows.append([*lines, line] if line else lines)
    return Fitted([], rows, [])


def _broken(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` places, broken between words where it can be; a wide letter takes two."""
    lines = []
    for line in textwrap.wrap(text, max(1, width), break_on_hyphens=False) or [""]:
        while cell_len(line) > width > 1:
            cut = next(k for k in range(len(line), 0, -1) if cell_len(line[:k]) <= width)
            lines.append(line[:cut])
            line = line[cut:]
        lines.append(line)
    return lines
