"""From columns of text to a frame: numbers where a column is numeric, text otherwise."""

# pyarrow.compute makes its functions when it is imported; pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recurra.data.files.numbers import Numbers, Text, parse_numbers


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
    decimals: str,
    words: frozenset[str],
    own: frozenset[str],
    text: Collection[str] = (),
) -> Columns:
    """The string `columns` [W] of N cells, each numeric (int64, float64) or text with empty cells missing.

    `decimals` are the decimal signs to try, best first; `words` mean missing in numeric columns, and `own`, the user's,
    in text as well. The columns named in `text` stay text, whatever they look like.
    """
    values: dict[str, np.ndarray | pd.Series] = {}
    missing: set[str] = set()
    notes = []
    for name, column in zip(names, columns, strict=True):
        numbers = Text() if name in text else column_numbers(column, decimals, words)
        if isinstance(numbers, Numbers):
            values[name] = numbers.values
            missing.update(numbers.missing)
            if numbers.unit:
                notes.append(f"column {name!r} was read as numbers in {numbers.unit}")
            continue
        if numbers.reason:
            notes.append(f"column {name!r} was read as text: {numbers.reason}")
        absent = in_words(column, own | {""})
        values[name] = pc.if_else(absent, pa.scalar(None, pa.string()), column).to_pandas()
    return Columns(values, tuple(sorted(missing)), tuple(notes))


def in_words(cells: pa.ChunkedArray | pa.Array, words: frozenset[str]) -> pa.ChunkedArray | pa.Array:
    """[N]: whether a cell is one of the lower-case `words`, blanks around it and case aside."""
    return pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(cells)), value_set=pa.array(sorted(words), pa.string()))


def column_numbers(column: pa.ChunkedArray | pa.Array, decimals: str, words: frozenset[str]) -> Numbers | Text:
    """The numbers of one string column by the first decimal sign that makes it numeric, or why it is text."""
    cells = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    tried = [parse_numbers(cells, decimal=decimals[0], missing=words)]
    for decimal in decimals[1:]:
        if isinstance(tried[-1], Numbers):
            break
        tried.append(parse_numbers(cells, decimal=decimal, missing=words))
    return tried[-1] if isinstance(tried[-1], Numbers) else tried[0]
