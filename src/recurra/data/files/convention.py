"""What points and commas mean: the decimal sign of a file, and of each column in which it could be doubted.

`0,5` and `12,75` say that the comma is the decimal sign, `0.5` that the point is. `1.055` alone can be either: a
fraction, or one thousand and fifty-five. Where nothing else in the file decides, the column does: numbers in groups of
thousands stand beside plain numbers below 1000, end in zeros, and are of one size. A doubt that was decided is told.
"""

# pyarrow.compute makes its functions when it is imported; pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recurra.data.files.missing import MISSING_WORDS
from recurra.data.files.numerals import ascii_digits
from recurra.language import _, listing
from recurra.options import option

_BEFORE, _BEHIND = r"^[^0-9A-Za-z.,]{0,6}(?:[A-Z]{1,3}\$?)?[^0-9A-Za-z.,]{0,6}", r"[^0-9.,]{0,16}$"
_GAP = "[ '\u2019\u00a0\u202f\u2009]"
_SLICE = 2_000  # cells of each column that are looked at first
_NUMERIC = rf"{_BEFORE}[0-9.,](?:[0-9.,]|{_GAP})*(?:[eE][+-]?[0-9]+)?{_BEHIND}"
_DOTTED_DAY = r"^[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{2,4}"
_MONTH = r"^(?:0[1-9]|1[0-2])[.,](?:19|20)[0-9]{2}$"


_MISSING = pa.array(sorted(MISSING_WORDS), pa.string())


def _strong(sign: str) -> str:
    """A number in which `sign` can only be the decimal sign."""
    d, other = rf"[{sign}]", "[.]" if sign == "," else "[,]"
    return (
        rf"{_BEFORE}(?:[0-9]+{d}(?:[0-9]{{1,2}}|[0-9]{{4,}})|0?{d}[0-9]+|[0-9]{{4,}}{d}[0-9]+"
        rf"|[0-9]{{1,3}}(?:{other}[0-9]{{3}}){{2,}}|[0-9]{{1,3}}(?:(?:{other}|{_GAP})[0-9]{{3}})+{d}[0-9]+"
        rf"|[0-9]{{1,2}}(?:{other}[0-9]{{2}})+{other}[0-9]{{3}}(?:{d}[0-9]*)?|[0-9]{{1,3}}{d}[0-9]{{3}}[eE][+-]?[0-9]+)"
        rf"(?:[eE][+-]?[0-9]+)?{_BEHIND}"  # a power of ten has no thousands
    )


def _doubtful(sign: str) -> str:
    return rf"{_BEFORE}[1-9][0-9]{{0,2}}[{sign}][0-9]{{3}}{_BEHIND}"


@dataclass(frozen=True)
class Convention:
    """The decimal signs to try, best first, for a file and for columns of their own; `thousands` as given.

    `known`: the sign was given, or a number shows it for sure.
    """

    decimals: str = ".,"
    columns: Mapping[str, str] = field(default_factory=dict)
    thousands: str | None = None
    notes: tuple[str, ...] = ()
    known: bool = False

    @property
    def decimal(self) -> str:
        """The decimal sign of the file."""
        return self.decimals[0]

    def of(self, column: str) -> str:
        """The decimal signs to try for a column."""
        return self.columns.get(column, self.decimals)


@dataclass
class _Evidence:
    """How often a column shows each sign as a decimal sign for sure, and which sign could be either."""

    point: int = 0
    comma: int = 0
    doubt: str = ""
    mixed: bool = False
    grouped: bool = False
    example: str = ""


def find_convention(
    names: Sequence[str],
    columns: Sequence[pa.ChunkedArray | pa.Array],
    separator: str,
    *,
    decimal: str | None = None,
    thousands: str | None = None,
    text: Collection[str] = (),
) -> Convention:
    """The meaning of points and commas in the string `columns` [W] of N cells; what was given stands.

    Columns named in `text` say nothing. The notes name both readings of a number that has two.
    """
    if decimal is not None:
        return Convention(decimal, thousands=thousands, known=True)
    found = {n: _evidence(c) for n, c in zip(names, columns, strict=True) if n not in text}
    if thousands in (".", ","):
        return _with_thousands(found, thousands)
    point, comma = sum(e.point > 0 for e in found.values()), sum(e.comma > 0 for e in found.values())
    if not (point or comma):
        point, comma = sum(e.point for e in found.values()), sum(e.comma for e in found.values())
    known = "" if point == comma == 0 else "," if comma > point else "."
    dotted = any(_share(pc.utf8_trim_whitespace(c.slice(0, _SLICE)), _DOTTED_DAY) > 0.5 for c in columns)
    own: dict[str, str] = {}
    told: dict[tuple[str, bool], tuple[str, list[str]]] = {}
    for name, evidence in found.items():
        if evidence.point or evidence.comma:
            own[name] = ",." if evidence.comma > evidence.point else ".,"
            continue
        if not evidence.doubt:
            continue
        sign = evidence.doubt
        other = "," if sign == "." else "."
        if thousands is not None:
            own[name] = sign
            continue
        if known == other:
            continue  # the rest of the file says it
        groups = evidence.mixed and evidence.grouped if known else _groups(evidence, sign, separator, dotted=dotted)
        if groups or not known:
            own[name] = (other if groups else sign) + (sign if groups else other)
        told.setdefault((sign, groups), (evidence.example, []))[1].append(name)
    first = known or next((signs[0] for signs in own.values()), ".")
    notes = tuple(_note(sign, groups, *seen, known=bool(known)) for (sign, groups), seen in told.items())
    return Convention(
        first + (",." if first == "." else ".,").replace(first, ""), own, thousands, notes, known=bool(known)
    )


