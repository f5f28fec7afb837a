"""Find the line of a text table that cannot be read, and say what is wrong with it.

The fast parser only says that it failed; this slow pass over the same lines is for the message alone.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping

from recurra.data.files.dialect import BLANKS, Layout
from recurra.errors import InputError
from recurra.options import option

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
ISO_TIME = rf"^{_DAY}(?:{_CLOCK})?$"


def explain(
    lines: Iterator[str],
    layout: Layout,
    name: str,
    patterns: Mapping[int, tuple[str, re.Pattern[str]]],
    missing: frozenset[str],
) -> InputError:
    """The error that names the first line whose number of fields is wrong, or whose cell does not fit its column.

    `patterns` maps the place of a column to what is expected there, in words and as a pattern.
    """
    width = len(layout.names)
    reader = csv.reader(lines, delimiter=" " if layout.separator == BLANKS else layout.separator)
    header = layout.header
    line = 1
    try:
        for row in reader:
            first, line = line, reader.line_num + 1
            if not row or (first == 1 and len(row) == 2 and row[0] == "sep="):
                continue
            if header:
                header = False
                continue
            if len(row) != width:
                return _ragged(name, first, reader.line_num, width, row, layout.separator)
            for place, (expected, pattern) in patterns.items():
                cell = row[place].strip()
                if not pattern.match(cell) and cell.lower() not in missing:
                    return _misfit(name, first, layout.names[place], cell, expected)
    except csv.Error as error:
        return InputError(f"{name}, line {line}: {error}; is a quote opened and never closed there?")
    except UnicodeError as error:
        return InputError(
            f"{name}, after line {line}: bytes that do not fit the encoding of its beginning ({error}): "
            f"name the encoding with {option('encoding')}"
        )
    return InputError(
        f"{name} cannot be read as a table with {width} columns separated by {layout.separator!r}: give "
        f"{option('separator')}"
    )


def unclosed_quote(body: str, start: int, name: str) -> InputError:
    """The error for a text whose last field opened a quote in the line of character `start` and never closed it."""
    line = body.count("\n", 0, start) + 1
    return InputError(
        f'{name}, line {line}: a quote (") is opened and never closed: close it, or double it if it is part of the text'
    )


def _ragged(name: str, line: int, last: int, width: int, row: list[str], separator: str) -> InputError:
    place = f"line {line}" if last == line else f"lines {line} to {last}"
    found = f"{len(row)} field" + ("s" if len(row) != 1 else "")
    text = (" " if separator == BLANKS else separator).join(row)
    shown = text if len(text) <= 80 else f"{text[:77]}..."
    return InputError(
        f"{name}, {place}: {found} where {width} were expected, separated by {separator!r}: {shown!r}. "
        f"Mend the line, quote fields that hold the separator, or give another one with {option('separator')}"
    )


def _misfit(name: str, line: int, column: str, cell: str, expected: str) -> InputError:
    shown = cell if len(cell) <= 40 else f"{cell[:37]}..."
    return InputError(
        f"{name}, line {line}: column {column!r} has {shown!r}, where {expected} was expected as in the lines before. "
        f"If it means missing, say {option('missing', shown)}"
    )
