"""Times in words turned into a few plain spellings: "5. März 2021" becomes "5 Mar 2021", "２０２１년 3월" "2021年3月".

One language is chosen for a whole column: the one in which most of its words are names of months. What is no month,
weekday or particle stays, so that nothing is read that was not understood.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import pandas as pd

from recurra.data.time.month_names import LANGUAGES, folded, month_names, weekday_names

_ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WORD = re.compile(r"[^\W\d_]{2,}\.?")
_LETTERS = r"[^\W\d_]{2,}"
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|ers?|ère|ere|o|os|ro|do)\b\.?", re.IGNORECASE)
_PARTICLES = frozenset(
    "of the de del di do da den der des le la el year jahr uhr klo kl à год года рік року roku rok г р".split()
)
_AROUND_MONTH = re.compile(r"[\s.\-/,'’_]*\b(" + "|".join(_ENGLISH) + r")\b[\s.\-/,'’_]*")
_TRAILING = re.compile(r"\s*(?:\b[гр]\.?|年度)$")
_CJK_NUMBERS = {"十二": "12", "十一": "11", "十": "10"} | {c: str(i + 1) for i, c in enumerate("一二三四五六七八九")}
_CJK_NUMBER = re.compile("(?:第|(?<=年))?(十二|十一|十|[一二三四五六七八九])(?=[月季])|(?<=第)([一二三四])")
_WEEKDAYS = 5  # names of weekdays in a column that has each of them
_KOREAN = str.maketrans({"년": "年", "월": "月", "일": "日", "시": "时", "분": "分", "초": "秒"})
_CJK_SPACE = re.compile(r"(?<=[年月])\s+(?=\d)|\s+(?=[年月日])")
_DASHES = str.maketrans(dict.fromkeys("–—‐‑‒−", "-"))


def has_words(texts: pd.Series) -> bool:
    """Whether any of the texts holds a word or a sign beyond ASCII, so that `spelled_plainly` could change it."""
    return bool(texts.str.contains(_LETTERS, regex=True).any() or (~texts.map(str.isascii)).any())


def spelled_plainly(texts: pd.Series) -> pd.Series:
    """Distinct texts [n] with ASCII digits and dashes, English months of three letters, without weekdays or ordinals.

    >>> spelled_plainly(pd.Series(["1er févr. 2012", "２０２１年３月"])).tolist()
    ['1 Feb 2012', '2021年3月']
    """
    plain = texts.map(_plain_signs)
    found = plain.str.findall(_WORD)
    words = {folded(word) for row in found for word in row}
    replace = _replacement(words) if words else None
    return plain.map(lambda text: _plain_words(str(text), replace))


def month_of(word: str) -> int | None:
    """The number of a month that is written as a name in any language, or None."""
    name = folded(word)
    return next((months[name] for language in LANGUAGES if name in (months := month_names(language))), None)


def _plain_signs(text: str) -> str:
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text).translate(_DASHES)
    text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
    text = text.translate(_KOREAN) if any("가" <= c <= "힣" for c in text) else text
    text = _CJK_NUMBER.sub(lambda m: _CJK_NUMBERS[m[1] or m[2]], text)
    text = re.sub(r"[（(【\[][^)）】\]\d]*[)）】\]]", " ", text)  # (土), (Mon)
    return _CJK_SPACE.sub("", text).strip()


def _replacement(words: set[str]) -> Callable[[re.Match[str]], str] | None:
    """What each word becomes, in the language that knows most of them as months, then as weekdays."""
    weekdays = max((words & weekday_names(language) for language in LANGUAGES), key=len)
    if len(weekdays) >= _WEEKDAYS and not any((words - weekdays) & month_names(name).keys() for name in LANGUAGES):
        return lambda match: " " if folded(match[0]) in weekdays | _PARTICLES else match[0]  # "mar" is no March
    best, most = None, (0, 0)
    for language in LANGUAGES:
        known = len(words & month_names(language).keys()), len(words & weekday_names(language))
        if known > most:
            best, most = language, known
    months = month_names(best) if best else {}
    weekdays = (weekday_names(best) if best else frozenset()) | weekday_names("en")

    def replaced(match: re.Match[str]) -> str:
        name = folded(match[0])
        if name in months:
            return f" {_ENGLISH[months[name] - 1]} "
        return " " if name in _PARTICLES or name in weekdays else match[0]

    return replaced


def _plain_words(text: str, replace: Callable[[re.Match[str]], str] | None) -> str:
    text = _ORDINAL.sub("", re.sub(r"\([^)\d]*\)", " ", text))
    if replace is not None:
        text = _WORD.sub(replace, text)
        text = _AROUND_MONTH.sub(r" \1 ", text)
    text = _TRAILING.sub("", text)
    return re.sub(r"\s+", " ", text).strip(" ,.;")
