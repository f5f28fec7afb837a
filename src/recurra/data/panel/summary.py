"""What there is to say about the rows of a panel: how many, from when to when, and what was done to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.panel.panel import Panel
from recurra.data.panel.placement import Order, Placement
from recurra.data.panel.rows import Placed
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted, shown
from recurra.data.time.frequency import parse_frequency
from recurra.data.time.opening import opening_in_words
from recurra.language import _, listing
from recurra.options import flag, flags

_LAYOUTS = {"wide-rows": "a series in each row", "wide-columns": "a series in each column", "long": ""}


def describe(
    panel: Panel,
    order: Order,
    place: Placement,
    *,
    source_rows: int,
    source_series: Sequence[str],
    placed: Placed,
    target: npt.NDArray[np.floating],
) -> list[Fact]:
    """The facts about time, series, target and rows; what did not happen is not mentioned."""
    schema, grid = panel.schema, panel.grid
    facts = [_time(panel)]
    has_rows = panel.lengths > 0
    if has_rows.any():
        first = grid.times(np.array([panel.start[has_rows].min()]))[0]
        last = grid.times(np.array([(panel.start + panel.lengths)[has_rows].max() - 1]))[0]
        facts.append(Fact("range", _("{first} to {last}", first=_short(first), last=_short(last)), ""))
    if grid.tz is not None:
        facts.append(Fact("time zone", grid.tz, flag("tz")))
    series = f"{len(panel):,}"
    if schema.layout != "long":
        series += f" ({_LAYOUTS[schema.layout]})"
    elif schema.series is not None:
        series += _(" (column {series})", series=schema.series)
    facts.append(Fact("series", series, flag("series") if schema.layout == "long" else flag("layout")))
    facts.append(Fact("target", schema.target, flag("target")))
    lengths = panel.lengths
    rows = f"{int(lengths.sum()):,}"
    if len(panel) > 1:
        rows += (
            _(" ({least:,} to {most:,} a series)", least=lengths.min(), most=lengths.max())
            if lengths.min() < lengths.max()
            else _(" ({n:,} a series)", n=lengths[0])
        )
    if not lengths.any() and source_rows:
        rows = _("{n}, no value of the target is known", n=f"{source_rows:,}")
    facts.append(Fact("rows", rows, ""))
    facts += _counting(panel, placed)
    return facts + _repaired(panel, order, place, source_rows, source_series, placed, target)


def _counting(panel: Panel, placed: Placed) -> list[Fact]:
    """What the steps are, where they are not simply all of a frequency."""
    grid, facts = panel.grid, []
    if grid.counting.opening:
        frequency = parse_frequency(grid.freq or "")
        words = opening_in_words(grid.counting.opening, frequency, grid.phase)
        left = (
            ""
            if placed.closed is None
            else _("; {rows} outside ignored", rows=counted(int(placed.closed.sum()), "row"))
        )
        facts.append(
            Fact("opening hours", _("{words}: only these steps count{left}", words=words, left=left), flag("all_hours"))
        )
    lost = _skipped(panel)
    if placed.folded or lost:
        twice = (
            [_("{rows} of an hour shown twice joined with the first", rows=counted(placed.folded, "row"))]
            if placed.folded
            else []
        )
        never = [_("{steps} that the clock skipped without a value", steps=counted(lost, "step"))] if lost else []
        facts.append(
            Fact(
                "clock changes",
                _(
                    "hours of the wall clock count: {twice}",
                    twice=listing(twice * bool(placed.folded) + never * bool(lost)),
                ),
                flag("tz"),
            )
        )
    return facts


def _skipped(panel: Panel) -> int:
    """Steps of the series that never were, because the clock was put forward."""
    if not len(panel):
        return 0
    ends = panel.start + panel.lengths
    lost = panel.grid.skipped(int(panel.start.min()), int(ends.max()))
    return int((np.searchsorted(lost, ends) - np.searchsorted(lost, panel.start)).sum())


def _repaired(
    panel: Panel,
    order: Order,
    place: Placement,
    source_rows: int,
    source_series: Sequence[str],
    placed: Placed,
    target: npt.NDArray[np.floating],
) -> list[Fact]:
    facts = []
    if order.rows is not None and panel.schema.layout == "long":
        facts.append(
            Fact("order", _("rows were sorted by series and time") if len(panel) > 1 else _("rows were sorted by time"))
        )
    moved = placed.moved
    if moved:
        step = _("the nearest step") if panel.grid.counting.nearest else _("the step it falls in")
        facts.append(
            Fact(
                "off the grid",
                _(
                    "{moved:,} of {source_rows:,} rows, each moved to {step}",
                    moved=moved,
                    source_rows=source_rows,
                    step=step,
                ),
                flag("freq"),
            )
        )
    repeated = source_rows - len(order.codes) - placed.folded
    if repeated > 0:
        differing = order.disagreeing(target)
        hint = _("; if the clock was put back, name the zone") if panel.grid.tz is None and _subdaily(panel) else ""
        known = {"rows": counted(repeated, "row"), "times": counted(differing, "time"), "hint": hint}
        if differing:
            value = _(
                "{rows} with a time that another row has; at {times} the values differ, and their mean is taken{hint}",
                **known,
            )
        else:
            value = _(
                "{rows} with a time that another row has, and no other value: each time counts once{hint}", **known
            )
        facts.append(Fact("repeated times", value, flag("tz") if hint else flag("freq") if moved else flag("series")))
    gaps = int(panel.offsets[-1]) - place.filled
    unmeasured = gaps - _skipped(panel)
    if unmeasured > 0:
        facts.append(
            Fact(
                "gaps",
                _("{rows} that the grid has and the data have not, left missing", rows=counted(unmeasured, "row")),
                flag("freq"),
            )
        )
    missing = int(np.isnan(panel.target).sum()) - gaps
    if missing:
        facts.append(Fact("missing target", _("{rows}, left missing", rows=counted(missing, "row"))))
    lost = sum(int(np.isnan(column).sum()) for column in panel.past.T) - gaps * panel.past.shape[1]
    if lost > 0:
        facts.append(
            Fact("missing covariates", _("{values} of past covariates, left missing", values=counted(lost, "value")))
        )
    if panel.schema.known or panel.schema.known_categorical:
        facts.append(Fact("known-future values", _known_future(panel), flag("known")))
    bare = int((panel.lengths == 0).sum())
    if bare:
        facts.append(
            Fact("no target yet", _("{bare:,} series, given known-future covariates only", bare=bare), flag("target"))
        )
    kept = set(place.kept.tolist())
    dropped = [name for s, name in enumerate(source_series) if s not in kept]
    if dropped:
        facts.append(
            Fact(
                "series without target",
                _("{n_dropped:,} ignored: {dropped}", n_dropped=len(dropped), dropped=shown(dropped, 5)),
            )
        )
    constant = _constant(panel)
    if constant:
        facts.append(Fact("constant series", f"{len(constant):,}: {shown(constant, 5)}"))
    return facts


def _known_future(panel: Panel) -> str:
    """How far the known-future covariates reach, and where they have no value."""
    schema = panel.schema
    first, last = panel.known_offsets[:-1] + panel.lengths, panel.known_offsets[1:]
    reach = int((last - first).min()) if len(panel) else 0
    said = _("{steps} beyond the last target", steps=counted(reach, "step"))
    if not reach:
        return _("{said}: in the horizon every value is missing", said=said)
    rows = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)])
    total = _("them") if len(panel) == 1 else _("the {n_rows:,} of all series", n_rows=len(rows))
    lacking = {
        name: int(missing.sum())
        for names, array in ((schema.known, panel.known), (schema.known_categorical, panel.known_codes))
        for name, missing in zip(names, _missing(array[rows]).T, strict=True)
    }
    holes = [
        _("{name} is missing at {count:,} of {total}", name=name, count=count, total=total)
        for name, count in lacking.items()
        if count
    ]
    return "; ".join([said, *holes])


def _missing(array: npt.NDArray) -> npt.NDArray[np.bool_]:
    return array < 0 if array.dtype.kind == "i" else np.isnan(array)


def _written(time_format: str | None) -> str:
    """How times are written; of periods also what stands for them in results, which have dates."""
    if time_format in ("week", "year-week"):
        return _(", ISO weeks, given back as the dates of their Mondays")
    if time_format in ("quarter", "year-quarter", "half-year", "fiscal year"):
        return _(", given back as the dates of their first days")
    return _(", dates written {time_format}", time_format=time_format) if time_format and "%" in time_format else ""


def _time(panel: Panel) -> Fact:
    schema, grid = panel.schema, panel.grid
    freq = grid.freq or (_("steps of {step}", step=grid.step) if grid.step > 1 else "steps")
    if schema.time:
        return Fact("time", f"{listing(schema.time)} ({freq}{_written(schema.time_format)})", flags("time", "freq"))
    if schema.time_format is not None:
        return Fact("time", _("the names of the columns ({freq})", freq=freq), flag("freq"))
    return Fact("time", _("none: rows are counted"), flag("time"))


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
