"""Predicted against true numbers, and how the error depends on the size of the truth."""

from __future__ import annotations

import numpy as np

from recurra.formatting import style_of_range, style_of_sizes
from recurra.report.labelled.content import LabelledReport
from recurra.report.numbers import json_numbers
from recurra.report.style import MUTED, OTHERS, OURS, Figure, diagonal, figure, value_axis

DOTS = 2_000
GROUPS = 10
FEWEST = 5  # examples of a group


def known_predictions(report: LabelledReport, limit: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Truth and prediction where both are finite, in the order of the truth; at most `limit`, evenly spread."""
    truth, predicted = (
        report.predictions[column].to_numpy(dtype=np.float64, na_value=np.nan) for column in ("truth", "predicted")
    )
    known = np.flatnonzero(np.isfinite(truth) & np.isfinite(predicted))
    order = known[np.argsort(truth[known], kind="stable")]
    if limit is not None and len(order) > limit:
        order = order[np.linspace(0, len(order) - 1, limit).astype(int)]
    return truth[order], predicted[order]


def scatter_figure(report: LabelledReport) -> Figure | None:
    """A dot per example, prediction against truth; None without a known pair."""
    truth, predicted = known_predictions(report, DOTS)
    if not len(truth):
        return None
    both = np.concatenate([truth, predicted])
    style = style_of_range(both)
    margin = 0.03 * (both.max() - both.min()) or 1.0
    ends = [float(both.min() - margin), float(both.max() + margin)]
    equal = diagonal("equal", ends)
    dots = {
        "type": "scatter",
        "name": "examples",
        "x": json_numbers(truth),
        "y": json_numbers(predicted),
        "mode": "markers",
        "marker": {"color": OURS, "size": 6 if len(truth) < 500 else 4.5, "opacity": 0.5},
        "hovertemplate": f"truth %{{x:{style.d3}}}, predicted %{{y:{style.d3}}}<extra></extra>",
    }
    return figure(
        [equal, dots],
        value_axis("truth", both, range=ends),
        value_axis("predicted", both, range=ends),
        height=420,
        hovermode="closest",
    )


def error_figure(report: LabelledReport) -> Figure | None:
    """Mean absolute and mean error in groups of equal size by the truth; None for fewer than two groups."""
    truth, predicted = known_predictions(report)
    groups = min(GROUPS, len(truth) // FEWEST, len(np.unique(truth)))
    if groups < 2:
        return None
    parts = list(zip(np.array_split(truth, groups), np.array_split(predicted - truth, groups), strict=True))
    middle = np.array([part.mean() for part, _ in parts])
    absolute = np.array([np.abs(error).mean() for _, error in parts])
    signed = np.array([error.mean() for _, error in parts])
    style = style_of_sizes(absolute)
    lines = [
        {
            "type": "scatter",
            "name": name,
            "x": json_numbers(middle),
            "y": json_numbers(values),
            "mode": "lines+markers",
            "marker": {"size": 7, "symbol": symbol},
            "line": {"color": color, "width": 2.25, "dash": dash},
            "hovertemplate": f"{name} %{{y:{style.d3}}} where the truth is about %{{x}}<extra></extra>",
        }
        for name, values, color, dash, symbol in (
            ("size of the error", absolute, OURS, "solid", "circle"),
            ("prediction − truth", signed, OTHERS[1], "dash", "diamond"),
        )
    ]
    level = {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": 0, "y1": 0}
    return figure(
        lines,
        value_axis("truth", middle),
        value_axis("mean error", np.concatenate([absolute, signed])),
        shapes=[{**level, "line": {"color": MUTED, "width": 1, "dash": "dot"}}],
        height=420,
    )
