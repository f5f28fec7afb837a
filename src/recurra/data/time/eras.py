"""Years of calendars that are not read: said by name, so that nobody looks for the fault in a cell."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.language import mark

_WRITTEN = {
    r"พ\.?\s*ศ|\bB\.?E\.?(?![a-z])": mark("the Buddhist era (subtract 543 from the year)"),
    r"令和|平成|昭和|大正|明治|^[RHS]\d{1,2}[./-]\d": mark("the era of a Japanese emperor"),
    r"民國|民国": mark("the calendar of the Republic of China (add 1911 to the year)"),
    r"هـ|\bA\.?H\.?(?![a-z])": mark("the Islamic calendar"),
    r"ه\.?ش|فروردین|اردیبهشت|خرداد|مرداد|شهریور|آبان|بهمن|اسفند": mark("the Persian calendar"),
}
_HIJRI = (1250, 1500)
_BUDDHIST = (2420, 2700)


def era_of(text: str) -> str | None:
    """The calendar that a text names, in words, or None.

    >>> era_of("令和3年4月1日")
    'the era of a Japanese emperor'
    """
    return next((era for pattern, era in _WRITTEN.items() if re.search(pattern, text)), None)


def era_of_days(stamps: npt.NDArray[np.datetime64]) -> str | None:
    """The calendar that days [n] beyond our own years belong to, or None: nobody has a diary of 1399 or 2564."""
    years = stamps[~np.isnat(stamps)].astype("datetime64[Y]").astype(np.int64) + 1970
    if not len(years):
        return None
    if _BUDDHIST[0] <= years.min() and years.max() <= _BUDDHIST[1]:
        return mark("the Buddhist era (subtract 543 from the year)")
    if _HIJRI[0] <= years.min() and years.max() <= _HIJRI[1]:
        return mark("the Persian or the Islamic calendar")
    return None


def first_era(texts: pd.Series) -> tuple[int, str] | None:
    """The first of a few texts that names another calendar, and that calendar."""
    found = ((k, era_of(text)) for k, text in enumerate(texts.head(50)))
    return next(((k, era) for k, era in found if era is not None), None)
