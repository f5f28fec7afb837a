"""Columns that grow block by block: each takes Arrow arrays and ends as one array, never held twice."""

# pyarrow.compute makes its functions when it is imported; pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recurra.data.files.columns import column_numbers, in_words
from recurra.data.files.numbers import Numbers, Text

_EXACT = float(1 << 24)  # integers up to here are exact in float32
_LARGEST = float(np.finfo(np.float32).max)
_MISSING_TIME = np.iinfo(np.int64).min  # numpy's NaT


class NumberSink:
    """Numbers as float32; as float64 from the block on where float32 would change an integer or overflow."""

    def __init__(self, rows: int) -> None:
        self._data: npt.NDArray[np.floating] = np.empty(rows, np.float32)
        self._count = 0
        self._whole = True
        self._thousandths = True

    @property
    def doubtful(self) -> bool:
        """Whether there are fractions, all of three digits at most, of numbers that could be thousands."""
        return self._thousandths and not self._whole

    def append(self, array: pa.Array) -> None:
        """Add a float64 block; nulls become NaN."""
        block = array.to_numpy(zero_copy_only=False)
        whole = _all_whole(block)
        self._whole = self._whole and whole
        self._thousandths = self._thousandths and (whole or _could_be_thousands(block))
        if self._data.dtype == np.float32 and not fits_float32(block, self._whole):
            self._data = self._data[: self._count].astype(np.float64)
        self._data = _room(self._data, self._count + len(block))
        self._data[self._count : self._count + len(block)] = block
        self._count += len(block)

    def finish(self) -> np.ndarray:
        """Values [N]: float32, float64, or int64 for long integers of which none is missing."""
        self._data.resize(self._count, refcheck=False)
        whole = self._whole and self._data.dtype == np.float64 and not np.isnan(self._data).any()
        return self._data.astype(np.int64) if whole and len(self._data) else self._data


class IntegerSink:
    """Integers beyond 2**53, kept exactly: int64, or text where some are missing."""

    def __init__(self) -> None:
        self._blocks: list[pa.Array] = []

    def append(self, array: pa.Array) -> None:
        """Add an int64 block."""
        self._blocks.append(array)

    def finish(self) -> np.ndarray | pd.Series:
        """Values [N] as int64, or as text."""
        column = pa.chunked_array(self._blocks, pa.int64())
        self._blocks = []
        return column.cast(pa.string()).to_pandas() if column.null_count else np.array(column.to_numpy())


class TimeSink:
    """Times as datetime64, with UTC where the file gives offsets."""

    def __init__(self, rows: int, *, unit: str, zoned: bool) -> None:
        self._data = np.empty(rows, np.int64)
        self._count = 0
        self._unit = unit
        self._zoned = zoned

    def append(self, array: pa.Array) -> None:
        """Add a timestamp block; nulls become NaT."""
        block = pc.fill_null(array.view(pa.int64()), int(_MISSING_TIME)).to_numpy()
        self._data = _room(self._data, self._count + len(block))
        self._data[self._count : self._count + len(block)] = block
        self._count += len(block)

    def finish(self) -> np.ndarray | pd.Series:
        """Values [N]."""
        self._data.resize(self._count, refcheck=False)
        times = self._data.view(f"datetime64[{self._unit}]")
        return pd.Series(pd.DatetimeIndex(times, tz="UTC")) if self._zoned else times


class TextSink:
    """Text as categories, or as plain text where most values differ; as numbers if every value turns out to be one."""

    def __init__(self) -> None:
        self._blocks: list[pa.DictionaryArray] = []

    def append(self, array: pa.DictionaryArray) -> None:
        """Add a dictionary-encoded block."""
        self._blocks.append(array)

    def finish(
        self,
        decimals: str,
        words: frozenset[str],
        own: frozenset[str],
        thousands: str | None = None,
        *,
        text: bool = False,
    ) -> tuple[np.ndarray | pd.Series, Numbers | Text]:
        """Values [N], and how numbers were written or why a column that resembles numbers stays text.

        With `text` no number is looked for.
        """
        column = pa.chunked_array(self._blocks, pa.dictionary(pa.int32(), pa.string())).unify_dictionaries()
        self._blocks = []
        distinct = column.chunk(0).dictionary
        narrow = np.int16 if len(distinct) < 1 << 15 else np.int32
        codes = np.concatenate([chunk.indices.to_numpy().astype(narrow) for chunk in column.chunks])
        del column
        numbers = Text() if text else column_numbers(distinct, decimals, words, thousands)
        if isinstance(numbers, Numbers):
            values = numbers.values
            if fits_float32(values, _all_whole(values)):
                values = values.astype(np.float32)
            return values[codes], numbers
        numbers = replace(numbers, row=-1)  # a place among the distinct values is none among the rows
        absent = in_words(distinct, own | {""}).to_numpy(zero_copy_only=False)
        if len(distinct) > 0.5 * len(codes):
            cells = pc.if_else(pa.array(absent), pa.scalar(None, pa.string()), distinct)
            return pc.take(cells, pa.array(codes)).to_pandas(), numbers
        place = np.where(absent, -1, np.cumsum(~absent) - 1).astype(narrow)
        categories = pd.Index(pc.filter(distinct, pa.array(~absent)).to_pandas())
        return pd.Series(pd.Categorical.from_codes(place[codes], categories=categories)), numbers


def fits_float32(values: npt.NDArray, whole: bool) -> bool:
    """Whether float32 keeps integers exactly and no number overflows in it."""
    if not len(values):
        return True
    largest = max(float(values.max()), -float(values.min()))
    if not np.isfinite(largest):  # NaN or infinity among them: look at the others
        finite = values[np.isfinite(values)]
        return not len(finite) or fits_float32(finite, whole)
    return largest <= (_EXACT if whole else _LARGEST)


def _could_be_thousands(values: npt.NDArray) -> bool:
    fractions = values[np.isfinite(values) & (values != np.floor(values))]
    if not (np.abs(fractions) < 1000).all():
        return False
    scaled = fractions * 1000
    return bool((np.abs(scaled - np.rint(scaled)) < 1e-6).all())


def _all_whole(values: npt.NDArray) -> bool:
    finite = values[np.isfinite(values)]
    return bool((finite == np.floor(finite)).all())


def _room(data: np.ndarray, count: int) -> np.ndarray:
    """`data` with room for `count` values; it grows in place: the system moves a large array, nothing is copied."""
    if count > len(data):
        data.resize(max(count, len(data) * 9 // 8), refcheck=False)
    return data
