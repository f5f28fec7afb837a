"""Whether the first and last days of months stand out in daily data: learnt from one half, seen in the other.

Rents, wages and closings fall on them. As with seasons, only what one part of the past tells of the other part counts.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recurra.data.panel.calendar import event_codes
from recurra.data.panel.panel import Ints, Panel
from recurra.data.time.frequency import parse_frequency, shows_days
from recurra.data.time.holidays import MONTH_END, MONTH_START
from recurra.evaluation.forecast.events import learnt_changes

_SERIES = 64  # that are looked at, evenly spaced
_LEAST_MONTHS = 12
_LEAST = 0.1  # share of the squared changes on such days that the other half must tell
_DAYS = (MONTH_START, MONTH_END)


def with_month_ends(panel: Panel, known: Panel) -> Panel:
    """The panel, its schema saying that months' ends count if they do in `known`, the part that may be looked at."""
    if panel.schema.month_ends or not _daily(panel) or not month_ends_count(known):
        return panel
    return replace(panel, schema=replace(panel.schema, month_ends=True))


def month_ends_count(panel: Panel) -> bool:
    """Whether they do in most of the series that are long enough to tell."""
    chosen = np.unique(np.linspace(0, len(panel) - 1, min(len(panel), _SERIES)).astype(int))
    part = _only(panel, chosen)
    events = event_codes(replace(part, schema=replace(part.schema, month_ends=True)), 0)
    assert events is not None
    week = 5 if parse_frequency(panel.grid.freq or "").unit == "B" else 7
    shares = [_share(part.values(s), codes, week) for s, codes in enumerate(events)]
    told = [share for share in shares if share is not None]
    return 2 * len(told) >= len(shares) and float(np.median(told)) > _LEAST


def _share(values: np.ndarray, codes: np.ndarray, week: int) -> float | None:
    days, change = learnt_changes(np.asarray(values, dtype=np.float64), codes, week)
    kinds = codes[days]
    later = days >= len(values) // 2
    before = after = 0.0
    for kind in _DAYS:
        for learn in (later, ~later):
            seen, tested = change[(kinds == kind) & learn], change[(kinds == kind) & ~learn]
            if min(len(seen), len(tested)) < _LEAST_MONTHS // 2:
                return None
            before += float((tested**2).sum())
            after += float(((tested - np.median(seen)) ** 2).sum())
    return 1.0 - after / before if before > 0 else None


def _daily(panel: Panel) -> bool:
    freq = panel.grid.freq
    return shows_days(freq) and not parse_frequency(freq or "").below_day and not panel.grid.counting.opening


def _only(panel: Panel, chosen: Ints) -> Panel:
    ends = np.zeros(len(panel), dtype=np.int64)
    ends[chosen] = panel.lengths[chosen]
    return panel.cut(ends) if len(chosen) < len(panel) else panel
