"""What there is to say about the rows of a panel: how many, from when to when, and what was done to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.panel.panel import Panel
from recurra.data.panel.placement import Order, Placement
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted, shown
from recurra.options import option, options

_LAYOUTS = {"wide-rows": "a series in each row", "wide-columns": "a series in each column", "long": ""}


def describe(
    panel: Panel,
    order: Order,
    place: Placement,
    *,
    source_rows: int,
    source_series: Sequence[str],
    moved: int,
    target: npt.NDArray[np.floating],
) -> list[Fact]:
    """The facts about time, series, target and rows; what did not happen is not mentioned."""
    schema, grid = panel.schema, panel.grid
    facts = [_time(panel)]
    has_rows = panel.lengths > 0
    if has_rows.any():
        first = grid.times(np.array([panel.start[has_rows].min()]))[0]
        last = grid.times(np.array([(panel.start + panel.lengths)[has_rows].max() - 1]))[0]
        facts.append(Fact("range", f"{_short(first)} to {_short(last)}", ""))
    if grid.tz is not None:
        facts.append(Fact("time zone", grid.tz, option("tz")))
    series = f"{len(panel):,}"
    if schema.layout != "long":
        series += f" ({_LAYOUTS[schema.layout]})"
    elif schema.series is not None:
        series += f" (column {schema.series})"
    facts.append(Fact("series", series, option("series") if schema.layout == "long" else option("layout")))
    facts.append(Fact("target", schema.target, option("target")))
    lengths = panel.lengths
    rows = f"{int(lengths.sum()):,}"
    if len(panel) > 1:
        rows += (
            f" ({lengths.min():,} to {lengths.max():,} a series)"
            if lengths.min() < lengths.max()
            else f" ({lengths[0]:,} a series)"
        )
    facts.append(Fact("rows", rows, ""))
    return facts + _mended(panel, order, place, source_rows, source_series, moved, target)


def _mended(
    panel: Panel,
    order: Order,
    place: Placement,
    source_rows: int,
    source_series: Sequence[str],
    moved: int,
    target: npt.NDArray[np.floating],
) -> list[Fact]:
    facts = []
    if order.rows is not None and panel.schema.layout == "long":
        facts.append(
            Fact("order", "rows were sorted by series and time" if len(panel) > 1 else "rows were sorted by time")
        )
    if moved:
        facts.append(
            Fact(
                "off the grid", f"{moved:,} of {source_rows:,} rows, each moved to the step it falls in", option("freq")
            )
        )
    repeated = source_rows - len(order.codes)
    if repeated:
        differing = order.disagreeing(target)
        hint = "; if the clock was put back, name the zone" if panel.grid.tz is None and _subdaily(panel) else ""
        value = (
            f"{counted(repeated, 'row')}; the mean is taken at {counted(differing, 'time')} with several values{hint}"
        )
        facts.append(
            Fact("repeated times", value, option("tz") if hint else option("freq") if moved else option("series"))
        )
    gaps = int(panel.offsets[-1]) - place.filled
    if gaps:
        facts.append(
            Fact(
                "gaps", f"{counted(gaps, 'row')} that the grid has and the data have not, left missing", option("freq")
            )
        )
    missing = int(np.isnan(panel.target).sum()) - gaps
    if missing:
        facts.append(Fact("missing target", f"{counted(missing, 'row')}, left missing"))
    lost = int(np.isnan(panel.past).sum()) - gaps * panel.past.shape[1]
    if lost > 0:
        facts.append(Fact("missing covariates", f"{counted(lost, 'value')} of past covariates, left missing"))
    ahead = int((np.diff(panel.known_offsets) - panel.lengths).min()) if len(panel) else 0
    if panel.schema.known or panel.schema.known_categorical:
        facts.append(Fact("known ahead", f"{counted(ahead, 'row')} beyond the last target", option("known")))
    bare = int((panel.lengths == 0).sum())
    if bare:
        facts.append(Fact("no target yet", f"{bare:,} series, given only what is known in advance", option("target")))
    kept = set(place.kept.tolist())
    dropped = [name for s, name in enumerate(source_series) if s not in kept]
    if dropped:
        facts.append(Fact("series without target", f"{len(dropped):,} left out: {shown(dropped, 5)}"))
    constant = _constant(panel)
    if constant:
        facts.append(Fact("constant series", f"{len(constant):,}: {shown(constant, 5)}"))
    return facts


def _time(panel: Panel) -> Fact:
    schema, grid = panel.schema, panel.grid
    freq = grid.freq or (f"steps of {grid.step}" if grid.step > 1 else "steps")
    if schema.time:
        written = f", written {schema.time_format}" if schema.time_format and "%" in schema.time_format else ""
        return Fact("time", f"{', '.join(schema.time)} ({freq}{written})", options("time", "freq"))
    if schema.time_format is not None:
        return Fact("time", f"the names of the columns ({freq})", option("freq"))
    return Fact("time", "none: rows are counted", option("time"))


def _subdaily(panel: Panel) -> bool:
    times = panel.grid.times(np.arange(2))
    return isinstance(times, pd.DatetimeIndex) and times[1] - times[0] < pd.Timedelta(days=1)


def _constant(panel: Panel) -> list[str]:
    if (panel.lengths == 0).any():
        return []  # newer rows of a table, of which nobody expects a history
    filled = panel.offsets[:-1]
    highest = np.fmax.reduceat(panel.target, filled)
    lowest = np.fmin.reduceat(panel.target, filled)
    return [panel.series[s] for s in np.flatnonzero(highest == lowest)] if len(panel) > 1 else []


def _short(time: object) -> str:
    text = str(time)
    return text.removesuffix(" 00:00:00") if isinstance(time, pd.Timestamp) and time.tz is None else text
