"""The first records of a text table, and the last: fields, the line they stand in, the characters up to their end."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import NamedTuple

from recurra.data.files.quoting import BLANKS, USUAL, Quoting

SAMPLE_ROWS = 300
_SAMPLE_CELLS = 60_000
_TAIL_LINES = 60


class Record(NamedTuple):
    """One row as text; `line` is where it begins (from 1), `end` the number of characters up to its end."""

    fields: tuple[str, ...]
    line: int
    end: int


def collapse_blanks(text: str) -> str:
    """The same table with every run of blanks outside quotes made one space, and none at the ends of lines."""
    joined = re.sub(r'("(?:[^"]|"")*")|[ \t]+', lambda found: found[1] or " ", text)
    return re.sub(r"^ | (?=[\r\n])| \Z", "", joined, flags=re.MULTILINE)


def records(text: str, separator: str, whole: bool, quoting: Quoting = USUAL) -> Iterator[Record]:
    """The first records of `text`; blank lines are skipped, and so is a record that the end of the sample cuts."""
    consumed = 0
    waiting = collapse_blanks(text) if separator == BLANKS else text

    def lines() -> Iterator[str]:
        nonlocal consumed
        for line in io.StringIO(waiting, newline=""):
            consumed += len(line)
            yield line

    cells = rows = 0
    reader = quoting.reader(lines(), separator)
    line = 1
    try:
        for row in reader:
            if not whole and consumed == len(waiting):
                return
            if row:
                yield Record(tuple(row), line, consumed)
                rows, cells = rows + 1, cells + len(row)
            line = reader.line_num + 1
            if rows >= SAMPLE_ROWS or (cells >= _SAMPLE_CELLS and rows >= 3):
                return
    except csv.Error:  # a field beyond the csv module's limit: what came before it is sample enough
        return


def last_records(text: str, separator: str, quoting: Quoting = USUAL) -> list[tuple[tuple[str, ...], int]]:
    """The last records of `text`, blank lines included, each with the number of lines that it takes.

    Empty where the last lines begin inside a quoted field, or cannot be split.
    """
    if quoting != USUAL:
        return []
    start = len(text)
    for _ in range(_TAIL_LINES):
        start = max(text.rfind("\n", 0, max(start - 1, 0)), text.rfind("\r", 0, max(start - 1, 0))) + 1
        if not start:
            break
    if text.count('"', 0, start) % 2:
        return []
    reader = quoting.reader(io.StringIO(text[start:], newline=""), separator)
    found, line = [], 0
    try:
        for row in reader:
            found.append((tuple(row), reader.line_num - line))
            line = reader.line_num
    except csv.Error:
        return []
    return found
