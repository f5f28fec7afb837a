"""What is known of any step of a panel in advance: the waves of its calendar, holidays, and ends of months.

Series of different countries have different calendars; a panel has a group of series for each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.data.panel.panel import Ints, Panel, Schema
from recurra.data.time.calendar import calendar_features
from recurra.data.time.frequency import parse_frequency
from recurra.data.time.grid import Grid
from recurra.data.time.holidays import (
    AFTER,
    AT_WEEKEND,
    BEFORE,
    HOLIDAY,
    MONTH_END,
    MONTH_START,
    Codes,
    day_codes,
    parse_country,
)
from recurra.errors import InputError

Floats = npt.NDArray[np.float32]

_HOLIDAYS = (("holiday", (HOLIDAY, AT_WEEKEND)), ("day before a holiday", (BEFORE,)), ("day after a holiday", (AFTER,)))
_ENDS = (("month end", (MONTH_END,)), ("month start", (MONTH_START,)))


def calendar_names(schema: Schema, grid: Grid) -> tuple[str, ...]:
    """The names of the features of `PanelCalendar.features`."""
    waves = calendar_features(grid, np.zeros(0, dtype=np.int64))[1]
    return (*waves, *event_names(schema))


def event_names(schema: Schema) -> tuple[str, ...]:
    """The last of these: what tells holidays and ends of months apart."""
    return tuple(name for name, _codes in _events(schema))


@dataclass(frozen=True, eq=False)
class PanelCalendar:
    """The calendars of a panel: `groups` [S] says which of `countries` holds for each series."""

    grid: Grid
    schema: Schema
    groups: Ints
    countries: tuple[tuple[str, ...], ...]

    def features(self, group: int, positions: Ints) -> Floats:
        """Of grid positions [n], for the series of a group: float32 [n, K]."""
        waves = calendar_features(self.grid, positions)[0]
        if not self.schema.has_events:
            return waves
        codes = self.codes(group, positions)
        events = [np.isin(codes, of).astype(np.float32) for _name, of in _events(self.schema)]
        return np.concatenate([waves, np.stack(events, axis=1)], axis=1)

    def codes(self, group: int, positions: Ints) -> Codes:
        """What each of the positions [n] is (`data.time.holidays`), for the series of a group."""
        days = self.grid.wall(positions).astype("datetime64[D]")
        frequency = parse_frequency(self.grid.freq or "")
        distinct, place = np.unique(days, return_inverse=True)
        ends, business = self.schema.month_ends, frequency.unit == "B"
        return day_codes(distinct, self.countries[group], month_ends=ends, business=business)[place]


def panel_calendar(panel: Panel) -> PanelCalendar:
    """The calendars of the series of a panel."""
    schema, count = panel.schema, len(panel)
    by = schema.holidays_by
    if by is None:
        return PanelCalendar(panel.grid, schema, np.zeros(count, dtype=np.int64), (schema.holidays,))
    if by in schema.static_categorical:
        codes = panel.static_codes[:, schema.static_categorical.index(by)].astype(np.int64)
        names: tuple[str, ...] = schema.categories[by]
    else:
        names, codes = tuple(dict.fromkeys(panel.series)), np.arange(count, dtype=np.int64)
    known = [*((*schema.holidays, *_country(name)) for name in names), schema.holidays]
    distinct = tuple(dict.fromkeys(known))
    groups = np.array([distinct.index(countries) for countries in known], dtype=np.int64)
    return PanelCalendar(panel.grid, schema, groups[np.where(codes < 0, len(names), codes)], distinct)


def event_codes(panel: Panel, ahead: int) -> list[Codes] | None:
    """What each step of each series is (`data.time.holidays`), to `ahead` steps after its end; None: all alike."""
    if not panel.schema.has_events:
        return None
    calendar = panel_calendar(panel)
    first, last = int(panel.start.min()), int((panel.start + panel.lengths).max()) + ahead
    every = np.arange(first, last)
    tables = [calendar.codes(group, every) for group in range(len(calendar.countries))]
    begin = panel.start - first
    return [
        tables[group][at : at + length + ahead]
        for group, at, length in zip(calendar.groups, begin, panel.lengths, strict=True)
    ]


def _country(name: str) -> tuple[str, ...]:
    """The country of a series; none where a later series has a name that is none."""
    try:
        return (parse_country(name),)
    except InputError:
        return ()


def _events(schema: Schema) -> tuple[tuple[str, tuple[int, ...]], ...]:
    has_holidays = bool(schema.holidays) or schema.holidays_by is not None
    return (*(_HOLIDAYS if has_holidays else ()), *(_ENDS if schema.month_ends else ()))
