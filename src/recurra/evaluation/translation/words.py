"""Texts as words and signs and back: what the simple translators read and write."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+|[^\w\s]")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u3000-\u303f\uff00-\uffef]")
_CLOSING = set(".,;:!?)]}%\u2019\u201d\u00bb")
_OPENING = set("([{\u201c\u00ab")


def words(text: str) -> list[str]:
    """Words in small letters; each Chinese or Japanese character and each sign by itself.

    >>> words("Tom's hat, blue.")
    ['tom', "'", 's', 'hat', ',', 'blue', '.']
    """
    return _WORD.findall(text.lower())


def cased(text: str) -> list[str]:
    """As `words`, with the letters as they are."""
    return _WORD.findall(text)


def written(tokens: Sequence[str]) -> str:
    """Words as a text: blanks between them, none before a sign that closes, none between Chinese characters."""
    text, before = "", ""
    for token in tokens:
        close = token in _CLOSING or before in _OPENING or not text
        unspaced = bool(_UNSPACED.match(token)) or bool(before and _UNSPACED.match(before))
        text += token if close or unspaced else f" {token}"
        before = token
    return text
