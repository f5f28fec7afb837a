"""A worked example as a table: aligned text for a terminal, HTML for a notebook."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from recurra.textbook.arrays import Array
from recurra.textbook.rows import PARTS, Row

PER_LINE = 8  # numbers in HTML; longer vectors go on in the next line


class Line(NamedTuple):
    """A line of the table: a quantity's value, one of its summands, or the rest of a long vector."""

    step: str
    name: str
    sign: str
    label: str
    numbers: tuple[str, ...]
    is_value: bool


def as_text(rows: Sequence[Row], digits: int, width: int) -> str:
    """All parts with their headings, columns aligned over the whole table."""
    lines = list(_lines(rows, digits, PER_LINE))
    names = max((len(line.name) for line in lines), default=0)
    labels = max((len(line.label) for line in lines), default=0)
    wide = max((len(number) for line in lines for number in line.numbers), default=0)
    per_line = max(1, (width - names - labels - 12) // (wide + 2))
    text = []
    for title, part in _parts(rows):
        text += [title, ""]
        for line in _lines(part, digits, per_line):
            numbers = "  ".join(number.rjust(wide) for number in line.numbers)
            front = f"{line.step:>4}  {line.name:<{names}}  {line.sign:1} {line.label:<{labels}}  "
            text.append(f"{front}{numbers}".rstrip())
        text.append("")
    return "\n".join(text).rstrip()


def as_html(rows: Sequence[Row], digits: int = 6) -> str:
    """The same table; summands are paler than the values they make."""
    cells = []
    for title, part in _parts(rows):
        heading = "text-align:left;padding:.8em 0 .2em 0"
        cells.append(f'<tr><th colspan="5" style="{heading}">{html.escape(title)}</th></tr>')
        for line in _lines(part, digits, PER_LINE):
            pale = "" if line.is_value else ";opacity:.65"
            cells.append("<tr>")
            cells += [_cell(text, "text-align:left") for text in (line.step, line.name)]
            cells += [_cell(text, f"text-align:left{pale}") for text in (line.sign, line.label)]
            cells += [_cell(text, f"text-align:right;font-variant-numeric:tabular-nums{pale}") for text in line.numbers]
            cells.append("</tr>")
    return f'<table style="border-collapse:collapse"><tbody>{"".join(cells)}</tbody></table>'


def _cell(text: str, style: str) -> str:
    return f'<td style="white-space:pre;{style}">{html.escape(text)}</td>'


def format_number(value: float, digits: int) -> str:
    """So many digits after the point; a power of ten where these would show nothing of it, or too much.

    >>> format_number(-0.0, 3), format_number(0.0001234, 3), format_number(123456789.0, 3), format_number(-0.5, 3)
    ('0.000', '1.2e-04', '1.2e+08', '-0.500')
    """
    if value != 0 and not 10.0**-digits <= abs(value) < 1e7:
        return f"{value:.{max(digits - 2, 0)}e}"
    return f"{value + 0.0:.{digits}f}"


def _parts(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    for part, group in groupby(rows, key=lambda row: row.part):
        yield PARTS[part], list(group)


def _lines(rows: Iterable[Row], digits: int, per_line: int) -> Iterator[Line]:
    shown = None
    for row in rows:
        step = f"{row.step}" if row.step is not None and row.step != shown else ""
        shown = row.step
        for name, place in _places(row):
            if len(row.terms) < 2:
                label = row.terms[0].label if row.terms else row.formula
                yield from _numbers(step, name, "", label, row.value[place], digits, per_line, is_value=True)
            else:
                for number, term in enumerate(row.terms):
                    front = (step, name) if number == 0 else ("", "")
                    sign = "+" if number else ""
                    yield from _numbers(*front, sign, term.label, term.value[place], digits, per_line, is_value=False)
                yield from _numbers("", "", "=", "", row.value[place], digits, per_line, is_value=True)
            step = ""


def _places(row: Row) -> Iterator[tuple[str, int | tuple[()]]]:
    """A vector or number as it is, a matrix row by row."""
    if row.value.ndim == 2 and len(row.value) > 1:
        for place in range(len(row.value)):
            yield f"{row.name}[{place + 1}]", place
    else:
        yield row.name, ()


def _numbers(
    step: str, name: str, sign: str, label: str, value: Array, digits: int, per_line: int, *, is_value: bool
) -> Iterator[Line]:
    numbers = [format_number(float(each), digits) for each in np.ravel(value)]
    for start in range(0, len(numbers), per_line):
        front = (step, name, sign, label) if start == 0 else ("", "", "", "")
        yield Line(*front, tuple(numbers[start : start + per_line]), is_value)
