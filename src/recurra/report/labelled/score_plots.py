"""Scores against the baselines with their intervals, and whether stated probabilities hold."""

from __future__ import annotations

import numpy as np

from recurra.report.labelled.content import LabelledReport
from recurra.report.labelled.scores import shown_as
from recurra.report.labelled.tables import bounds
from recurra.report.numbers import json_numbers
from recurra.report.style import MUTED, OURS, Figure, axis, diagonal, figure, method_colour, plot_lines, plot_text


def against_figure(report: LabelledReport) -> Figure | None:
    """The leading score of every method as a dot with its interval; None without a leading score or intervals."""
    if not report.leading:
        return None
    low, high = bounds(report, report.leading)
    value = report.table[report.leading].to_numpy(dtype=np.float64, na_value=np.nan)
    if not np.isfinite(low).any():
        return None
    score = shown_as(report.leading)
    scale = 100 if score.share else 1
    ours = [method not in report.baselines for method in report.table.index]
    trace = {
        "type": "scatter",
        "mode": "markers",
        "x": json_numbers(scale * value),
        "y": list(range(len(value))),
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": json_numbers(scale * (high - value)),
            "arrayminus": json_numbers(scale * (value - low)),
            "color": MUTED,
            "thickness": 1.75,
            "width": 5,
        },
        "marker": {
            "color": [method_colour(str(method), report.baselines) for method in report.table.index],
            "symbol": ["circle" if mine else "diamond" for mine in ours],
            "size": 11,
        },
        "text": [
            f"{plot_text(method, 60)}: {text}{f' ({between})' if between else ''}"
            for method, text, between in zip(
                report.table.index, score.texts(value, unit=True), score.range_texts(low, high), strict=True
            )
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }
    methods = axis(
        "",
        autorange="reversed",
        tickmode="array",
        tickvals=list(range(len(value))),
        ticktext=[plot_lines(method) for method in report.table.index],
        ticksuffix=" ",
        showgrid=False,
    )
    return figure([trace], axis(score.heading), methods, height=against_height(report))


def against_height(report: LabelledReport) -> int:
    """The height of the plot of methods [px]."""
    return 90 + 46 * len(report.table)


def reliability_figure(report: LabelledReport) -> Figure | None:
    """The share that was right against the stated probability; larger dots hold more predictions."""
    frame = report.reliability[report.reliability["count"].astype(float) > 0] if len(report.reliability) else None
    if frame is None or not len(frame):
        return None
    frame = frame.sort_values("confidence")
    number = frame["count"].to_numpy(dtype=np.float64)
    equal = diagonal("as stated", [0, 100])
    observed = {
        "type": "scatter",
        "name": "observed",
        "x": json_numbers(100 * frame["confidence"]),
        "y": json_numbers(100 * frame["right"]),
        "customdata": number.astype(int).tolist(),
        "mode": "lines+markers",
        "marker": {"size": np.round(6 + 14 * np.sqrt(number / number.max()), 1).tolist(), "opacity": 0.85},
        "line": {"color": OURS, "width": 2},
        "hovertemplate": "stated %{x:.1f} %, right %{y:.1f} %<br>%{customdata:,d} predictions<extra></extra>",
    }
    low = 10 * np.floor(10 * min(frame["confidence"].min(), frame["right"].min())) if len(frame) else 0
    span = [max(0, low - 3), 103]
    return figure(
        [equal, observed],
        axis("stated probability, %", range=span),
        axis("right, %", range=span),
        height=380,
    )


def calibration_error(report: LabelledReport) -> float:
    """The expected calibration error [0..1]: mean over the predictions of how far their bin lies from the diagonal."""
    number = report.reliability["count"].to_numpy(dtype=np.float64)
    gap = (report.reliability["right"] - report.reliability["confidence"]).to_numpy(dtype=np.float64)
    known = number > 0
    return float(np.average(np.abs(gap[known]), weights=number[known])) if known.any() else np.nan
