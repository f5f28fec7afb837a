"""What a caller says about how a file is written; what is not said is found in the file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recurra.data.files.encoding import check_encoding
from recurra.errors import InputError
from recurra.language import _
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
            _(
                "decimal {decimal!r} cannot be used: give '.' or ',' with {decimal_option}, or omit "
                "it to have it detected",
                decimal=decimal,
                decimal_option=option("decimal"),
            )
        )
    if decimal is not None and decimal == separator:
        raise InputError(
            _(
                "separator and decimal are both {decimal!r}: change {separator_option} or {decimal_option}",
                decimal=decimal,
                separator_option=option("separator"),
                decimal_option=option("decimal"),
            )
        )
    if thousands is not None:
        thousands = _THOUSANDS.get(thousands, thousands)
        if thousands not in _SIGNS:
            raise InputError(
                _(
                    "thousands {thousands!r} cannot be used: give one of ',' '.' \"'\" or the words space and "
                    "none with {thousands_option}",
                    thousands=thousands,
                    thousands_option=option("thousands"),
                )
            )
        if thousands and thousands == decimal:
            raise InputError(
                _(
                    "thousands and decimal are both {decimal!r}: change {thousands_option} or {decimal_option}",
                    decimal=decimal,
                    thousands_option=option("thousands"),
                    decimal_option=option("decimal"),
                )
            )
    given = ((option("skip_rows"), skip_rows), (option("footer"), footer), (option("header_rows"), header_rows))
    for flag, number in given:
        if number is not None and number < 0:
            raise InputError(
                _("{flag} {number} cannot be used: give a number of lines, 0 for none", flag=flag, number=number)
            )
    if header_rows is not None and header is not None and header != bool(header_rows):
        raise InputError(
            _(
                "{header_rows_option} and {header_option} contradict each other: leave one of them out",
                header_rows_option=option("header_rows", header_rows),
                header_option=option("header", header),
            )
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
