"""How long the sequences are, by class."""

from __future__ import annotations

import numpy as np

from recurra.report.labelled.content import LabelledReport
from recurra.report.labelled.tables import text_of
from recurra.report.style import OTHERS, OURS, Figure, Trace, axis, figure, plot_text

BINS = 40
CLASSES = 7  # with a colour of their own


def length_figure(report: LabelledReport) -> Figure | None:
    """Examples by their length, classes on top of each other; None where every sequence is as long."""
    frame = report.lengths
    if frame["length"].nunique() < 2:
        return None
    frame = frame.assign(
        **{
            "class": frame["class"].map(text_of),
            "length": frame["length"].astype(int),
            "count": frame["count"].astype(int),
        }
    )
    low, high = int(frame["length"].min()), int(frame["length"].max())
    width = -(-(high - low + 1) // BINS)
    frame = frame.assign(bin=(frame["length"] - low) // width)
    sizes = frame.groupby("class", sort=False)["count"].sum()
    named = list(sizes.index) if len(sizes) <= CLASSES else list(sizes.nlargest(CLASSES - 1).index)
    frame = frame.assign(shown=frame["class"].where(frame["class"].isin(named), "others"))
    last = int(frame["bin"].max())
    starts = low + width * np.arange(last + 1)
    ends = np.minimum(starts + width - 1, high)
    spans = [f"{a:,}" if a == b else f"{a:,} to {b:,}" for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    data: list[Trace] = []
    for place, (name, rows) in enumerate(frame.groupby("shown", sort=False)):
        counts = np.bincount(rows["bin"], weights=rows["count"], minlength=last + 1).astype(int)
        data.append(
            {
                "type": "bar",
                "name": plot_text(name, 24),
                "x": (starts + (width - 1) / 2).tolist(),
                "y": counts.tolist(),
                "width": 0.92 * width,
                "marker": {"color": (OURS, *OTHERS[1:], OTHERS[0])[place % (len(OTHERS) + 1)]},
                "text": spans,
                "textposition": "none",
                "hovertemplate": "%{text} steps: %{y:,d}<extra>%{fullData.name}</extra>",
            }
        )
    return figure(
        data,
        axis("length [steps]", tickformat=",d"),
        axis("examples", rangemode="tozero", separatethousands=True),
        barmode="stack",
        showlegend=len(data) > 1,
        height=340,
    )
