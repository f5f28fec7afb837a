"""Whether intervals cover what they promise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from recurra.language import _, mark
from recurra.report.blocks import Plot, Section, Text
from recurra.report.numbers import json_numbers
from recurra.report.panels.panel import Panel
from recurra.report.style import OURS, Figure, axis, diagonal, figure

HEIGHT = 380


@dataclass(frozen=True, eq=False)
class Coverage(Panel):
    """Observed against promised coverage. coverage: nominal, observed [0..1]."""

    coverage: pd.DataFrame

    title: ClassVar[str] = mark("Coverage of the intervals")
    COLUMNS: ClassVar = {"coverage": ("nominal", "observed")}

    def section(self) -> Section | None:
        plot = coverage_figure(self)
        if plot is None:
            return None
        label = _("Observed against promised coverage of the intervals")
        told = _(
            "On the dotted line an interval covers what it promises; below the line it is too narrow, above it too "
            "wide."
        )
        return Section("coverage", _(self.title), [Plot("coverage", label, plot, HEIGHT), Text(told)], half=True)


def coverage_figure(panel: Coverage) -> Figure | None:
    """The share of the truth inside each interval against the promised share."""
    frame = panel.coverage.dropna() if len(panel.coverage) else panel.coverage
    if not len(frame):
        return None
    frame = frame.sort_values("nominal")
    equal = diagonal(_("as promised"), [0, 100])
    observed = {
        "type": "scatter",
        "name": _("observed"),
        "x": json_numbers(100 * frame["nominal"]),
        "y": json_numbers(100 * frame["observed"]),
        "mode": "lines+markers",
        "marker": {"size": 9},
        "line": {"color": OURS, "width": 2.5},
        "hovertemplate": f"%{{x:.3~g}} %: %{{y:.1f}} % ({_('observed')})<extra></extra>",
    }
    promised = axis(_("promised, %"), range=[0, 103], dtick=20)
    return figure([equal, observed], promised, axis(_("observed, %"), range=[0, 103], dtick=20), height=HEIGHT)
