"""From columns of text to a frame: numbers where a column is numeric, text otherwise."""

# pyarrow.compute makes its functions when it is imported; pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recurra.data.files.convention import Convention
from recurra.data.files.numbers import Numbers, Text, parse_numbers
from recurra.language import _


@dataclass(frozen=True)
class Columns:
    """Finished columns [W] of N values, the words taken for missing, and what the user should know."""

    values: dict[str, np.ndarray | pd.Series]
    missing: tuple[str, ...]
    notes: tuple[str, ...]

    def frame(self) -> pd.DataFrame:
        """The columns side by side, not copied."""
        return pd.DataFrame(self.values, copy=False)


def convert_columns(
    names: Sequence[str],
    columns: Sequence[pa.ChunkedArray],
    *,
    convention: Convention,
    words: frozenset[str],
    own: frozenset[str],
    text: Collection[str] = (),
    line: Callable[[int], int] | None = None,
) -> Columns:
    """The string `columns` [W] of N cells, each numeric (int64, float64) or text with empty cells missing.

    `words` mean missing in numeric columns, and `own`, the user's, in text as well. The columns named in `text` stay
    text, whatever they look like. `line` tells the line of the file in which a row stands, for the remarks.
    """
    values: dict[str, np.ndarray | pd.Series] = {}
    missing: set[str] = set()
    notes = []
    for name, column in zip(names, columns, strict=True):
        numbers = Text() if name in text else column_numbers(column, convention.of(name), words, convention.thousands)
        if isinstance(numbers, Numbers):
            values[name] = numbers.values
            missing.update(numbers.missing)
            notes += number_notes(name, numbers)
            continue
        notes += text_notes(name, numbers, line)
        absent = in_words(column, own | {""})
        values[name] = pc.if_else(absent, pa.scalar(None, pa.string()), column).to_pandas()
    return Columns(values, tuple(sorted(missing)), tuple(notes))


def in_words(cells: pa.ChunkedArray | pa.Array, words: frozenset[str]) -> pa.ChunkedArray | pa.Array:
    """[N]: whether a cell is one of the lower-case `words`, blanks around it and case aside."""
    return pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(cells)), value_set=pa.array(sorted(words), pa.string()))


def column_numbers(
    column: pa.ChunkedArray | pa.Array, decimals: str, words: frozenset[str], thousands: str | None = None
) -> Numbers | Text:
    """The numbers of one string column by the first decimal sign that makes it numeric, or why it is text.

    Of several reasons it is the one of the sign that leaves the fewest cells without a number.
    """
    cells = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    reasons: list[Text] = []
    for decimal in decimals:
        found = parse_numbers(cells, decimal=decimal, missing=words, thousands=thousands)
        if isinstance(found, Numbers):
            return found
        reasons.append(found)
    return min(reasons, key=lambda reason: (not reason.reason, reason.wrong))


def number_notes(name: str, numbers: Numbers) -> list[str]:
    """What the user should know of how a column of numbers was read."""
    unit = [_("column {name!r} was read as numbers in {unit}", name=name, unit=numbers.unit)] if numbers.unit else []
    return unit + [_("column {name!r}: {remark}", name=name, remark=remark) for remark in numbers.remarks]


def text_notes(name: str, found: Text, line: Callable[[int], int] | None = None) -> list[str]:
    """Why a column that resembles numbers was read as text, with the line of the first cell to blame."""
    if not found.reason:
        return []
    place = _(" (line {row:,})", row=line(found.row)) if line is not None and found.row >= 0 else ""
    remedy = f"; {found.remedy}" if found.remedy else ""
    return [
        _(
            "column {name!r} was read as text: {reason}{place}{remedy}",
            name=name,
            reason=found.reason,
            place=place,
            remedy=remedy,
        )
    ]
