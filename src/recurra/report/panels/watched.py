"""Error, coverage and evidence over time, beside what was promised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from recurra.language import _, mark
from recurra.report.blocks import Plot, Section, Text
from recurra.report.numbers import json_numbers
from recurra.report.panels.panel import Panel
from recurra.report.style import MUTED, OURS, Figure, Trace, axis, figure
from recurra.report.times import json_times, plain_times

HEIGHT = 300
_BROKEN = "#d55e00"


@dataclass(frozen=True, eq=False)
class Watched(Panel):
    """watched: time, error, covered [0..1], evidence, a row per window; since: when the promise ceased to hold."""

    watched: pd.DataFrame
    promised_error: float
    promised_cover: float
    metric: str
    needed: float
    since: Any = None

    title: ClassVar[str] = mark("Over time")
    COLUMNS: ClassVar = {"watched": ("time", "error", "covered", "evidence")}

    def section(self) -> Section | None:
        if not len(self.watched):
            return None
        blocks: list[Any] = [
            Plot("watched-error", _("Error of each window against the promised one"), self._error(), HEIGHT)
        ]
        if np.isfinite(self.promised_cover):
            label = _("Coverage of each window against the promised one")
            blocks.append(Plot("watched-coverage", label, self._coverage(), HEIGHT))
        blocks.append(Plot("watched-evidence", _("Evidence against the promise"), self._evidence(), HEIGHT))
        told = _(
            "The evidence grows where windows are worse than promised, and falls where they are not; "
            "at the dotted line the model no longer holds. Logarithmic scale."
        )
        return Section("watched", _(self.title), [*blocks, Text(told)])

    def _times(self) -> list[Any]:
        return json_times(plain_times(self.watched["time"]))

    def _error(self) -> Figure:
        traces = [self._line(self.metric, self.watched["error"]), *self._promised(self.promised_error)]
        return self._figure(traces, axis(self.metric, rangemode="tozero", hoverformat=".3f"))

    def _coverage(self) -> Figure:
        traces = [self._line(_("covered"), 100 * self.watched["covered"]), *self._promised(100 * self.promised_cover)]
        return self._figure(traces, axis(_("covered, %"), range=[0, 103]))

    def _evidence(self) -> Figure:
        traces = [self._line(_("evidence"), self.watched["evidence"]), *self._promised(self.needed, _("needed"))]
        return self._figure(traces, axis(_("evidence"), type="log"))

    def _line(self, name: str, values: pd.Series) -> Trace:
        return {
            "type": "scatter",
            "name": name,
            "x": self._times(),
            "y": json_numbers(values),
            "mode": "lines+markers" if len(values) <= 60 else "lines",
            "marker": {"size": 5},
            "line": {"color": OURS, "width": 2},
        }

    def _promised(self, value: float, name: str = "") -> list[Trace]:
        times = self._times()
        line = {"color": MUTED, "width": 1.5, "dash": "dot"}
        ends = [times[0], times[-1]]
        return [
            {
                "type": "scatter",
                "name": name or _("promised"),
                "x": ends,
                "y": [value] * 2,
                "mode": "lines",
                "line": line,
            }
        ]

    def _figure(self, traces: list[Trace], values: dict[str, Any]) -> Figure:
        shapes = []
        if self.since is not None:
            at = json_times(plain_times(pd.Series([self.since])))[0]
            line = {"color": _BROKEN, "width": 1.5, "dash": "dash"}
            shapes = [{"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "line": line}]
        return figure(traces, axis(""), values, height=HEIGHT, shapes=shapes, hovermode="x unified")
