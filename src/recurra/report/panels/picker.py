"""The selector of the series that the page shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from recurra.language import _, listing, mark
from recurra.report.blocks import Html, Section
from recurra.report.panels.panel import Panel
from recurra.report.panels.series import EMBEDDED_SERIES, SeriesData
from recurra.report.rendering import fragment
from recurra.report.views import Pick, pick_series


@dataclass(frozen=True, eq=False)
class Picker(SeriesData, Panel):
    """Which of several series the panels show that change with it, see `SeriesData`."""

    title: ClassVar[str] = mark("Series")

    def section(self) -> Section | None:
        picks = pick_series(self, EMBEDDED_SERIES)
        if len(picks) < 2:
            return None
        in_all = int(self.forecast["series"].nunique())
        note = ""
        if len(picks) < in_all:
            note = _(
                "{shown} of {all} series are in this page: the first, the median, the worst, the best, and others "
                "spread evenly by their error. All are in the forecast file.",
                shown=f"{len(picks):,}",
                all=f"{in_all:,}",
            )
        options = [_option(pick) for pick in picks]
        return Section("picker", "", [Html(fragment("picker.html.j2", options=options, note=note))], bare=True)


def _option(pick: Pick) -> str:
    """What the selector says of a series."""
    name = str(pick.series)
    shown = name if len(name) <= 70 else f"{name[:69]}…"
    known = pick.mase == pick.mase
    tags = listing(map(_, filter(None, pick.tag.split(", "))))
    return " · ".join(part for part in (shown, f"MASE {pick.mase:.3f}" if known else "", tags) if part)
