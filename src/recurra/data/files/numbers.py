"""Columns of numbers written as text: which cells are numbers, what they share, and what a column of them is.

A column is numeric where every cell is a number (`numerals`) or a missing-value word and at least one is a number;
otherwise it is text, and `Text` says which cell made it so. Integers that begin with 0 and all have the same three or
more digits are codes, and integers beyond int64 are identifiers: as numbers they would lose something, so they stay
text. So do months written 01.2024.
"""

# pyarrow.compute makes its functions when it is imported; pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recurra.data.files.numerals import CURRENCY, GROUPS, read_numeral
from recurra.data.files.surroundings import settle
from recurra.language import _
from recurra.options import option

_INTEGER = r"^[+-]?[0-9]+$"
_INFINITE = r"(?i:[+-]?inf(?:inity)?)"
_MONTH = r"^(?:0[1-9]|1[0-2])[.,](?:19|20)[0-9]{2}$"
_BEGINNING = rf"^(?:[^0-9A-Za-z]|{CURRENCY})*[0-9]"
_DATE_LIKE = r"[0-9][-/:][0-9]"
_EXACT = 1 << 53  # integers up to here are exact in float64
_LARGEST = str(np.iinfo(np.int64).max)


@dataclass(frozen=True)
class Numbers:
    """A numeric column: int64 or float64 `values` [N] with NaN for missing, and how it was written.

    `missing` are the missing-value words that occurred, `unit` what stood beside every number and was taken off;
    `remarks` say what was read in a way that could be doubted.
    """

    values: npt.NDArray[np.integer | np.floating]
    missing: tuple[str, ...] = ()
    unit: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Text:
    """Why a column stays text; `reason` is empty where nothing about it looks like a number.

    `wrong` cells are not numbers; `cell` is the first of them, in `row` (from 0). `remedy` says what to do.
    """

    reason: str = ""
    remedy: str = ""
    wrong: int = 0
    row: int = -1
    cell: str = ""


def parse_numbers(
    cells: pa.Array, *, decimal: str, missing: frozenset[str], thousands: str | None = None
) -> Numbers | Text:
    """The numbers in the string array `cells` [N], or why it is text; `missing` holds lower-case words.

    `thousands` is the only sign that may stand between groups of digits, "" none, None any but `decimal`.

    >>> parse_numbers(pa.array(["1.234,5", "-", "7"]), decimal=",", missing=frozenset({"-"})).values
    array([1234.5,    nan,    7. ])
    """
    cells = pc.fill_null(pc.utf8_trim_whitespace(cells), "")
    plain = pc.match_substring_regex(cells, _plain(decimal))
    numeric = [word for word in missing if number_pattern(decimal).match(word)]
    if numeric:  # a number that the user declared missing, such as -999
        plain = pc.and_(plain, pc.invert(pc.is_in(cells, value_set=pa.array(numeric, pa.string()))))
    rest = pc.filter(cells, pc.invert(plain))
    absent = pc.is_in(pc.utf8_lower(rest), value_set=pa.array(sorted(missing), pa.string()))
    others = pc.filter(rest, pc.invert(absent))
    words = tuple(sorted(pc.unique(pc.filter(rest, absent)).to_pylist()))
    count = len(cells) - len(rest)
    if not len(others):
        if not count:
            return Numbers(np.full(len(cells), np.nan), words) if words == ("",) else Text()
        numbers = pc.filter(cells, plain)
        if _all_match(numbers.slice(0, 1), _MONTH) and _all_match(numbers, _MONTH):
            return Text()
        return _cast(_pointed(_without(cells, plain, absent, words), decimal), words, codes=True)
    group = next(
        (g for g in GROUPS if _allowed(g, decimal, thousands) and _all_match(others, _grouped(decimal, g))), ""
    )
    if group:
        bare = pc.replace_substring(_without(cells, plain, absent, words), group, "")
        return _cast(_pointed(bare, decimal), words, codes=False)
    return _read_others(cells, plain, absent, others, words, count, decimal, thousands)


def number_pattern(decimal: str) -> re.Pattern[str]:
    """A plain number with that decimal sign, for one cell at a time."""
    return re.compile(_plain(decimal), re.ASCII)


def _read_others(
    cells: pa.Array,
    plain: pa.Array,
    absent: pa.Array,
    others: pa.Array,
    words: tuple[str, ...],
    count: int,
    decimal: str,
    thousands: str | None,
) -> Numbers | Text:
    """A column in which `count` cells are plain numbers and `others` are not: numerals, or what they are instead."""
    encoded = pc.dictionary_encode(others)
    distinct = encoded.dictionary.to_pylist()
    possible = _possible(encoded.dictionary)
    numerals = [
        read_numeral(cell, decimal, thousands) if may else None for cell, may in zip(distinct, possible, strict=True)
    ]
    often = np.bincount(encoded.indices.to_numpy(), minlength=len(distinct))
    where = np.flatnonzero(~plain.to_numpy(zero_copy_only=False))[~absent.to_numpy(zero_copy_only=False)]
    bad = np.array([numeral is None for numeral in numerals])
    if bad.any():
        wrong = bad[encoded.indices.to_numpy()]
        return _few_words(others, wrong, where, len(others) - int(wrong.sum()) + count, len(cells))
    found = [numeral for numeral in numerals if numeral is not None]
    zero = bool(count) and _all_match(pc.filter(cells, plain), r"^[+-]?[0.,]*0[0.,]*$")
    settled = settle(found, often, count, plain_zero=zero)
    if isinstance(settled, str):
        first = int(where[0])
        return Text(settled, "", len(others), first, cells[first].as_py())
    spelt = pc.take(pa.array(settled.texts, pa.string()), encoded.indices)
    bare = _pointed(_without(cells, plain, absent, words), decimal)
    mask = np.zeros(len(cells), dtype=bool)
    mask[where] = True
    numbers = _cast(pc.replace_with_mask(bare, pa.array(mask), spelt), words, codes=False)
    if isinstance(numbers, Text):
        return numbers
    return Numbers(numbers.values, words, settled.unit, settled.remarks)


