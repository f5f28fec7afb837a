"""Sessions of a server that forecast: each is a series, whose rows come one at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from recurra.errors import InputError
from recurra.language import _, listing, mark
from recurra.tasks.forecast.streaming import ForecastStreams
from recurra.tasks.plain import number, records
from recurra.tasks.slots import Slots

_UNSURE = mark("too few rows are known to tell how wide the intervals must be")


class ForecastSlots(Slots):
    """A row is a value, or a mapping of columns to values; with columns of times, or "time", it says when it is, with
    "ahead" what is known of the steps to come.
    """  # fmt: skip

    def __init__(self, streams: ForecastStreams, known: Sequence[str], target: str, levels: Sequence[float]) -> None:
        """`known` are the series of the model, `target` the column that is forecast."""
        super().__init__(streams.batch)
        self._streams, self._known, self._target, self.levels = streams, set(known), target, tuple(levels)

    @property
    def streams(self) -> ForecastStreams:
        return self._streams

    def begin(self, slot: int, series: str | None) -> None:
        if series is not None and series not in self._known:
            some = listing(map(repr, sorted(self._known)[:5]))
            raise InputError(
                _("series is {series!r}, which the model does not know: expected one such as {some}, or none",
                  series=series, some=some)
            )  # fmt: skip
        self._streams.begin_as(slot, series)

    def together(self, slots: Sequence[int], rows: Sequence[Any]) -> list[Any]:
        given = [dict(row) if isinstance(row, Mapping) else {self._target: row} for row in rows]
        time_apart = "time" not in self._streams.time_columns  # which are read as in the data, of several rows at once
        alone = len(given) > 1 and any((time_apart and "time" in row) or "ahead" in row for row in given)
        if alone:  # each has a time of its own
            raise InputError(_("rows with times must be sent one at a time, each in its own request"))
        time, ahead = given[0].pop("time", None) if time_apart else None, given[0].pop("ahead", None)
        names = dict.fromkeys(name for row in given for name in row)
        columns = {name: [number(row.get(name)) for row in given] for name in names}
        told = None if ahead is None else {name: [[number(v) for v in values]] for name, values in dict(ahead).items()}
        found = self._streams.step_rows(np.asarray(slots), columns, time=time, ahead=told)
        notes = [{"note": _(_UNSURE)} if unsure else {} for unsure in self._streams.unsure(np.asarray(slots))]
        frame = _without_name(found.frame(self.levels))
        horizon = self._streams.horizon
        said = records(frame)
        if len(said) != horizon * len(slots):  # steps that a clock skips, or shows twice
            each = [_without_name(self._streams.forecast(np.array([slot])).frame(self.levels)) for slot in slots]
            return [{"forecast": records(frame), **note} for frame, note in zip(each, notes, strict=True)]
        return [{"forecast": said[k * horizon : (k + 1) * horizon], **note} for k, note in enumerate(notes)]

    def coverage(self) -> dict[float, float]:
        frame = self._streams.coverage()
        frame = frame[frame["count"] > 0]
        found: dict[float, float] = {}
        for level in frame["level"].unique().tolist():
            part = frame[frame["level"] == level]
            found[float(level)] = float(np.average(part["coverage"], weights=part["count"]))
        return found


def _without_name(frame: pd.DataFrame) -> pd.DataFrame:
    """Forecasts without the name of the series, which is a slot's."""
    return frame.drop(columns=frame.columns[0])
