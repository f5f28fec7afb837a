"""The error of each series, ours against the best baseline's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from recurra.formatting import count, percent
from recurra.language import _, mark
from recurra.methods import method_name
from recurra.report.blocks import Plot, Section, Text
from recurra.report.numbers import json_numbers
from recurra.report.panels.panel import Panel
from recurra.report.style import OTHERS, OURS, Figure, Trace, axis, diagonal, figure, method_colour, plot_text

SERIES_DOTS = 2_000
HEIGHT = 380


@dataclass(frozen=True, eq=False)
class BySeries(Panel):
    """A dot per series. by_series: series, ours, best [MASE of ours and of the best baseline]."""

    by_series: pd.DataFrame
    baselines: tuple[str, ...] = ()
    best_baseline: str = ""

    title: ClassVar[str] = mark("Error by series")
    COLUMNS: ClassVar = {"by_series": ("series", "ours", "best")}

    def section(self) -> Section | None:
        plot = by_series_figure(self)
        if plot is None:
            return None
        label = _("A dot per series: MASE of the forecast against that of the best baseline")
        told = f"{series_sentence(self)} {_('Below the dotted line the forecast is better.')}"
        return Section("by-series", _(self.title), [Plot("by-series", label, plot, HEIGHT), Text(told)], half=True)


def series_sentence(panel: BySeries) -> str:
    """In how many of the series the forecast was better."""
    frame = comparable_series(panel)
    wins = int((frame["ours"] < frame["best"]).sum())
    left_out = len(panel.by_series) - len(frame)
    sentence = _(
        "The forecast is better than the best baseline ({baseline}) in {wins} of {all} series ({share}).",
        baseline=method_name(panel.best_baseline) or _("unnamed"),
        wins=f"{wins:,}",
        all=f"{len(frame):,}",
        share=percent(wins / len(frame), 0),
    )
    if "verdict" in panel.by_series:
        counts = panel.by_series["verdict"].value_counts().to_dict()
        if counts.get("too few windows", 0) < len(panel.by_series):
            told = _(
                "Clearly better in {better} and clearly worse in {worse} series, with a false-discovery rate of 5 %.",
                better=f"{counts.get('better', 0):,}",
                worse=f"{counts.get('worse', 0):,}",
            )
            sentence = f"{sentence} {told}"
    if left_out:
        more = _("{series} without a positive error in both is not shown.", series=count(left_out, "series", "series"))
        sentence = f"{sentence} {more}"
    return sentence


def by_series_figure(panel: BySeries) -> Figure | None:
    """A dot per series, our MASE against the best baseline's; None for fewer than five series."""
    frame = comparable_series(panel)
    if len(frame) < 5:
        return None
    ratio = frame["ours"] / frame["best"]
    order = ratio.sort_values(kind="stable").index
    shown = frame.loc[order[np.unique(np.linspace(0, len(order) - 1, min(len(order), SERIES_DOTS)).astype(int))]]
    low, high = float(frame[["ours", "best"]].min().min()), float(frame[["ours", "best"]].max().max())
    ends = [low / 1.25, high * 1.25]
    equal = diagonal(_("equal"), ends)
    data: list[Trace] = [equal]
    best = plot_text(method_name(panel.best_baseline) or _("best baseline"), 30)
    rival = method_colour(panel.best_baseline, panel.baselines) if panel.best_baseline else OTHERS[1]
    # The name of a baseline stands inside a template, where %{...} would be taken for a variable.
    under_cursor = f"%{{text}}<br>{_('forecast')} %{{y:.3f}}, {best.replace('%', '&#37;')} %{{x:.3f}}<extra></extra>"
    for name, part, color, symbol in (
        (_("forecast better"), shown[shown["ours"] < shown["best"]], OURS, "circle"),
        (_("{method} better or equal", method=best), shown[shown["ours"] >= shown["best"]], rival, "diamond"),
    ):
        data.append(
            {
                "type": "scatter",
                "name": name,
                "x": json_numbers(part["best"]),
                "y": json_numbers(part["ours"]),
                "text": [plot_text(series) for series in part["series"]],
                "mode": "markers",
                "marker": {"color": color, "symbol": symbol, "size": 6, "opacity": 0.65},
                "hovertemplate": under_cursor,
            }
        )
    across = axis(_("MASE of {method}", method=best), **_logarithmic(*ends))
    up = axis(_("MASE of the forecast"), **_logarithmic(*ends))
    return figure(data, across, up, height=HEIGHT, hovermode="closest")


def _logarithmic(low: float, high: float) -> dict[str, Any]:
    """A logarithmic axis with a few round numbers on it."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    digits = (1, 2, 3, 5, 7) if len(powers) < 4 else (1, 2, 5) if len(powers) < 6 else (1,)
    ticks = [digit * 10.0**power for power in powers for digit in digits if low <= digit * 10.0**power <= high]
    texts = [f"{tick:,.6g}" for tick in ticks]
    return {"type": "log", "range": [math.log10(low), math.log10(high)], "tickvals": ticks, "ticktext": texts}


def comparable_series(panel: BySeries) -> pd.DataFrame:
    """The series of `by_series` with a positive, finite error of both; a logarithmic axis cannot show the others."""
    frame = panel.by_series
    if not len(frame):
        return frame
    frame = frame.assign(ours=frame["ours"].astype(float), best=frame["best"].astype(float))
    errors = frame[["ours", "best"]].to_numpy()
    return frame.iloc[np.flatnonzero(((errors > 0) & np.isfinite(errors)).all(axis=1))]
