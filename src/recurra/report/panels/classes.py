"""Precision, recall and F1 of every class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from recurra.formatting import percent
from recurra.language import _, mark
from recurra.lettering import one_line
from recurra.report.blocks import Details, Drawing, Section, Table, Text
from recurra.report.panels.panel import Panel
from recurra.report.picture import dress_axes
from recurra.report.style import GRID, OURS
from recurra.report.texts import shortened, text_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROWS = 25  # a longer table is folded, and the worst are shown
BARS = 16


@dataclass(frozen=True)
class ClassTable:
    """How well each class was predicted: `shown` rows, and `all` of them where there are more."""

    shown: list[list[str]]
    all: list[list[str]]


@dataclass(frozen=True, eq=False)
class Classes(Panel):
    """Scores by class. per_class: class, count, precision, recall, f1 [0..1].

    classes_called, counted: what the page calls them and what `count` counts.
    """

    per_class: pd.DataFrame
    classes_called: str = mark("Scores by class")
    counted: str = mark("examples")

    title: ClassVar[str] = mark("Scores by class")
    COLUMNS: ClassVar = {"per_class": ("class", "count", "precision", "recall", "f1")}

    def section(self) -> Section | None:
        if not len(self.per_class):
            return None
        table = class_table(self.per_class)
        header = [_("class"), _(self.counted), _("precision"), _("recall"), _("F1")]
        told = _(
            "Precision: of what was predicted as the class, the share that is. Recall: of the class, the share that "
            "was found. F1: their harmonic mean."
        )
        if table.all:
            fewer = _("The {shown} of {all} classes with the lowest F1.", shown=len(table.shown), all=len(table.all))
            told = f"{fewer} {told}"
        blocks: list = [Table(header, table.shown, "numbers classes", _(self.title)), Text(told)]
        if table.all:
            folded = Table(header, table.all, "numbers classes", _("All classes"))
            blocks.append(Details(_("All {n} classes", n=len(table.all)), [folded]))
        return Section("classes", _(self.classes_called), blocks, half=True)

    def drawing(self) -> Drawing | None:
        return Drawing(lambda axes, fonts: _bars(axes, self, fonts)) if len(self.per_class) else None


def class_table(per_class: pd.DataFrame) -> ClassTable:
    """Precision, recall and F1 of every class; of more than `ROWS` those of lowest F1 are shown."""
    if len(per_class) <= ROWS:
        return ClassTable(_rows(per_class), [])
    worst = per_class.assign(f1=per_class["f1"].astype(float)).sort_values("f1", kind="stable").iloc[:ROWS]
    return ClassTable(_rows(worst), _rows(per_class))


def _rows(frame: pd.DataFrame) -> list[list[str]]:
    shares = frame[["precision", "recall", "f1"]].to_numpy(dtype=np.float64, na_value=np.nan)
    return [
        [shortened(text_of(name), 60), f"{int(number):,}", *(percent(value) for value in row)]
        for name, number, row in zip(frame["class"], frame["count"], shares.tolist(), strict=True)
    ]


def _bars(axes: Axes, panel: Classes, fonts: list[str]) -> None:
    frame = panel.per_class.assign(f1=panel.per_class["f1"].astype(float))
    several = len(frame) > BARS
    frame = frame.sort_values("f1", kind="stable").iloc[:BARS] if several else frame
    places = np.arange(len(frame))
    axes.barh(places, 100 * frame["f1"].fillna(0.0), color=OURS, height=0.62)
    axes.set_yticks(places, labels=[one_line(text_of(name), 18) for name in frame["class"]])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    title = _("The {n} classes of lowest F1", n=BARS) if several else _("F1 of each class")
    axes.grid(axis="x", color=GRID, lw=0.8)
    dress_axes(axes, title, _("F1, %"), "", fonts)
