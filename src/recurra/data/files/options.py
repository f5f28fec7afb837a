"""What a caller says about how a file is written; what is not said is found in the file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recurra.data.files.encoding import check_encoding
from recurra.errors import InputError
from recurra.options import option

_THOUSANDS = {"none": "", "space": " ", "blank": " ", "comma": ",", "point": ".", "apostrophe": "'"}
_SIGNS = ("", ",", ".", "'", "\u2019", " ", "\u00a0", "\u202f", "_")


@dataclass(frozen=True)
class ReadingOptions:
    """The arguments of `read_table`, checked; None is to be found."""

    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    header: bool | None = None
    header_rows: int | None = None
    skip_rows: int | None = None
    footer: int | None = None
    missing: tuple[str, ...] = ()
    text: frozenset[str] = frozenset()
    sheet: str | None = None

    @property
    def own(self) -> frozenset[str]:
        """The user's words for missing, as cells are compared with them."""
        return frozenset(word.strip().lower() for word in self.missing)


def reading_options(
    *,
    separator: str | None,
    encoding: str | None,
    decimal: str | None,
    thousands: str | None,
    header: bool | None,
    header_rows: int | None,
    skip_rows: int | None,
    footer: int | None,
    missing: Iterable[str],
    text: Iterable[str],
    sheet: str | None,
) -> ReadingOptions:
    """The options, or InputError for one that cannot be used or contradicts another."""
    if decimal not in (None, ".", ","):
        raise InputError(
            f"decimal {decimal!r} cannot be used: give '.' or ',' with {option('decimal')}, or leave it out to have "
            "it found"
        )
    if decimal is not None and decimal == separator:
        raise InputError(
            f"separator and decimal are both {decimal!r}: change {option('separator')} or {option('decimal')}"
        )
    if thousands is not None:
        thousands = _THOUSANDS.get(thousands, thousands)
        if thousands not in _SIGNS:
            raise InputError(
                f"thousands {thousands!r} cannot be used: give one of ',' '.' \"'\" or the words space and none "
                f"with {option('thousands')}"
            )
        if thousands and thousands == decimal:
            raise InputError(
                f"thousands and decimal are both {decimal!r}: change {option('thousands')} or {option('decimal')}"
            )
    given = ((option("skip_rows"), skip_rows), (option("footer"), footer), (option("header_rows"), header_rows))
    for flag, number in given:
        if number is not None and number < 0:
            raise InputError(f"{flag} {number} cannot be used: give a number of lines, 0 for none")
    if header_rows is not None and header is not None and header != bool(header_rows):
        raise InputError(
            f"{option('header_rows', header_rows)} and "
            f"{option('header', header)} contradict each other: "
            "leave one of them out"
        )
    return ReadingOptions(
        separator=separator,
        encoding=encoding and check_encoding(encoding),
        decimal=decimal,
        thousands=thousands,
        header=header,
        header_rows=header_rows,
        skip_rows=skip_rows,
        footer=footer,
        missing=(missing,) if isinstance(missing, str) else tuple(missing),
        text=frozenset(text),
        sheet=sheet,
    )
