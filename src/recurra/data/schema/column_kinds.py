"""What a column holds, whatever its dtype: numbers, text, times or nothing; and its values as plain arrays."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from recurra.data.files.columns import column_numbers
from recurra.data.files.missing import MISSING_WORDS
from recurra.data.files.numbers import Text
from recurra.data.schema.names import counted
from recurra.errors import InputError
from recurra.language import _

LARGEST = 1e100  # the square of a larger value, summed over a file, may not be finite


def kind_of(column: pd.Series) -> str:
    """ "number" (truth values included), "text", "time" or "empty" (no value at all)."""
    dtype = column.dtype
    if isinstance(dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(dtype):
        return "time"
    if pd.api.types.is_complex_dtype(dtype):
        return "text"
    if not bool(column.notna().any()):
        return "empty"
    if pd.api.types.is_bool_dtype(dtype) or (pd.api.types.is_numeric_dtype(dtype) and not _categorical(column)):
        return "number"
    if pd.api.types.is_object_dtype(dtype):
        found = pd.api.types.infer_dtype(column, skipna=True)
        if found in ("integer", "floating", "mixed-integer-float", "decimal", "boolean"):
            return "number"
        if found in ("datetime64", "datetime", "date"):
            return "time"
    return "text"


def numbers_of(column: pd.Series, source: str = "the table") -> npt.NDArray[np.floating]:
    """A column of numbers [n] as float32 where it is float32 (or a small integer), else float64; NaN where missing.

    Raises `InputError` for infinite values and for those beyond 1e100, with the row.
    """
    dtype = column.dtype
    single = str(dtype).lower() in ("float32", "float16", "int16", "int8", "uint16", "uint8")
    if pd.api.types.is_numeric_dtype(dtype) and isinstance(dtype, np.dtype):
        values = column.to_numpy().astype(np.float32 if single else np.float64, copy=False)
    else:
        values = pd.to_numeric(column).to_numpy(dtype=np.float32 if single else np.float64, na_value=np.nan)
    # A sum is finite unless a value is not: the mask is made only when it is needed.
    with np.errstate(over="ignore", invalid="ignore"):
        suspicious = not np.isfinite(values.sum())
    if suspicious and (infinite := np.isinf(values)).any():
        row = int(infinite.argmax())
        raise InputError(
            _(
                "column {column!r} of {source} is infinite ({value}) in row {row} ({rows}): leave the "
                "value empty if it is missing, or correct it",
                column=column.name,
                source=source,
                value=values[row],
                row=row + 1,
                rows=counted(int(infinite.sum()), "such row"),
            )
        )
    if values.dtype == np.float64 and len(values) and max(np.fmax.reduce(values), -np.fmin.reduce(values)) > LARGEST:
        row = int(np.nanargmax(np.abs(values)))
        raise InputError(
            _(
                "column {column!r} of {source} holds {value:g} in row {row}: numbers beyond {largest:g} "
                "cannot be squared and summed; correct it, or write the column in a larger unit",
                column=column.name,
                source=source,
                value=values[row],
                row=row + 1,
                largest=LARGEST,
            )
        )
    return values


def why_text(column: pd.Series) -> Text:
    """Why a column of text is not numeric, by the grammar of the reader: the first cell that is no number, their count.

    >>> why_text(pd.Series(["1,963.85", "(1,025.47)", "none yet"])).cell
    'none yet'
    """
    cells = column.astype(object).where(column.notna(), "").map(str)
    found = column_numbers(pa.array(cells.to_list(), pa.string()), ".,", MISSING_WORDS)
    if isinstance(found, Text):
        return found
    first = int(column.notna().to_numpy().argmax())
    return Text(
        _("a number as text: convert the column"), "", int(column.notna().sum()), first, str(column.iloc[first])
    )


def codes_of(
    column: pd.Series, categories: tuple[str, ...] | None = None
) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    """A column of text [n] as codes (-1 where missing or not in `categories`) and the categories, sorted by default."""
    if _categorical(column):
        held = cast("pd.Categorical", column.array)
        places = np.asarray(held.codes)
        occurring = np.unique(places[places >= 0])
        table = np.full(len(held.categories) + 1, -1, dtype=np.int32)  # the last place serves code -1
        table[occurring] = np.arange(len(occurring))
        codes, distinct = table[places], held.categories[occurring]
    else:
        codes, distinct = pd.factorize(column)
    names = [str(value) for value in distinct]
    known = tuple(sorted(set(names), key=natural)) if categories is None else categories
    place = {name: i for i, name in enumerate(known)}
    table = np.array([*(place.get(name, -1) for name in names), -1], dtype=np.int32)
    return table[codes], known


def natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """A sorting key by which "W2" comes before "W10"."""
    pieces: list[tuple[int, int, str]] = []
    word = ""
    for digit, run in _runs(name):
        word = run
        pieces.append((0, int(run), "") if digit else (1, 0, word))
    return pieces, name


def _runs(name: str) -> list[tuple[bool, str]]:
    runs: list[tuple[bool, str]] = []
    for letter in name:
        digit = "0" <= letter <= "9"
        if runs and runs[-1][0] == digit:
            runs[-1] = (digit, runs[-1][1] + letter)
        else:
            runs.append((digit, letter))
    return runs


def _categorical(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype)
