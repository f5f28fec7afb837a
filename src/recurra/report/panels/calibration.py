"""Whether stated probabilities hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd

from recurra.formatting import percent
from recurra.language import _, mark
from recurra.report.blocks import Plot, Section, Text
from recurra.report.numbers import json_numbers
from recurra.report.panels.panel import Panel
from recurra.report.panels.table import ours_of, value_of
from recurra.report.style import OURS, Figure, axis, diagonal, figure


@dataclass(frozen=True, eq=False)
class Calibration(Panel):
    """The share that was right against the stated probability.

    reliability: bin, confidence, right [means of the bin, 0..1], count. table, baselines: as in `Methods`; its
    "calibration error" is said, where it has one, so that a page says one number.
    """

    reliability: pd.DataFrame
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    baselines: tuple[str, ...] = ()

    title: ClassVar[str] = mark("Calibration")
    COLUMNS: ClassVar = {"reliability": ("bin", "confidence", "right", "count")}

    def section(self) -> Section | None:
        plot = reliability_figure(self)
        if plot is None:
            return None
        told = value_of(self.table, ours_of(self.table, self.baselines), "calibration error")
        error = told if np.isfinite(told) else calibration_error(self)
        text = _(
            "On the dotted line, predictions are right as often as their probability says; below it the model is "
            "overconfident. Larger dots hold more predictions. Expected calibration error: {error}.",
            error=percent(error),
        )
        label = _("Share that was right against the stated probability")
        return Section("reliability", _(self.title), [Plot("reliability", label, plot), Text(text)], half=True)


def reliability_figure(panel: Calibration) -> Figure | None:
    """The share that was right against the stated probability; larger dots hold more predictions."""
    frame = panel.reliability[panel.reliability["count"].astype(float) > 0] if len(panel.reliability) else None
    if frame is None or not len(frame):
        return None
    frame = frame.sort_values("confidence")
    number = frame["count"].to_numpy(dtype=np.float64)
    equal = diagonal(_("as stated"), [0, 100])
    stated, right = _("stated"), _("right")
    observed = {
        "type": "scatter",
        "name": _("observed"),
        "x": json_numbers(100 * frame["confidence"]),
        "y": json_numbers(100 * frame["right"]),
        "customdata": number.astype(int).tolist(),
        "mode": "lines+markers",
        "marker": {"size": np.round(6 + 14 * np.sqrt(number / number.max()), 1).tolist(), "opacity": 0.85},
        "line": {"color": OURS, "width": 2},
        "hovertemplate": f"{stated} %{{x:.1f}} %, {right} %{{y:.1f}} %<br>"
        f"%{{customdata:,d}} {_('predictions')}<extra></extra>",
    }
    low = 10 * np.floor(10 * min(frame["confidence"].min(), frame["right"].min())) if len(frame) else 0
    span = [max(0, low - 3), 103]
    return figure(
        [equal, observed],
        axis(_("stated probability, %"), range=span),
        axis(_("right, %"), range=span),
        height=380,
    )


def calibration_error(panel: Calibration) -> float:
    """The expected calibration error [0..1]: mean over the predictions of how far their bin lies from the diagonal."""
    number = panel.reliability["count"].to_numpy(dtype=np.float64)
    gap = (panel.reliability["right"] - panel.reliability["confidence"]).to_numpy(dtype=np.float64)
    known = number > 0
    return float(np.average(np.abs(gap[known]), weights=number[known])) if known.any() else np.nan
