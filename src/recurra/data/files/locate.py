"""Find the line of a text table that cannot be read, and say what is wrong with it.

The fast parser only says that it failed; this slow pass over the same lines is for the message alone.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping

from recurra.data.files.dialect import Layout
from recurra.data.files.quoting import BLANKS
from recurra.errors import InputError
from recurra.language import _, several
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

    `lines` begin with the first row of data. `patterns` maps the place of a column to what is expected there, in words
    and as a pattern.
    """
    width = len(layout.names)
    reader = layout.quoting.reader(lines, layout.separator)
    above = layout.line - 1
    line = 1
    try:
        for row in reader:
            first, line = line, reader.line_num + 1
            if not row:
                continue
            if len(row) != width:
                return _ragged(name, above + first, above + reader.line_num, width, row, layout.separator)
            for place, (expected, pattern) in patterns.items():
                cell = row[place].strip()
                if not pattern.match(cell) and cell.lower() not in missing:
                    return _misfit(name, above + first, layout.names[place], cell, expected)
    except csv.Error as error:
        return InputError(
            _(
                "{name}, line {line}: {error}; is a quote opened and never closed there?",
                name=name,
                line=above + line,
                error=error,
            )
        )
    except UnicodeError as error:
        return InputError(
            _(
                "{name}, after line {line}: bytes that do not fit the encoding of its beginning "
                "({error}): name the encoding with {encoding_option}",
                name=name,
                line=above + line,
                error=error,
                encoding_option=option("encoding"),
            )
        )
    return InputError(
        _(
            "{name} cannot be read as a table with {width} columns separated by {separator!r}: give {separator_option}",
            name=name,
            width=width,
            separator=layout.separator,
            separator_option=option("separator"),
        )
    )


def refuse_stray_quotes(text: str, layout: Layout, name: str) -> list[str]:
    """Raise `InputError` where text follows a closing quote in the table `text`, which begins with its header.

    Fast parsers join such fields, and rows, without a word. Returns a remark where quotes inside fields that do not
    begin with one hold a separator between them.
    """
    if layout.quoting.quote not in text:
        return []
    reader = layout.quoting.reader(io.StringIO(text, newline=""), layout.separator, strict=True)
    above = layout.line - 1 - len(text[: layout.start - layout.top].splitlines())
    doubted: list[int] = []
    line = 1
    try:
        for row in reader:
            if sum(field.count(layout.quoting.quote) % 2 for field in row) > 1:
                doubted.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        if "expected after" not in str(error):
            return []  # what else is wrong is found by the parser
        raise InputError(
            _(
                "{name}, line {line}: text follows a closing quote, so fields or rows would be joined: "
                "close the quote before a separator, or double it if it is part of the text",
                name=name,
                line=above + line,
            )
        ) from error
    if not doubted:
        return []
    lines = text.splitlines()
    split = re.compile(rf'(?:^|[{re.escape(layout.separator)}])[^"{re.escape(layout.separator)}]+"')
    wrong = [line for line in doubted if split.search(lines[line - 1])] if layout.separator != BLANKS else []
    if not wrong:
        return []
    return [
        _(
            "quotes inside fields that do not begin with one were taken as they stand (line {line:,})",
            line=above + wrong[0],
        )
    ]


def line_of(body: str, layout: Layout, row: int) -> int:
    """The line of the file in which a row of data (from 0) begins; `body` begins with the first one.

    >>> line_of('1,"a\\nb"\\n\\n2,c\\n', Layout(",", True, ("n", "s"), 4, (), line=2), 1)
    5
    """
    reader = layout.quoting.reader(io.StringIO(body, newline=""), layout.separator)
    line, count = 1, 0
    try:
        for fields in reader:
            if fields:
                if count == row:
                    break
                count += 1
            line = reader.line_num + 1
    except csv.Error:  # a field beyond the csv module's limit: the line before it is as near as it gets
        pass
    return layout.line - 1 + line


def unclosed_quote(body: str, start: int, name: str) -> InputError:
    """The error for a text whose last field opened a quote in the line of character `start` and never closed it."""
    line = body.count("\n", 0, start) + 1
    return InputError(
        _(
            '{name}, line {line}: a quote (") is opened and never closed: close it, or double it if '
            "it is part of the text",
            name=name,
            line=line,
        )
    )


def _ragged(name: str, line: int, last: int, width: int, row: list[str], separator: str) -> InputError:
    place = _("line {line}", line=line) if last == line else _("lines {line} to {last}", line=line, last=last)
    found = several("{n} field", "{n} fields", len(row))
    text = (" " if separator == BLANKS else separator).join(row)
    shown = text if len(text) <= 80 else f"{text[:77]}..."
    return InputError(
        _(
            "{name}, {place}: {found} where {width} were expected, separated by {separator!r}: "
            "{shown!r}. Fix the line, quote fields that hold the separator, or pass another one with "
            "{separator_option}; lines that are not part of the table can be skipped with "
            "{skip_rows_option} N above it and {footer_option} N below it",
            name=name,
            place=place,
            found=found,
            width=width,
            separator=separator,
            shown=shown,
            separator_option=option("separator"),
            skip_rows_option=option("skip_rows"),
            footer_option=option("footer"),
        )
    )


def _misfit(name: str, line: int, column: str, cell: str, expected: str) -> InputError:
    shown = cell if len(cell) <= 40 else f"{cell[:37]}..."
    return InputError(
        _(
            "{name}, line {line}: column {column!r} has {shown!r}, where {expected} was expected as "
            "in the lines before. If it means missing, pass {missing_option}; if it stands in a line "
            "below the data, skip that with {footer_option} N",
            name=name,
            line=line,
            column=column,
            shown=shown,
            expected=expected,
            missing_option=option("missing", shown),
            footer_option=option("footer"),
        )
    )
