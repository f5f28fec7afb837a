"""What kind of input a column is, by its values, where the user does not say."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.audio import is_audio_column
from recurra.data.examples.inputs import Array, Audio, Events, Kind, Series, Static, Symbols, Text
from recurra.data.examples.steps import is_missing
from recurra.data.schema.column_kinds import kind_of
from recurra.errors import InputError
from recurra.language import _

_SAMPLE = 1000  # rows that are looked at: evenly spaced ones, because files are often sorted
_LETTERS = 30  # the 20 amino acids, the letters for doubt, gap and stop; a language with case and signs has more
_FEW = 6  # DNA or RNA in either case, dots and brackets, bits
_SHORT = 8  # shorter strings without a blank are words and codes
_UPPER = 0.9
_CATEGORIES = 50
_WORDS = 3


def looks_like_symbols(texts: Sequence[str]) -> bool:
    """Whether strings are sequences of symbols rather than language: amino acids, DNA, secondary structure.

    So they are where no string has a blank, half of them are at least 8 letters long, and they are written either
    with at most 30 different letters, nine tenths of them A to Z, or with at most 6 in either case and no digit but 0
    and 1. Language has blanks or (Chinese) hundreds of letters; words and codes in capitals are short; dates have
    more digits.

    >>> looks_like_symbols(["MKVLAAGIVG", "MSTNPKPQRKTKRNTN"]), looks_like_symbols(["GREAT", "a fine film"])
    (True, False)
    """
    if not texts or np.median([len(text) for text in texts]) < _SHORT:
        return False
    joined = "".join(texts)
    letters = set(joined)
    if any(letter.isspace() for letter in letters) or len(letters) > _LETTERS:
        return False
    if any(unicodedata.category(letter) in ("So", "Sk", "Cf") for letter in letters):  # emoji, of several code points
        return False
    upper = sum(map(joined.count, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    few = len({letter.upper() for letter in letters}) <= _FEW and not letters & set("23456789")
    return few or upper >= _UPPER * len(joined)


def guess_kind(cells: pd.Series | npt.NDArray, name: str, *, alone: bool = False) -> Kind:
    """The kind of a column: `Static()` for numbers and categories (never where it stands `alone`).

    Numbers in lists are a series, also whole ones: events that are numbered must be declared. A column of few
    different short texts is a category. Errors: InputError for values that can be no input, with a row.
    """
    if isinstance(cells, np.ndarray) and cells.ndim > 1:
        return _array_kind(cells, name)
    column = cells if isinstance(cells, pd.Series) else pd.Series(cells)
    if isinstance(column.dtype, pd.CategoricalDtype) and not alone:
        return Static()
    present = column[column.notna().to_numpy()] if column.dtype != object else column[~_missing(column)]
    if present.empty:
        if alone:
            raise InputError(_("{name!r} holds no value: every row is missing", name=name))
        return Static()
    sample: npt.NDArray[Any] = present.iloc[:: max(1, len(present) // _SAMPLE)].to_numpy(dtype=object)
    if all(isinstance(cell, str) for cell in sample):
        if is_audio_column(present):
            return Audio()
        return _text_kind(sample, alone)
    kind = kind_of(column)
    if kind == "number" and not alone:
        return Static()
    if kind == "time":
        raise InputError(
            _(
                "column {name!r} holds times: convert it to numbers (such as the hour), name it as "
                "Series(time=...), or leave it out with inputs=",
                name=name,
            )
        )
    first = sample[0]
    if isinstance(first, list | tuple | np.ndarray | pd.DataFrame | pd.Series):
        return _list_kind(first, sample)
    row = next((row for row, cell in enumerate(column) if not is_missing(cell) and not isinstance(cell, str)), 0)
    raise InputError(
        _(
            "{name!r} holds {value!r} ({type}) in row {row}: expected one kind of value in every row, "
            "either a text, a list of events, or an array of numbers [T] or [T, F]",
            name=name,
            value=column.iloc[row],
            type=type(column.iloc[row]).__name__,
            row=row + 1,
        )
    )


def is_blank_text(column: pd.Series) -> npt.NDArray[np.bool_]:
    """Where a column of texts [N] is missing, empty or blank."""
    return np.fromiter(
        (is_missing(cell) or (isinstance(cell, str) and not cell.strip()) for cell in column), np.bool_, len(column)
    )


def _missing(column: pd.Series) -> npt.NDArray[np.bool_]:
    return np.fromiter(map(is_missing, column), np.bool_, len(column))


def _array_kind(array: npt.NDArray, name: str) -> Kind:
    if array.dtype.kind in "US" or (array.dtype == object and pd.api.types.infer_dtype(array.ravel()) == "string"):
        if array.ndim == 2:
            return Events()
        raise InputError(
            _(
                "{name!r} is an array of texts of shape {shape}: expected [N] texts or [N, T] events",
                name=name,
                shape=array.shape,
            )
        )
    return Series() if array.ndim <= 3 else Array()


def _text_kind(sample: npt.NDArray[Any], alone: bool) -> Kind:
    texts = [text for text in sample if text]
    if looks_like_symbols(texts):
        return Symbols()
    distinct = set(texts)
    few = len(distinct) <= min(_CATEGORIES, len(texts) / 2)
    if few and not alone and np.mean([len(text.split()) for text in distinct]) <= _WORDS:
        return Static()
    return Text()


def _list_kind(first: Any, sample: npt.NDArray[Any]) -> Kind:
    filled = next((cell for cell in sample if len(cell)), first)
    if isinstance(filled, pd.DataFrame):
        return Series()
    items = filled if isinstance(filled, np.ndarray) else list(filled)
    if len(items) and any(isinstance(item, str) for item in items):
        return Events()
    return Array() if np.ndim(items[0] if len(items) else 0) == 2 else Series()
