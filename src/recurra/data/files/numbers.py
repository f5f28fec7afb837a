"""Numbers written as text: decimal points and commas, thousands separators, words for missing values.

A column is numeric where every cell is a number or a missing-value word and at least one is a number; otherwise it is
text. Integers that begin with 0 and all have the same three or more digits are codes, and integers beyond int64 are
identifiers: as numbers they would lose something, so they stay text.
"""

# pyarrow.compute makes its functions when it is imported; pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recurra.options import option

_INTEGER = r"^[+-]?[0-9]+$"
_INFINITE = r"(?i:[+-]?inf(?:inity)?)"
_GROUPS = (",", ".", "'", "\u2019", " ", "\u00a0", "\u202f")  # \u2019 apostrophe, no-break space, narrow no-break space
_UNITS = ("%", "$", "\u20ac", "\u00a3", "\u00a5", "\uffe5")  # percent, dollar, euro, pound, yen and yuan
_EXACT = 1 << 53  # integers up to here are exact in float64
_LARGEST = str(np.iinfo(np.int64).max)


@dataclass(frozen=True)
class Numbers:
    """A numeric column: int64 or float64 `values` [N] with NaN for missing, and how it was written.

    `missing` are the missing-value words that occurred, `unit` the sign of percent or of a currency beside every
    number.
    """

    values: npt.NDArray[np.integer | np.floating]
    missing: tuple[str, ...] = ()
    unit: str = ""


@dataclass(frozen=True)
class Text:
    """Why a column stays text; `reason` is empty where nothing about it looks like a number."""

    reason: str = ""


def parse_numbers(cells: pa.Array, *, decimal: str, missing: frozenset[str]) -> Numbers | Text:
    """The numbers in the string array `cells` [N], or why it is text; `missing` holds lower-case words.

    >>> parse_numbers(pa.array(["1.234,5", "-", "7"]), decimal=",", missing=frozenset({"-"})).values
    array([1234.5,    nan,    7. ])
    """
    cells = pc.utf8_trim_whitespace(cells)
    plain = pc.match_substring_regex(cells, _plain(decimal))
    numeric = [word for word in missing if number_pattern(decimal).match(word)]
    if numeric:  # a number that the user declared missing, such as -999
        plain = pc.and_(plain, pc.invert(pc.is_in(cells, value_set=pa.array(numeric, pa.string()))))
    rest = pc.filter(cells, pc.invert(plain))
    absent = pc.is_in(pc.utf8_lower(rest), value_set=pa.array(sorted(missing), pa.string()))
    others = pc.filter(rest, pc.invert(absent))
    words = tuple(sorted(pc.unique(pc.filter(rest, absent)).to_pylist()))
    group = ""
    if len(others):
        found = next((g for g in _GROUPS if g != decimal and _all_match(others, _grouped(decimal, g))), None)
        unit = next((u for u in _UNITS if found is None and _all_match(others, _beside(u))), None)
        if unit is not None and len(rest) == len(cells):
            bare = parse_numbers(pc.replace_substring(cells, unit, ""), decimal=decimal, missing=missing)
            return replace(bare, missing=words, unit=unit) if isinstance(bare, Numbers) else bare
        if found is None:
            return _few_words(others, len(cells) - len(rest), len(cells))
        group = found
    elif len(rest) == len(cells):
        return Numbers(np.full(len(cells), np.nan), words) if words == ("",) else Text()
    if len(words):
        cells = pc.if_else(_where_missing(plain, absent), pa.scalar(None, pa.string()), cells)
    if not group and _all_match(cells, _INTEGER):
        return _integers(cells, words)
    if group:
        cells = pc.replace_substring(cells, group, "")
    if decimal == ",":
        cells = pc.replace_substring(cells, ",", ".")
    numbers = pc.cast(cells, pa.float64())
    if group and not words and _all_match(cells, _INTEGER):
        numbers = pc.cast(pc.replace_substring(cells, "+", ""), pa.int64())
    return Numbers(np.array(numbers.to_numpy(zero_copy_only=False)), words)


def number_pattern(decimal: str) -> re.Pattern[str]:
    """A plain number with that decimal sign, for one cell at a time."""
    return re.compile(_plain(decimal), re.ASCII)


def _plain(decimal: str) -> str:
    d = re.escape(decimal)
    return rf"^(?:[+-]?(?:[0-9]+(?:{d}[0-9]*)?|{d}[0-9]+)(?:[eE][+-]?[0-9]+)?|{_INFINITE})$"


def _grouped(decimal: str, group: str) -> str:
    g = re.escape(group)
    return rf"^[+-]?[0-9]{{1,3}}(?:{g}[0-9]{{3}})+(?:{re.escape(decimal)}[0-9]*)?$"


def _beside(unit: str) -> str:
    u = re.escape(unit)
    return rf"^(?:{u}\s?[^{u}]+|[^{u}]+{u})$"


def _all_match(cells: pa.Array, pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(cells, pattern), min_count=0).as_py()


def _where_missing(plain: pa.Array, absent: pa.Array) -> pa.Array:
    """[N]: true where a cell is no plain number but a missing-value word; `absent` is about those not plain."""
    mask = ~plain.to_numpy(zero_copy_only=False)
    mask[mask] = absent.to_numpy(zero_copy_only=False)
    return pa.array(mask)


def _integers(cells: pa.Array, words: tuple[str, ...]) -> Numbers | Text:
    digits = pc.utf8_ltrim(cells, characters="+-")
    lengths = pc.min_max(pc.utf8_length(digits)).as_py()
    first = pc.starts_with(digits, "0")
    if lengths["min"] == lengths["max"] >= 3 and pc.any(first).as_py():
        return Text("its digits begin with 0, as codes do")
    if lengths["max"] >= len(_LARGEST):
        digits = pc.utf8_ltrim(digits, characters="0")
        size = pc.utf8_length(digits)
        beyond = pc.or_(
            pc.greater(size, len(_LARGEST)), pc.and_(pc.equal(size, len(_LARGEST)), pc.greater(digits, _LARGEST))
        )
        if pc.any(beyond).as_py():
            return Text("its integers are beyond 64 bits")
    integers = pc.cast(pc.replace_substring(cells, "+", ""), pa.int64())
    if not words:
        return Numbers(np.array(integers.to_numpy()))
    bounds = pc.min_max(integers).as_py()
    if max(abs(bounds["min"]), abs(bounds["max"])) > _EXACT:
        return Text("its integers are too long for numbers with missing values among them")
    return Numbers(np.array(pc.cast(integers, pa.float64()).to_numpy(zero_copy_only=False)), words)


def _few_words(others: pa.Array, numbers: int, total: int) -> Text:
    """A column of numbers with a few words in it is worth a remark; a column of words is not."""
    if numbers < 0.5 * total:
        return Text()
    word = others[0].as_py()
    shown = word if len(word) <= 40 else f"{word[:37]}..."
    return Text(
        f"{len(others)} of {total} cells are no numbers, the first {shown!r}; "
        f"if that means missing, say {option('missing', shown)}"
    )
