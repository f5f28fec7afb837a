"""What moves predictions most overall: the strongest tokens or features of each class, as bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from recurra.formatting import style_of_sizes
from recurra.language import _, mark
from recurra.report.blocks import Html, Section, Text
from recurra.report.panels.panel import Panel
from recurra.report.rendering import fragment
from recurra.report.texts import shortened, text_of

TOKENS = 12  # of each class
CLASSES = 12


@dataclass(frozen=True, eq=False)
class Usual(Panel):
    """The strongest tokens of each class.

    usual: token (or feature), class, strength [mean attribution towards the class], count [how often it occurs];
        optionally `input`, the column that a token is of, which is shown where there are several.
    numeric: whether numbers are predicted, which have no class.
    """

    usual: pd.DataFrame
    numeric: bool = False

    title: ClassVar[str] = mark("What drives predictions most")
    COLUMNS: ClassVar = {"usual": ("token", "class", "strength", "count")}

    def section(self) -> Section | None:
        groups = usual_bars(self.usual)
        if not groups:
            return None
        if self.numeric:
            told = _("The mean attribution over many examples, strongest first.")
        else:
            told = _(
                "The mean attribution over many examples, strongest first: towards the class in blue, away from it in "
                "red."
            )
        told = f"{told} {_('Hover over a row to see how often it occurs.')}"
        return Section("usual", _(self.title), [Html(fragment("usual.html.j2", usual=groups)), Text(told)])


@dataclass(frozen=True)
class Bar:
    """One token of an input: strength as text, part of the longest bar [per cent], and whether `against` its class."""

    token: str
    input: str
    strength: str
    width: float
    against: bool
    count: str


@dataclass(frozen=True)
class ClassBars:
    """The strongest tokens of one class, which is "" where there are no classes."""

    name: str
    bars: list[Bar]


def usual_bars(frame: pd.DataFrame) -> list[ClassBars]:
    """The strongest tokens of each class, at most `CLASSES` of them, those of the largest effect."""
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
    inputs = frame["input"].map(text_of) if "input" in frame.columns else pd.Series("", index=frame.index)
    frame = frame.assign(input=inputs if inputs.nunique() > 1 else "")
    made = []
    for name in names:
        part = frame[frame["class"] == name]
        part = part.loc[part["strength"].abs().sort_values(ascending=False, kind="stable").index[:TOKENS]]
        columns = part["token"].map(text_of), part["input"], part["strength"].tolist(), part["count"]
        bars = [
            Bar(
                shortened(token, 40) or "∅",
                shortened(source, 30),
                style.text(value),
                round(100 * abs(value) / longest, 1),
                value < 0,
                f"{int(number):,}",
            )
            for token, source, value, number in zip(*columns, strict=True)
        ]
        made.append(ClassBars(shortened(name, 60), bars))
    return made
