"""Halves of letters: code points U+D800 to U+DFFF, which no encoding can write and no cutter of words can read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from recurra.errors import InputError
from recurra.language import _

_HALF = re.compile("[\ud800-\udfff]")


def refuse_halves(cells: Iterable[Any], what: str) -> None:
    """Raise `InputError` for the first text, with its row, that holds half of a letter; other cells may be anything.

    >>> refuse_halves(["a fine film", None, 3], "'text'")
    """
    for row, cell in enumerate(cells, start=1):
        if isinstance(cell, str) and not cell.isascii() and (half := _HALF.search(cell)):
            raise InputError(
                _(
                    "{what} holds half of a letter, U+{half:04X}, in row {row} (letter {letter}), which is no "
                    "text: remove it, for example with text.encode('utf-8', 'replace').decode()",
                    what=what,
                    half=ord(half.group()),
                    row=row,
                    letter=half.start() + 1,
                )
            )
