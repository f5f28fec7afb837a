"""The plots over all series: error by horizon, coverage of the intervals, and series by series."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from recurra.report.content import ForecastReport
from recurra.report.numbers import json_numbers
from recurra.report.style import (
    OTHERS,
    OURS,
    Figure,
    Trace,
    axis,
    diagonal,
    figure,
    method_colour,
    method_line,
    plot_text,
)

SERIES_DOTS = 2_000
CURVE_POINTS = 400
OFF_SCALE = 3.0
FIGURE_HEIGHT = 380


def by_step_figure(report: ForecastReport) -> Figure | None:
    """MASE at each step of the horizon, a line per method; None for a single step, which the table already tells."""
    frame = _known_steps(report)
    if frame["step"].nunique() < 2:
        return None
    hidden = off_scale(report)
    data: list[Trace] = []
    for name, rows in frame.groupby("method", sort=False, observed=True):
        rows = rows.sort_values("step")
        data.append(
            {
                "type": "scatter",
                "name": plot_text(name, 30),
                "x": rows["step"].tolist(),
                "y": json_numbers(rows["mase"]),
                "mode": "lines+markers" if len(rows) <= 40 else "lines",
                "marker": {"size": 5},
                "line": method_line(str(name), report.baselines),
                "visible": "legendonly" if name in hidden else True,
            }
        )
    data.sort(key=lambda trace: trace["line"]["color"] == OURS)
    steps = axis(f"{report.unit}s ahead", tickformat=",d", hoverformat=",d")
    return figure(
        data, steps, axis("MASE", rangemode="tozero", hoverformat=".3f"), hovermode="x unified", height=FIGURE_HEIGHT
    )


def off_scale(report: ForecastReport) -> list[str]:
    """The baselines so much worse at some step that the others could not be told apart beside them."""
    highest = _known_steps(report).groupby("method", sort=False, observed=True)["mase"].max()
    kept = [method for method in highest.index if method not in report.baselines or method == report.best_baseline]
    limit = OFF_SCALE * highest.loc[kept].max() if kept else np.inf
    return [str(method) for method in highest.index[highest > limit]]


def coverage_figure(report: ForecastReport) -> Figure | None:
    """The share of the truth inside each interval against the promised share; honest intervals lie on the diagonal."""
    frame = report.coverage.dropna() if len(report.coverage) else report.coverage
    if not len(frame):
        return None
    frame = frame.sort_values("nominal")
    equal = diagonal("as promised", [0, 100])
    observed = {
        "type": "scatter",
        "name": "observed",
        "x": json_numbers(100 * frame["nominal"]),
        "y": json_numbers(100 * frame["observed"]),
        "mode": "lines+markers",
        "marker": {"size": 9},
        "line": {"color": OURS, "width": 2.5},
        "hovertemplate": "%{x:.3~g} % interval: %{y:.1f} % of the truth inside<extra></extra>",
    }
    promised = axis("promised, %", range=[0, 103], dtick=20)
    return figure([equal, observed], promised, axis("observed, %", range=[0, 103], dtick=20), height=FIGURE_HEIGHT)


def by_series_figure(report: ForecastReport) -> Figure | None:
    """A dot per series, our MASE against the best baseline's; None for fewer than five series."""
    frame = comparable_series(report)
    if len(frame) < 5:
        return None
    ratio = frame["ours"] / frame["best"]
    order = ratio.sort_values(kind="stable").index
    shown = frame.loc[order[np.unique(np.linspace(0, len(order) - 1, min(len(order), SERIES_DOTS)).astype(int))]]
    low, high = float(frame[["ours", "best"]].min().min()), float(frame[["ours", "best"]].max().max())
    ends = [low / 1.25, high * 1.25]
    equal = diagonal("equal", ends)
    data: list[Trace] = [equal]
    best = plot_text(report.best_baseline or "best baseline", 30)
    rival = method_colour(report.best_baseline, report.baselines) if report.best_baseline else OTHERS[1]
    # The name of a baseline stands inside a template, where %{...} would be taken for a variable.
    under_cursor = f"%{{text}}<br>forecast %{{y:.3f}}, {best.replace('%', '&#37;')} %{{x:.3f}}<extra></extra>"
    for name, part, color, symbol in (
        ("forecast better", shown[shown["ours"] < shown["best"]], OURS, "circle"),
        (f"{best} better or equal", shown[shown["ours"] >= shown["best"]], rival, "diamond"),
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
    across = axis(f"MASE of {best}", **_logarithmic(*ends))
    up = axis("MASE of the forecast", **_logarithmic(*ends))
    return figure(data, across, up, height=FIGURE_HEIGHT, hovermode="closest")


def _logarithmic(low: float, high: float) -> dict[str, Any]:
    """A logarithmic axis with a few round numbers on it."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    digits = (1, 2, 3, 5, 7) if len(powers) < 4 else (1, 2, 5) if len(powers) < 6 else (1,)
    ticks = [digit * 10.0**power for power in powers for digit in digits if low <= digit * 10.0**power <= high]
    texts = [f"{tick:,.6g}" for tick in ticks]
    return {"type": "log", "range": [math.log10(low), math.log10(high)], "tickvals": ticks, "ticktext": texts}


def comparable_series(report: ForecastReport) -> pd.DataFrame:
    """The series of `by_series` with a positive, finite error of both; a logarithmic axis cannot show the others."""
    frame = report.by_series
    if not len(frame):
        return frame
    frame = frame.assign(ours=frame["ours"].astype(float), best=frame["best"].astype(float))
    errors = frame[["ours", "best"]].to_numpy()
    return frame.iloc[np.flatnonzero(((errors > 0) & np.isfinite(errors)).all(axis=1))]


def _known_steps(report: ForecastReport) -> pd.DataFrame:
    return report.by_step[report.by_step["mase"].notna()]