def _with_thousands(found: Mapping[str, _Evidence], sign: str) -> Convention:
    """The other sign is the decimal sign, but in columns in which `sign` can be nothing else."""
    other = "," if sign == "." else "."
    own = [
        name
        for name, evidence in found.items()
        if (evidence.point if sign == "." else evidence.comma) > (evidence.comma if sign == "." else evidence.point)
    ]
    notes = (
        _(
            "{sign!r} was read as the decimal sign in {own}, where it cannot separate thousands",
            sign=sign,
            own=_columns(own),
        ),
    )
    return Convention(other, dict.fromkeys(own, sign), sign, notes if own else (), known=True)


def _groups(evidence: _Evidence, sign: str, separator: str, *, dotted: bool) -> bool:
    """Whether a sign that could be either stands between thousands."""
    if evidence.mixed:
        return evidence.grouped
    if sign == ".":  # every number has three digits behind the point
        return dotted
    return separator != ";" and not dotted


def _evidence(column: pa.ChunkedArray | pa.Array) -> _Evidence:
    found = _Evidence()
    head = _present(column.slice(0, _SLICE))
    if _share(head, _NUMERIC) < 0.5 or _share(head, _MONTH) == 1.0:
        return found
    found.point, found.comma = _count(head, _strong(".")), _count(head, _strong(","))
    if found.point or found.comma:
        return found
    if not pc.any(pc.match_substring_regex(column, "[.,]"), min_count=0).as_py():
        return found
    cells = _present(column)
    for sign in ".,":
        if not pc.any(pc.match_substring(cells, sign), min_count=0).as_py():
            continue
        found.point += _count(cells, _strong("."))
        found.comma += _count(cells, _strong(","))
        if found.point or found.comma:
            return found
        doubtful = pc.filter(cells, pc.match_substring_regex(cells, _doubtful(sign)))
        if len(doubtful):
            plain = pc.filter(cells, pc.match_substring_regex(cells, rf"{_BEFORE}[0-9]+{_BEHIND}"))
            found.doubt, found.example = sign, doubtful[0].as_py()
            found.mixed = len(plain) > 0
            found.grouped = found.mixed and _like_thousands(doubtful, plain)
            return found
    return found


def _like_thousands(doubtful: pa.ChunkedArray | pa.Array, plain: pa.ChunkedArray | pa.Array) -> bool:
    """Whether `1.055` beside `888` is more likely 1055: none of the others reaches 1000, and all are of one size."""
    whole = np.abs(np.array(_digits(plain), dtype=float))
    if whole.max() >= 1000:
        return False
    if pc.any(pc.match_substring_regex(doubtful, r"0[^0-9]*$")).as_py():
        return True  # a fraction would not end in zero beside numbers without one
    thousands = np.array(_digits(doubtful), dtype=float)
    sizes = whole[whole > 0]
    if not len(sizes):
        return False
    return _spread(thousands, sizes) <= _spread(thousands / 1000, sizes)


def _digits(cells: pa.ChunkedArray | pa.Array) -> list[str]:
    return pc.replace_substring_regex(cells, r"[^0-9]", "").to_pylist()


def _spread(some: np.ndarray, others: np.ndarray) -> float:
    return float(np.std(np.log10(np.concatenate([some, others]))))


def _note(sign: str, groups: bool, example: str, names: list[str], *, known: bool) -> str:
    """What a number that has two meanings was read as; `known` where other columns have decimals with this sign."""
    other = "," if sign == "." else "."
    whole, fraction = example.replace(sign, ""), example.replace(sign, ".")
    read, else_ = (whole, fraction) if groups else (fraction, whole)
    flag = (
        option("thousands", sign)
        if known
        else _(
            "{decimal_option} or {thousands_option}",
            decimal_option=option("decimal", other),
            thousands_option=option("thousands", sign),
        )
    )
    return _(
        "{example!r} in {names} was read as {read}; if it means {otherwise}, pass {decimal_option}",
        example=example,
        names=_columns(names),
        read=read,
        otherwise=else_,
        decimal_option=option("decimal", sign) if groups else flag,
    )


def _columns(names: list[str]) -> str:
    shown = listing(map(repr, names[:6])) + (_(" and {n_names} more", n_names=len(names) - 6) if len(names) > 6 else "")
    return _("column {names}", names=shown) if len(names) == 1 else _("columns {names}", names=shown)


def _count(cells: pa.ChunkedArray | pa.Array, pattern: str) -> int:
    return pc.sum(pc.match_substring_regex(cells, pattern), min_count=0).as_py()


def _share(cells: pa.ChunkedArray | pa.Array, pattern: str) -> float:
    """The share of the first cells that match."""
    head = cells.slice(0, _SLICE)
    return _count(head, pattern) / len(head) if len(head) else 0.0


def _present(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """The cells that are not missing, with digits of other scripts as ASCII."""
    cells = pc.fill_null(pc.utf8_trim_whitespace(column), "")
    cells = pc.filter(cells, pc.invert(pc.is_in(pc.utf8_lower(cells), value_set=_MISSING)))
    if not pc.any(pc.match_substring_regex(cells, r"[^\x00-\x7F]"), min_count=0).as_py():
        return cells
    return pa.array([ascii_digits(cell) for cell in cells.to_pylist()], pa.string())
