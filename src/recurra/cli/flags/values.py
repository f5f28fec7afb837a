"""How the text of a flag becomes values."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recurra.errors import InputError
from recurra.language import _

_WORD = re.compile(r'\s*"[^"]+"\s*(?=,|$)|[^,]+')
_QUOTED = re.compile(r'"[^"]+"')


def parse_levels(text: str) -> tuple[int, ...]:
    """Interval levels from text such as "80,95": whole per cents, ascending.

    Raises InputError for anything that is not a whole number from 2 to 99, or that occurs twice.

    Example:
        >>> parse_levels("95, 80")
        (80, 95)
    """
    words = [word.strip().removesuffix("%").strip() for word in text.split(",")]
    wrong = [word for word in words if not (word.isascii() and word.isdigit() and 2 <= int(word) <= 99)]
    if wrong:
        share = re.fullmatch(r"0?\.(\d+)", wrong[0])
        meant = _("did you mean {wrong:g}?", wrong=100 * float(wrong[0])) if share else _("write it as --levels 80,95")
        raise InputError(
            _(
                "--levels {text!r}: {wrong!r} is not a whole per cent from 2 to 99; {meant}",
                text=text,
                wrong=wrong[0],
                meant=meant,
            )
        )
    levels = tuple(sorted(map(int, words)))
    if len(set(levels)) < len(levels):
        raise InputError(
            _("--levels {text!r}: a level is there twice; write each once, as in --levels 80,95", text=text)
        )
    return levels


def parse_seasons(text: str | None) -> tuple[int, ...] | None:
    """Season lengths in steps from text such as "24,168"; None where it was not given.

    Raises InputError for anything that is not a whole number of at least 1.

    Example:
        >>> parse_seasons("24,168"), parse_seasons(None)
        ((24, 168), None)
    """
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    wrong = [word for word in words if not (word.isascii() and word.isdigit() and int(word) >= 1)]
    if wrong:
        raise InputError(
            _(
                "--season {text!r}: {wrong!r} is not a whole number of steps; write it as --season 24,168",
                text=text,
                wrong=wrong[0],
            )
        )
    return tuple(map(int, words))


def parse_widths(text: str | None) -> tuple[int, ...] | None:
    """Widths of a convolution from text such as "3,5"; none from "0"; None where it was not given.

    Raises InputError for anything that is not an odd whole number.

    Example:
        >>> parse_widths("3,5"), parse_widths("0"), parse_widths(None)
        ((3, 5), (), None)
    """
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    if words == ["0"]:
        return ()
    wrong = [word for word in words if not (word.isascii() and word.isdigit() and int(word) % 2)]
    if wrong:
        raise InputError(
            _(
                "--convolution {text!r}: {wrong!r} is not an odd whole number of steps; write it as "
                "--convolution 3,5, or 0 for none",
                text=text,
                wrong=wrong[0],
            )
        )
    return tuple(map(int, words))


def split_names(given: Sequence[str] | None, columns: Sequence[str]) -> tuple[str, ...]:
    """Names from a flag that may be repeated and may hold several, separated by commas.

    A text that is a column's whole name is that column, commas and all.

    Example:
        >>> split_names(["year,month", "sales, net"], ["year", "month", "sales, net"])
        ('year', 'month', 'sales, net')
    """
    names: list[str] = []
    for text in given or ():
        names += [text] if text in columns else [word.strip() for word in text.split(",") if word.strip()]
    return tuple(names)


def split_words(given: Sequence[str] | None) -> tuple[str, ...]:
    """Words from a flag that may be repeated and may hold several, separated by commas; a quoted one keeps its commas.

    Example:
        >>> split_words(["?,void", "-", '"12,5"'])
        ('?', 'void', '-', '12,5')
    """
    words = [word.strip() for text in given or () for word in _WORD.findall(text)]
    return tuple(word[1:-1] if _QUOTED.fullmatch(word) else word for word in words if word)


def parse_separator(text: str | None) -> str | None:
    r"""The separator that a word stands for, where a shell makes the character itself hard to type.

    Example:
        >>> parse_separator("tab"), parse_separator(";"), parse_separator(None)
        ('\t', ';', None)
    """
    return {"tab": "\t", r"\t": "\t", "space": " "}.get(text, text) if text is not None else None
