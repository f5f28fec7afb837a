"""Thousands commas in numbers without quotes, which a comma separated file takes apart: 25,104 becomes 25 and 104."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recurra.errors import InputError
from recurra.language import _

_HEAD = re.compile(r"\s*[-+(]?[$€£]?\d{1,3}")  # what stands before a thousands comma
_GROUP = re.compile(r"\d{3}(?:\.\d+)?\)?\s*")  # and behind it
_LEAST = 3  # rows that show it


def refuse_split_numbers(header: Sequence[str], rows: Sequence[Sequence[str]], line: int, name: str) -> None:
    """Raise `InputError` where rows have more fields than the header and two columns look like one number each.

    `line` is that of the first row. The second of two such columns holds exactly three digits in every row; one of
    them begins with 0, or the first of the two is not the first of the table (which may number the rows).
    """
    names = [cell.strip() for cell in header]
    if len(rows) < _LEAST or not all(names) or not all(len(row) == len(rows[0]) > len(names) for row in rows):
        return
    for place in range(len(rows[0]) - 1):
        head, group = [row[place] for row in rows], [row[place + 1] for row in rows]
        if not all(map(_HEAD.fullmatch, head)) or not all(map(_GROUP.fullmatch, group)):
            continue
        if place == 0 and not any(text.startswith("0") for text in group):
            continue
        raise InputError(
            _(
                "{name}, line {line}: {n_fields} fields under a header of {n_names}, and fields {place} and "
                "{next} look like one number with a thousands comma ({head},{group}): write such "
                "numbers in quotes or without the comma; if they are two columns, give every column a "
                "name in the header",
                name=name,
                line=line,
                n_fields=len(rows[0]),
                n_names=len(names),
                place=place + 1,
                next=place + 2,
                head=head[0].strip(),
                group=group[0].strip(),
            )
        )
