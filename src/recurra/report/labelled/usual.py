"""What moves predictions most overall: the strongest tokens or features of each class, as bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recurra.formatting import style_of_sizes
from recurra.report.labelled.content import LabelledReport
from recurra.report.labelled.tables import shortened, text_of

TOKENS = 12  # of each class
CLASSES = 12


@dataclass(frozen=True)
class Bar:
    """One token: its strength as text and as a part of the longest bar [per cent]; `against` the class or for it."""

    token: str
    strength: str
    width: float
    against: bool
    count: str


@dataclass(frozen=True)
class ClassBars:
    """The strongest tokens of one class, which is "" where there are no classes."""

    name: str
    bars: list[Bar]


def usual_bars(report: LabelledReport) -> list[ClassBars]:
    """The strongest tokens of each class, at most `CLASSES` of them, those of the largest effect."""
    frame = report.usual
    if not len(frame):
        return []
    frame = frame.assign(**{"class": frame["class"].map(text_of), "strength": frame["strength"].astype(float)})
    frame = frame[np.isfinite(frame["strength"]) & (frame["strength"] != 0)]
    if not len(frame):
        return []
    size = frame["strength"].abs()
    order = size.groupby(frame["class"], sort=False).max().sort_values(ascending=False, kind="stable").index[:CLASSES]
    names = [name for name in frame["class"].unique() if name in set(order)]
    style = style_of_sizes(frame["strength"], 3)
    longest = float(size.max())
    made = []
    for name in names:
        part = frame[frame["class"] == name]
        part = part.loc[part["strength"].abs().sort_values(ascending=False, kind="stable").index[:TOKENS]]
        rows = zip(part["token"].map(text_of), part["strength"].tolist(), part["count"], strict=True)
        bars = [
            Bar(
                shortened(token, 40) or "∅",
                style.text(value),
                round(100 * abs(value) / longest, 1),
                value < 0,
                f"{int(number):,}",
            )
            for token, value, number in rows
        ]
        made.append(ClassBars(shortened(name, 60), bars))
    return made
