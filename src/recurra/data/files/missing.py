"""The words by which files say that a number is missing."""

from __future__ import annotations

from collections.abc import Iterable

# Lower case, separated by blanks; a cell is compared without regard to case and to blanks around it.
_WORDS = (
    "na n/a n.a. nan -nan <na> null none nil nat n/d s/d k.a. missing nodata unknown "
    "#n/a #na #value! #div/0! #ref! #null! #num! 1.#qnan -1.#qnan 1.#ind -1.#ind "
    r"- -- --- – — ? . .. ... : * ** *** **** ***** \n 缺失 缺测 无 空 暂无"
)
MISSING_WORDS = frozenset(["", "no data", "#n/a n/a", *_WORDS.split(" ")])

_MIXED = {"nan": "NaN", "-nan": "-NaN", "nat": "NaT"}


def missing_words(more: Iterable[str] = ()) -> frozenset[str]:
    """The known words and the user's own, in lower case.

    >>> "k.a." in missing_words(), "-999" in missing_words(["-999"])
    (True, True)
    """
    return MISSING_WORDS | {word.strip().lower() for word in more}


def spellings(words: Iterable[str]) -> list[str]:
    """Each word in lower case, upper case, capitalised and as usual, for a reader that compares exactly.

    >>> spellings(["nan"])
    ['NAN', 'NaN', 'Nan', 'nan']
    """
    forms = ((word, word.upper(), word.capitalize(), word.title(), _MIXED.get(word, word)) for word in words)
    return sorted({form for spelt in forms for form in spelt})
