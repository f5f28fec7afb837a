"""The reader's language: English, or Chinese, for pages, verdicts, tables and messages.

A text stands in the code in English, as a template with named fields, and is looked up when it is shown:
`_("{n} rows of {name}", n=3, name="a.csv")`. Its translation is in `locale/zh/LC_MESSAGES/recurra.po` (GNU gettext;
`python -m tests.catalogues` brings that up to date); without one the English text is shown. Identifiers, the columns of
files and the flags of the command line stay English.

The language is the one that was set, else that of RECURRA_LANGUAGE, else that of the machine's locale, else English.
"""

from __future__ import annotations

import gettext
import os
import re
import string
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from types import TracebackType
from typing import Any

LANGUAGES = ("en", "zh")
VARIABLE = "RECURRA_LANGUAGE"
DOMAIN = "recurra"
_LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides, as for gettext
_IDEOGRAPH = re.compile("[\u4e00-\u9fff]")
_SPAN = re.compile(r"(\d+)-(\w+) step")

_set: str | None = None


class set_language:  # called as a function, used as a block
    """Show pages and messages in "en" or "zh"; None: as RECURRA_LANGUAGE or the locale says.

    As a context manager the former language comes back after the block. Raises InputError for another language.

    >>> with set_language("zh"):
    ...     language()
    'zh'
    """

    def __init__(self, name: str | None) -> None:
        global _set
        if name is not None and name not in LANGUAGES:
            from recurra.errors import InputError

            raise InputError(
                _(
                    "language is {name!r}: expected {languages}",
                    name=name,
                    languages=_(" or ").join(map(repr, LANGUAGES)),
                )
            )
        self._before, _set = _set, name

    def __enter__(self) -> set_language:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _set
        _set = self._before


def language() -> str:
    """The language in force: "en" or "zh"."""
    if _set is not None:
        return _set
    wanted = os.environ.get(VARIABLE) or next(filter(None, map(os.environ.get, _LOCALES)), "")
    return "zh" if wanted.lower().startswith("zh") else "en"


def mark(text: str) -> str:
    """The text as it is, marked for translation: for constants, which are looked up where they are shown."""
    return text


def _(text: str, /, **fields: Any) -> str:
    """The text in the reader's language, its `{fields}` filled in."""
    found = _catalogue(language()).gettext(text) if text else ""
    return _filled(found, fields) if fields else found


def several(one: str, many: str, number: int, /, **fields: Any) -> str:
    """The text for one or for several, `{n}` being the number, with its thousands in groups."""
    found = _catalogue(language()).ngettext(one, many, number)
    return _filled(found, {"n": f"{number:,}", **fields})


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number of things: `1 series`, `1,024 rows`, `1,024 行`.

    The nouns that can be counted in Chinese are in `nouns.py`; another one keeps its English form.
    """
    english = f"{number:,} {noun if number == 1 else plural or noun + 's'}"
    span = _SPAN.fullmatch(noun)
    if language() == "en":
        return english
    if span is not None:
        return _("{n} steps of {span}", n=f"{number:,}", span=counted(int(span[1]), span[2]))
    template = "{n} " + noun
    found = _catalogue(language()).gettext(template)
    return english if found == template else found.format(n=f"{number:,}")


def _filled(template: str, fields: dict[str, Any]) -> str:
    """The template with its fields; in Chinese a blank stands between its letters and Latin ones, or digits."""
    if language() == "en":
        return template.format(**fields)
    text = ""
    for literal, name, spec, conversion in string.Formatter().parse(template):
        text = _beside(text, literal)
        if name is not None:
            field = f"{{0{f'!{conversion}' if conversion else ''}{f':{spec}' if spec else ''}}}"
            text = _beside(text, field.format(fields[name]))
    return text


def _beside(left: str, right: str) -> str:
    """Two parts of a Chinese text, with a blank between them where one has to stand there."""
    if not left or not right:
        return left + right
    ends = left[-1], right[0]
    apart = any(_IDEOGRAPH.match(one) and other.isascii() and other.isalnum() for one, other in (ends, ends[::-1]))
    return f"{left} {right}" if apart else left + right


def unit_name(noun: str) -> str:
    """What a step is called by itself: `week`, `30-minute step`."""
    span = _SPAN.fullmatch(noun)
    if span is None or language() == "en":
        return _(noun)
    return _("step of {span}", span=counted(int(span[1]), span[2]))


def listing(parts: Iterable[object]) -> str:
    """`a, b, c`; in Chinese `a、b、c`."""
    return _(", ").join(map(str, parts))


def joined(parts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return _("{first} and {last}", first=listing(parts[:-1]), last=parts[-1])


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    if name == "en":
        return gettext.NullTranslations()
    place = files("recurra").joinpath("locale", name, "LC_MESSAGES", f"{DOMAIN}.mo")
    if not place.is_file():
        return gettext.NullTranslations()
    with place.open("rb") as stream:
        return gettext.GNUTranslations(stream)
