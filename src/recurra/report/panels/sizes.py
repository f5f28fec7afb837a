"""How many examples each part has of each class, and how long the sequences are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd

from recurra.formatting import count
from recurra.language import _, mark
from recurra.report.blocks import Plot, Section, Table, Text
from recurra.report.frames import empty
from recurra.report.panels.panel import Panel
from recurra.report.style import OTHERS, OURS, Figure, Trace, axis, figure, plot_text
from recurra.report.texts import shortened, text_of

BINS = 40
CLASSES = 7  # with a colour of their own
ROWS = 25  # of the table
PARTS = (mark("train"), mark("validation"), mark("test"))
SIZES, LENGTHS = ("part", "class", "count"), ("class", "length", "count")


@dataclass(frozen=True)
class SizeTable:
    """How many examples each part has of each class; further classes are summed in one row, all in the last."""

    header: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, eq=False)
class Sizes(Panel):
    """The data by part and class.

    sizes: part ("train", "validation", "test"), class, count; lengths: class, length [steps], count [examples]. The
        class is missing where there is none. examples: by part, where those of the classes do not add up to them, since
        an example may have several labels. steps: whether `sizes` counts steps.
    """

    sizes: pd.DataFrame = field(default_factory=lambda: empty(SIZES))
    lengths: pd.DataFrame = field(default_factory=lambda: empty(LENGTHS))
    examples: Mapping[str, int] = field(default_factory=dict)
    steps: bool = False

    title: ClassVar[str] = mark("Training and test data")
    COLUMNS: ClassVar = {"sizes": SIZES, "lengths": LENGTHS}

    def section(self) -> Section | None:
        plot = length_figure(self.lengths)
        blocks, told = [], []
        if len(self.sizes):
            table = size_table(self.sizes, self.examples)
            several = len(table.rows) > 1
            header = [_("class") if several else "", *map(_, table.header)]
            blocks.append(Table(header, table.rows, "numbers sizes", _(self.title)))
            if several:
                told.append(_("Steps of each part by class.") if self.steps else _("Examples of each part by class."))
            else:
                told.append(_("Steps of each part.") if self.steps else _("Examples of each part."))
        if plot is not None:
            blocks.append(Plot("lengths", _("Histogram of the lengths of the sequences"), plot, 340))
            told.append(_("The plot: lengths of the sequences."))
        return Section("sizes", _(self.title), [*blocks, Text(" ".join(told))], half=True) if blocks else None


def size_table(sizes: pd.DataFrame, examples: Mapping[str, int]) -> SizeTable:
    """Examples by class and part; of many classes the most frequent, the others in one row."""
    frame = sizes.assign(**{"class": sizes["class"].map(text_of), "count": sizes["count"].astype(int)})
    table = frame.pivot_table(index="class", columns="part", values="count", aggfunc="sum", sort=False).fillna(0)
    parts = [part for part in PARTS if part in table.columns]
    parts += [part for part in table.columns if part not in parts]
    table = table[parts].astype(int)
    several = len(table) > 1
    rest = table.iloc[:0]
    if len(table) > ROWS:
        order = table.sum(axis=1).sort_values(ascending=False, kind="stable").index
        table, rest = table.loc[order[:ROWS]], table.loc[order[ROWS:]]
    sums = table.sum() + rest.sum()
    total = [examples.get(part, sums[part]) for part in parts]
    rows = [
        [shortened(str(name), 60), *(f"{n:,}" for n in row)]
        for name, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    if len(rest):
        rows.append([count(len(rest), "other class", "other classes"), *(f"{n:,}" for n in rest.sum())])
    all_row = [[_("all") if several else _("total"), *(f"{n:,}" for n in total)]]
    return SizeTable([str(part) for part in parts], rows + all_row if several else all_row)


def length_figure(frame: pd.DataFrame) -> Figure | None:
    """Examples by their length, classes on top of each other; None where every sequence is as long."""
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
    frame = frame.assign(shown=frame["class"].where(frame["class"].isin(named), _("others")))
    last = int(frame["bin"].max())
    starts = low + width * np.arange(last + 1)
    ends = np.minimum(starts + width - 1, high)
    spans = [f"{a:,}" if a == b else f"{a:,}–{b:,}" for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
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
                "hovertemplate": f"%{{text}} {_('steps')}: %{{y:,d}}<extra>%{{fullData.name}}</extra>",
            }
        )
    return figure(
        data,
        axis(_("length [steps]"), tickformat=",d"),
        axis(_("examples"), rangemode="tozero", separatethousands=True),
        barmode="stack",
        showlegend=len(data) > 1,
        height=340,
    )
