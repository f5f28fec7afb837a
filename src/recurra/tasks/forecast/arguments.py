"""What a Python user says of the columns of a table of series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict


class ColumnArguments(TypedDict, total=False):
    """What a DataFrame's columns are, and how they are read; what is not given is inferred.

    time         the time, or the columns of its parts
    target       what is forecast
    series       the series identifier
    past, known  covariates: known until now, known ahead
    static       what does not change within a series
    ignore       columns to ignore
    layout       "long", "wide-rows" or "wide-columns"
    freq, tz     the sampling interval, such as "h", and the time zone, such as "Europe/Berlin"
    day_first    whether 1/2/2026 is the first of February
    """

    time: str | Sequence[str] | None
    target: str | None
    series: str | None
    past: Sequence[str] | None
    known: Sequence[str] | None
    static: Sequence[str] | None
    ignore: Sequence[str] | None
    layout: str | None
    freq: str | None
    tz: str | None
    day_first: bool | None
