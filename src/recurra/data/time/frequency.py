"""The frequencies a grid can have, written as pandas writes them: "30min", "D", "B", "W-SUN", "MS", "QS-OCT", "YE-DEC".

A frequency is a count of a unit. Units below a day have a fixed length in absolute time; days, weeks, business days
and months are counted on the calendar, that is on the wall clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from recurra.errors import InputError
from recurra.language import _, mark
from recurra.options import option

MICROSECONDS = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "D": 86_400_000_000,
    "W": 7 * 86_400_000_000,
}
DAY = MICROSECONDS["D"]
EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MONTHS_PER_UNIT = {"MS": 1, "ME": 1, "QS": 3, "QE": 3, "YS": 12, "YE": 12}
_DEFAULT_ANCHOR = {"W": "SUN", "QS": "JAN", "QE": "DEC", "YS": "JAN", "YE": "DEC"}
_ALIASES = {
    **{"T": "min", "S": "s", "H": "h", "L": "ms", "U": "us", "d": "D", "b": "B", "C": "B", "w": "W"},
    **{"M": "ME", "BM": "ME", "BME": "ME", "BMS": "MS", "Q": "QE", "BQE": "QE", "BQS": "QS"},
    **{"A": "YE", "Y": "YE", "AS": "YS", "BYE": "YE", "BYS": "YS"},
    **{"second": "s", "secondly": "s", "minute": "min", "minutely": "min", "hour": "h", "hourly": "h"},
    **{"day": "D", "daily": "D", "business": "B", "week": "W", "weekly": "W", "month": "MS", "monthly": "MS"},
    **{"quarter": "QS", "quarterly": "QS", "year": "YS", "yearly": "YS", "annual": "YS"},
}
_ACCEPTED = mark('a pandas alias such as "h", "30min", "D", "B", "W-SUN", "MS", "QS-OCT" or "YS"')


@dataclass(frozen=True)
class Frequency:
    """`count` times `unit`, anchored at a weekday (weeks) or a month (quarters and years).

    >>> parse_frequency("2W"), str(parse_frequency("60min")), parse_frequency("QS").months
    (Frequency(count=2, unit='W', anchor='SUN'), 'h', 3)
    """

    count: int
    unit: str
    anchor: str = ""

    def __str__(self) -> str:
        count = "" if self.count == 1 else str(self.count)
        return f"{count}{self.unit}-{self.anchor}" if self.anchor else f"{count}{self.unit}"

    @property
    def microseconds(self) -> int | None:
        """The length of a step in microseconds; None for business days, months, quarters and years."""
        return self.count * MICROSECONDS[self.unit] if self.unit in MICROSECONDS else None

    @property
    def months(self) -> int | None:
        """The length of a step in months; None for anything shorter than a month."""
        return self.count * MONTHS_PER_UNIT[self.unit] if self.unit in MONTHS_PER_UNIT else None

    @property
    def below_day(self) -> bool:
        """Whether steps are shorter than a day, and so counted in absolute time."""
        length = self.microseconds
        return length is not None and length < DAY

    @property
    def at_end(self) -> bool:
        """Whether a step is named by the last day of its month, quarter or year."""
        return self.unit in ("ME", "QE", "YE")


def from_microseconds(length: int) -> Frequency:
    """The frequency of a fixed length below a week in its largest whole unit: 3,600,000,000 is "h"."""
    unit = next(unit for unit in ("D", "h", "min", "s", "ms", "us") if length % MICROSECONDS[unit] == 0)
    return Frequency(length // MICROSECONDS[unit], unit)


def parse_frequency(alias: str, *, flag: str = "") -> Frequency:
    """Read a frequency as users write it, old pandas aliases ("T", "H", "M") and words ("monthly") included.

    Raises `InputError` for anything else.
    """
    match = re.fullmatch(r"\s*(\d*)\s*([A-Za-z]+)(?:-([A-Za-z]{3}))?\s*", alias)
    if match is None:
        raise InputError(
            _(
                "frequency {alias!r} is not understood: expected {accepted} ({flag})",
                alias=alias,
                accepted=_(_ACCEPTED),
                flag=flag or option("freq"),
            )
        )
    unit = match[2] if match[2] in MICROSECONDS or match[2] in MONTHS_PER_UNIT else _known_unit(match[2])
    count, anchor = int(match[1] or 1), (match[3] or "").upper()
    allowed = WEEKDAYS if unit == "W" else MONTHS if unit in ("QS", "QE", "YS", "YE") else ()
    if unit is None or count < 1 or (anchor and anchor not in allowed) or (unit == "B" and count > 1):
        raise InputError(
            _(
                "frequency {alias!r} is not understood: expected {accepted} ({flag})",
                alias=alias,
                accepted=_(_ACCEPTED),
                flag=flag or option("freq"),
            )
        )
    if unit in MICROSECONDS and unit != "W":
        return from_microseconds(count * MICROSECONDS[unit])
    return Frequency(count, unit, anchor or _DEFAULT_ANCHOR.get(unit, ""))


def first_weekday(frequency: Frequency) -> int:
    """Days from 1970-01-01 to the first anchor day of a weekly frequency."""
    return (WEEKDAYS.index(frequency.anchor) - EPOCH_WEEKDAY) % 7


def first_month(frequency: Frequency) -> int:
    """The first month (January is 0) of some step of a monthly, quarterly or yearly frequency."""
    if not frequency.anchor:
        return 0
    anchor = MONTHS.index(frequency.anchor)
    return anchor + 1 if frequency.at_end else anchor


def shows_days(freq: str | None) -> bool:
    """Whether steps are days or shorter, so that a holiday is a step or several.

    >>> shows_days("D"), shows_days("15min"), shows_days("W-SUN"), shows_days(None)
    (True, True, False, False)
    """
    if freq is None or freq.isdigit():
        return False
    frequency = parse_frequency(freq)
    length = frequency.microseconds
    return (frequency.unit == "B" and frequency.count == 1) or (length is not None and length <= DAY)


def _known_unit(word: str) -> str | None:
    if word == "B":
        return word
    return _ALIASES.get(word) or _ALIASES.get(word.lower()) or (word.lower() if word.lower() in MICROSECONDS else None)
