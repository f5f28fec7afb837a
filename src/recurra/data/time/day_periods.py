"""Numbered periods of a day beside a date: 1 to 48 for half-hours, as electricity markets count them.

A period is told by its number, and begins that many periods after midnight in absolute time: a day on which the clock
is put back has 50 half-hours, one on which it is put forward 46.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.data.time.frequency import DAY
from recurra.data.time.zones import first_of
from recurra.errors import InputError
from recurra.language import _
from recurra.options import flag, option, using, ways

Stamps = npt.NDArray[np.datetime64]

_COUNTS = {24: 1, 48: 2, 96: 4}  # periods of a day, and by how many a change of clocks makes it longer or shorter
_FULL = 0.8  # share of the days that have all periods, one more hour of them, or one less
_STORED = re.compile(r"(.*) \+ periods (\d+) a day from ([01])")


@dataclass(frozen=True)
class DayPeriods:
    """`count` periods a day (24, 48 or 96), of which the first has the number `first`, 0 or 1."""

    count: int
    first: int = 1

    @property
    def minutes(self) -> int:
        """The length of a period."""
        return 1440 // self.count

    def stored(self, format: str | None) -> str:
        """The format of the dates with what a later file must be read with.

        >>> DayPeriods(48).stored("%Y-%m-%d"), unstored("%Y-%m-%d + periods 48 a day from 1")
        ('%Y-%m-%d + periods 48 a day from 1', ('%Y-%m-%d', DayPeriods(count=48, first=1)))
        """
        return f"{format or ''} + periods {self.count} a day from {self.first}"


def unstored(format: str | None) -> tuple[str | None, DayPeriods | None]:
    """The format of the dates and the periods that `DayPeriods.stored` wrote; any other format as it is."""
    found = _STORED.fullmatch(format or "")
    return (format, None) if found is None else (found[1] or None, DayPeriods(int(found[2]), int(found[3])))


def find_periods(days: npt.NDArray[np.integer], values: npt.NDArray[np.floating]) -> DayPeriods | None:
    """What `values` [n] count on the days numbered `days` [n], or None where they are no periods of a day.

    >>> find_periods(np.repeat([0, 1], 48), np.tile(np.arange(1.0, 49), 2))
    DayPeriods(count=48, first=1)
    """
    if not len(values) or not np.isfinite(values).all() or (values != np.floor(values)).any():
        return None
    first, last = int(values.min()), int(values.max())
    if first not in (0, 1) or last > 100:
        return None
    pairs = np.unique(days.astype(np.int64) * 128 + values.astype(np.int64))
    sizes = np.unique(pairs // 128, return_counts=True)[1]
    for count, hour in _COUNTS.items():
        if last - first + 1 > count + hour:
            continue
        full = np.isin(sizes, (count - hour, count, count + hour))
        inner = full[1:-1] if len(full) > 2 else full  # the first and the last day may be cut short
        if len(inner) and inner.mean() >= _FULL and (sizes == count).any():
            return DayPeriods(count, first)
    return None


def begin(
    midnight: Stamps, values: npt.NDArray[np.int64], periods: DayPeriods, column: str, source: str, tz: str | None
) -> tuple[Stamps, bool]:
    """The beginnings of periods [n] of the days at `midnight` [n], and whether they are absolute times.

    With a zone they are; without one they are those of the wall clock, and a day cannot have more than `count`.
    """
    number = values - periods.first
    most = periods.count + (_COUNTS[periods.count] if tz is not None else 0)
    wrong = (number < 0) | (number >= most)
    if wrong.any():
        row = int(wrong.argmax())
        later = periods.count <= number[row] < periods.count + _COUNTS[periods.count]
        zone = using("if that is a day on which the clock was put back, name the zone with {}", "tz") if later else ""
        raise InputError(
            _(
                "column {column!r} of {source} holds {value} in row {row}, which is no period of a day "
                "of {count}: expected {first} to {last}; {remedy}",
                column=column,
                source=source,
                value=values[row],
                row=row + 1,
                count=periods.count,
                first=periods.first,
                last=periods.first + periods.count - 1,
                remedy=ways(_("correct it"), zone),
            )
        )
    length = (number * (DAY // periods.count)).astype("timedelta64[us]")
    return (midnight + length, False) if tz is None else (first_of(midnight, tz) + length, True)


def period_facts(
    midnight: Stamps, values: npt.NDArray[np.int64], periods: DayPeriods, columns: list[str], tz: str | None
) -> list[Fact]:
    """How the periods were read, and days that are an hour short although no zone is named."""
    said = _(
        "{column}: {count} a day of {minutes} min, {first} begins at 00:00",
        column=columns[-1],
        count=periods.count,
        minutes=periods.minutes,
        first=periods.first,
    )
    facts = [Fact("periods of a day", said, option("time", columns[:-1]) if flag("time") else "")]
    if tz is None:
        sizes = np.unique(np.unique(np.stack([midnight.astype(np.int64), values]), axis=1)[0], return_counts=True)[1]
        short = int((sizes[1:-1] == periods.count - _COUNTS[periods.count]).sum())
        if short:
            length = periods.count - _COUNTS[periods.count]
            said = _(
                "{days} of {length} periods, counted from midnight; if the clock was put forward, name the zone",
                days=counted(short, "day"),
                length=length,
            )
            facts.append(Fact("check the clock", said, flag("tz")))
    return facts