def _possible(cells: pa.Array) -> list[bool]:
    """Whether each cell could be a numeral at all: a quick look that spares words, dates and codes the slow one."""
    ascii_ones = pc.and_not(pc.match_substring_regex(cells, _BEGINNING), pc.match_substring_regex(cells, _DATE_LIKE))
    return pc.or_(ascii_ones, pc.match_substring_regex(cells, r"[^\x00-\x7F]")).to_pylist()


def _allowed(group: str, decimal: str, thousands: str | None) -> bool:
    return group != decimal and (thousands is None or group == thousands)


def _plain(decimal: str) -> str:
    d = re.escape(decimal)
    return rf"^(?:[+-]?(?:[0-9]+(?:{d}[0-9]*)?|{d}[0-9]+)(?:[eE][+-]?[0-9]+)?|{_INFINITE})$"


def _grouped(decimal: str, group: str) -> str:
    g = re.escape(group)
    return rf"^[+-]?[1-9][0-9]{{0,2}}(?:{g}[0-9]{{3}})+(?:{re.escape(decimal)}[0-9]*)?$"


def _all_match(cells: pa.Array, pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(cells, pattern), min_count=0).as_py()


def _without(cells: pa.Array, plain: pa.Array, absent: pa.Array, words: tuple[str, ...]) -> pa.Array:
    """The cells with null where one is a missing-value word; `absent` is about those not plain."""
    if not len(words):
        return cells
    mask = ~plain.to_numpy(zero_copy_only=False)
    mask[mask] = absent.to_numpy(zero_copy_only=False)
    return pc.if_else(pa.array(mask), pa.scalar(None, pa.string()), cells)


def _pointed(cells: pa.Array, decimal: str) -> pa.Array:
    return pc.replace_substring(cells, ",", ".") if decimal == "," else cells


def _cast(cells: pa.Array, words: tuple[str, ...], *, codes: bool) -> Numbers | Text:
    """Plain numbers with a decimal point as int64 or float64; `codes` of digits that begin with 0 stay text."""
    if not _all_match(cells, _INTEGER):
        return Numbers(np.array(pc.cast(cells, pa.float64()).to_numpy(zero_copy_only=False)), words)
    digits = pc.utf8_ltrim(cells, characters="+-")
    lengths = pc.min_max(pc.utf8_length(digits)).as_py()
    first = pc.starts_with(digits, "0")
    if codes and lengths["min"] == lengths["max"] >= 3 and pc.any(first).as_py():
        return Text(_("its digits begin with 0, as codes do"))
    if lengths["max"] >= len(_LARGEST):
        digits = pc.utf8_ltrim(digits, characters="0")
        size = pc.utf8_length(digits)
        beyond = pc.or_(
            pc.greater(size, len(_LARGEST)), pc.and_(pc.equal(size, len(_LARGEST)), pc.greater(digits, _LARGEST))
        )
        if pc.any(beyond).as_py():
            return Text(_("its integers are beyond 64 bits"))
    integers = pc.cast(pc.replace_substring(cells, "+", ""), pa.int64())
    if not words:
        return Numbers(np.array(integers.to_numpy()))
    bounds = pc.min_max(integers).as_py()
    if max(abs(bounds["min"]), abs(bounds["max"])) > _EXACT:
        return Text(_("its integers are too long for numbers with missing values among them"))
    return Numbers(np.array(pc.cast(integers, pa.float64()).to_numpy(zero_copy_only=False)), words)


def _few_words(
    others: pa.Array, wrong: npt.NDArray[np.bool_], where: npt.NDArray[np.integer], numbers: int, total: int
) -> Text:
    """A column of numbers with a few words in it is worth a remark; a column of words is not."""
    place = int(wrong.argmax())
    word, count, row = others[place].as_py(), int(wrong.sum()), int(where[place])
    if numbers < count:
        return Text("", "", count, row, word)
    shown = word if len(word) <= 40 else f"{word[:37]}..."
    alike = len(pc.unique(pc.filter(others, pa.array(wrong)))) == 1
    remedy = (
        _("if that means missing, pass {missing_option}", missing_option=option("missing", word))
        if alike
        else _("correct them")
    )
    verb, first = (_("is not a number"), "") if count == 1 else (_("are not numbers"), _("the first "))
    return Text(
        _(
            "{count:,} of {total:,} cells {verb}, {first}{shown!r}",
            count=count,
            total=total,
            verb=verb,
            first=first,
            shown=shown,
        ),
        remedy,
        count,
        row,
        word,
    )
