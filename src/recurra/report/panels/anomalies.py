"""Values that are far from what was forecast of them, series by series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from recurra.formatting import significant
from recurra.language import _, mark
from recurra.report.blocks import Plot, Section, Table, Text
from recurra.report.numbers import json_numbers
from recurra.report.panels.panel import Panel
from recurra.report.style import MUTED, OURS, Figure, axis, figure, plot_text, value_axis
from recurra.report.times import json_times, plain_times, time_texts

HEIGHT = 320
_SERIES, _ROWS, _POINTS = 6, 20, 3000
_FLAGGED, _BAND = "#d55e00", "rgba(0,114,178,0.15)"


@dataclass(frozen=True, eq=False)
class Anomalies(Panel):
    """compared_rows: series, time, y, forecast, lo_80, hi_80, score, anomaly; the series with most are drawn."""

    compared_rows: pd.DataFrame
    target: str = ""

    title: ClassVar[str] = mark("Anomalies")
    COLUMNS: ClassVar = {"compared_rows": ("series", "time", "y", "forecast", "lo_80", "hi_80")}

    def section(self) -> Section | None:
        rows = self.compared_rows
        if "anomaly" not in rows or not len(rows):
            return None
        flagged = rows[rows["anomaly"]]
        share = len(flagged) / max(int(rows["y"].notna().sum()), 1)
        told = _(
            "{n} of {rows} values are anomalous ({share} %).",
            n=f"{len(flagged):,}",
            rows=f"{int(rows['y'].notna().sum()):,}",
            share=f"{100 * share:.2g}",
        )
        if flagged.empty:
            return Section("anomalies", _(self.title), [Text(told)])
        counts = flagged["series"].value_counts()
        blocks: list[Any] = [Text(told)]
        for k, name in enumerate(counts.index[:_SERIES]):
            label = _("{series}: values, forecasts with intervals, and what is anomalous", series=name)
            blocks.append(Plot(f"anomalies-{k}", label, self._figure(rows[rows["series"] == name]), HEIGHT))
        if len(counts) > _SERIES:
            blocks.append(
                Text(_("Shown are the {n} series with most anomalies, of {all}.", n=_SERIES, all=len(counts)))
            )
        worst = flagged.reindex(flagged["score"].abs().sort_values(ascending=False).index).head(_ROWS)
        header = (_("series"), _("time"), _("value"), _("forecast"), _("standard deviations"))
        cells = [
            (str(row["series"]), time, significant(row["y"]), significant(row["forecast"]), f"{row['score']:+.1f}")
            for row, time in zip(worst.to_dict("records"), time_texts(plain_times(worst["time"])), strict=True)
        ]
        blocks.append(Table(header, cells, label=_("The values that are farthest out")))
        return Section("anomalies", _(self.title), blocks)

    def _figure(self, rows: pd.DataFrame) -> Figure:
        rows = rows.sort_values("time")
        if len(rows) > _POINTS:
            places = np.linspace(0, len(rows) - 1, _POINTS).astype(np.int64)
            rows = rows.iloc[np.union1d(places, np.flatnonzero(rows["anomaly"].to_numpy()))]
        times: list[Any] = json_times(plain_times(rows["time"]))
        flagged = rows["anomaly"].to_numpy()
        band = {"type": "scatter", "x": times, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        traces = [
            {**band, "y": json_numbers(rows["lo_80"]), "showlegend": False},
            {**band, "y": json_numbers(rows["hi_80"]), "fill": "tonexty", "fillcolor": _BAND, "name": "80 %"},
            {
                "type": "scatter", "name": _("forecast"), "x": times, "y": json_numbers(rows["forecast"]),
                "mode": "lines", "line": {"color": OURS, "width": 1.5},
            },
            {
                "type": "scatter", "name": _("value"), "x": times, "y": json_numbers(rows["y"]),
                "mode": "lines", "line": {"color": MUTED, "width": 1},
            },
            {
                "type": "scatter", "name": _("anomalous"), "x": [t for t, f in zip(times, flagged, strict=True) if f],
                "y": json_numbers(rows["y"][flagged]), "mode": "markers", "marker": {"color": _FLAGGED, "size": 9},
            },
        ]  # fmt: skip
        title = {"text": plot_text(rows["series"].iloc[0]), "x": 0, "font": {"size": 13}}
        return figure(
            traces, axis(""), value_axis(self.target, rows["y"]), height=HEIGHT, title=title,
            margin={"l": 8, "r": 12, "t": 60, "b": 8},
        )  # fmt: skip
