"""Public holidays by country, of the package `holidays`, and the days beside them: known however far ahead.

What a day is, one thing each, in the order in which the first that fits counts:

    HOLIDAY        a holiday from Monday to Friday
    AT_WEEKEND     a holiday on a Saturday or Sunday
    BEFORE, AFTER  the day before a holiday, and the day after it
    MONTH_END      the last day of a month, of business days the last of those
    MONTH_START    the first one
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError
from recurra.extras import require_package
from recurra.language import _, listing

NOTHING, HOLIDAY, AT_WEEKEND, BEFORE, AFTER, MONTH_END, MONTH_START = range(7)
EVENTS = 7  # how many codes there are

Days = npt.NDArray[np.datetime64]
Codes = npt.NDArray[np.int8]


def parse_country(text: str) -> str:
    """A country as the package `holidays` spells it, with its part if one is named: "DE", "DE-BY", "Germany".

    Raises InputError for one that it does not know, with the closest ones, and where it is not installed.

    >>> parse_country("de"), parse_country("Germany"), parse_country("DE-BY")
    ('DE', 'DE', 'DE-BY')
    """
    name, _dash, part = text.strip().partition("-")
    found = _countries().get(_plain(name)) or _countries().get(_plain(text))
    if found is None:
        raise InputError(
            _(
                "holidays of {text!r} are not known: {hint} (codes of two letters such as DE, with a state as in "
                "DE-BY, or English names)",
                text=text,
                hint=_meant(name),
            )
        )
    if not part or _plain(text) in _countries():
        return found
    parts = _parts(found)
    state = {_plain(key): key for key in parts}.get(_plain(part))
    if state is None:
        raise InputError(
            _(
                "{part!r} of {text!r} is no part of {country} whose holidays are known: expected {parts}",
                part=part,
                text=text,
                country=found,
                parts=_("one of {names}", names=listing(parts)) if parts else _("the country as a whole"),
            )
        )
    return f"{found}-{state}"


def holiday_days(country: str, first: int, last: int) -> Days:
    """The holidays of a parsed country from the year `first` to the year `last`, in order."""
    require_package("holidays")
    import holidays

    name, _dash, part = country.partition("-")
    found: Any = holidays.country_holidays(name, subdiv=part or None, years=range(first, last + 1))
    return np.array(sorted(found), dtype="datetime64[D]")


def day_codes(days: Days, countries: Sequence[str], *, month_ends: bool, business: bool) -> Codes:
    """What each of `days` [n], in any order, is in all of `countries` together; `business` days have no weekend."""
    codes = np.zeros(len(days), dtype=np.int8)
    if not len(days):
        return codes
    if month_ends:
        month = days.astype("datetime64[M]")
        first, last = month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]") - 1
        if business:
            first, last = np.busday_offset(first, 0, roll="forward"), np.busday_offset(last, 0, roll="backward")
        codes[days == first], codes[days == last] = MONTH_START, MONTH_END
    if countries:
        years = days.astype("datetime64[Y]").astype(np.int64) + 1970
        span = int(years.min()) - 1, int(years.max()) + 1
        off = np.unique(np.concatenate([holiday_days(country, *span) for country in countries]))
        weekday = (days.astype(np.int64) + 3) % 7
        before, after = (
            (np.busday_offset(off, -1, roll="forward"), np.busday_offset(off, 1, roll="backward"))
            if business
            else (off - 1, off + 1)
        )
        codes[np.isin(days, after)], codes[np.isin(days, before)] = AFTER, BEFORE
        today = np.isin(days, off)
        codes[today] = np.where(weekday[today] < 5, HOLIDAY, AT_WEEKEND)
    return codes


@lru_cache
def _countries() -> dict[str, str]:
    """Every spelling of a country, in lower case without blanks -> its code of two letters."""
    require_package("holidays")
    from holidays.registry import COUNTRIES

    found: dict[str, str] = {}
    for module, (_class, code, *more) in COUNTRIES.items():
        for name in (module, code, *more):
            found[_plain(name)] = code
    return found


def _parts(country: str) -> list[str]:
    from holidays import list_supported_countries

    return list(list_supported_countries(include_aliases=False).get(country, []))


def _meant(text: str) -> str:
    from holidays.registry import COUNTRIES

    near = difflib.get_close_matches(_plain(text), list(_countries()), n=3, cutoff=0.5)
    codes = list(dict.fromkeys(_countries()[name] for name in near))
    if not codes:
        return _("no country is called so")
    names = {code: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name) for name, code, *_more in COUNTRIES.values()}
    return _("did you mean {names}?", names=listing(f"{code} ({names[code]})" for code in codes))


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
