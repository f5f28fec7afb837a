"""The confusion matrix: a heat map of shares, or a list of pairs where there are too many classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from recurra.formatting import percent
from recurra.language import _, mark
from recurra.lettering import one_line
from recurra.report.blocks import Drawing, Plot, Section, Table, Text
from recurra.report.frames import empty
from recurra.report.heat import SEQUENTIAL, colour_bar
from recurra.report.numbers import json_numbers
from recurra.report.panels.panel import Panel
from recurra.report.picture import dress_axes
from recurra.report.style import INK, Figure, axis, figure, plot_text
from recurra.report.texts import shortened, text_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_CLASSES = 25  # of a heat map whose names can be read
WRITTEN_CLASSES = 12  # of a heat map with the share in each cell
PAIRS = 25
PREDICTED = ("truth", "predicted", "count")


@dataclass(frozen=True, eq=False)
class Confusion(Panel):
    """Which classes are predicted for which.

    confusion: truth, predicted, count; only pairs that occur are needed. per_class: a frame whose column `class` gives
    the order of the classes, if it is there.
    """

    confusion: pd.DataFrame
    per_class: pd.DataFrame = field(default_factory=lambda: empty(("class",)))

    title: ClassVar[str] = mark("Confusion matrix")
    COLUMNS: ClassVar = {"confusion": PREDICTED, "per_class": ("class",)}

    def section(self) -> Section | None:
        plot, pairs = confusion_figure(self), confused_pairs(self)
        if plot is not None:
            height = confusion_height(self)
            label = _("Heat map of the share of each true class that was predicted as each class")
            told = _("Each row is a true class and adds up to 100 %. A perfect model has only its diagonal.")
            blocks = [Plot("confusion", label, plot, height), Text(told)]
            return Section("confusion", _(self.title), blocks, half=True, wide=height > 420)
        if not pairs:
            return None
        header = [_("truth"), _("predicted"), _("times"), _("of the truth")]
        rows = [[pair.truth, pair.predicted, pair.count, pair.share] for pair in pairs]
        blocks = [Table(header, rows, "numbers pairs"), Text(_("The classes most often confused."))]
        return Section("confusion", _(self.title), blocks, half=True)

    def drawing(self) -> Drawing | None:
        if not len(self.confusion) or len(confusion_table(self)) > MOST_CLASSES:
            return None
        return Drawing(lambda axes, fonts: _matrix(axes, self, fonts))


@dataclass(frozen=True)
class Pair:
    """A class and what it was taken for."""

    truth: str
    predicted: str
    count: str
    share: str


def confusion_table(panel: Confusion) -> pd.DataFrame:
    """Counts, truth by predicted, both in the order of `per_class`, then as they come."""
    frame = panel.confusion.assign(
        truth=panel.confusion["truth"].map(text_of),
        predicted=panel.confusion["predicted"].map(text_of),
        count=panel.confusion["count"].astype(int),
    )
    order = dict.fromkeys([*panel.per_class["class"].map(text_of), *frame["truth"], *frame["predicted"]])
    table = frame.pivot_table(index="truth", columns="predicted", values="count", aggfunc="sum", fill_value=0)
    return table.reindex(index=list(order), columns=list(order), fill_value=0)


def shares(table: pd.DataFrame) -> np.ndarray:
    """Each row as shares of its sum; a class that never occurs is NaN."""
    counts = table.to_numpy(dtype=np.float64)
    total = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, total, out=np.full_like(counts, np.nan), where=total > 0)


def confusion_figure(panel: Confusion) -> Figure | None:
    """The share of each true class that was predicted as each class; None for many classes or none."""
    if not len(panel.confusion):
        return None
    table = confusion_table(panel)
    if len(table) > MOST_CLASSES:
        return None
    values = 100 * shares(table)
    names = [plot_text(name, 16) for name in table.index]
    full = [plot_text(name, 60) for name in table.index]
    places = list(range(len(names)))
    written = len(names) <= WRITTEN_CLASSES
    trace = {
        "type": "heatmap",
        "x": places,
        "y": places,
        "z": [json_numbers(row) for row in values],
        "text": [[f"{value:.0f}" if np.isfinite(value) else "" for value in row] for row in values.tolist()],
        "customdata": [
            [[truth, predicted, number] for predicted, number in zip(full, row, strict=True)]
            for truth, row in zip(full, table.to_numpy().tolist(), strict=True)
        ],
        "zmin": 0,
        "zmax": 100,
        "colorscale": SEQUENTIAL,
        "colorbar": colour_bar(_("of the true class, %")),
        "xgap": 2,
        "ygap": 2,
        "hovertemplate": "%{customdata[0]} → %{customdata[1]}<br>%{customdata[2]:,d} (%{z:.1f} %)<extra></extra>",
        **({"texttemplate": "%{text}"} if written else {}),
    }
    ticks = {"tickmode": "array", "tickvals": places, "ticktext": names, "showgrid": False}
    down = axis(_("truth"), autorange="reversed", ticksuffix=" ", **ticks)
    return figure([trace], axis(_("predicted"), **ticks), down, height=confusion_height(panel))


def confusion_height(panel: Confusion) -> int:
    """The height of the heat map [px]: by its classes."""
    classes = len(set(panel.confusion["truth"].map(text_of)) | set(panel.confusion["predicted"].map(text_of)))
    return 380 if classes <= 8 else min(860, 140 + 30 * classes)


def confused_pairs(panel: Confusion) -> list[Pair]:
    """The pairs of classes most often confused, where there are too many classes for a heat map."""
    if not len(panel.confusion):
        return []
    table = confusion_table(panel)
    if len(table) <= MOST_CLASSES:
        return []
    counts, share = table.to_numpy(), shares(table)
    wrong = np.where(np.eye(len(table), dtype=bool), 0, counts)
    order = np.argsort(-wrong, axis=None, kind="stable")[:PAIRS]
    rows, columns = np.unravel_index(order, wrong.shape)
    names = [shortened(str(name), 60) for name in table.index]
    return [
        Pair(names[i], names[j], f"{wrong[i, j]:,}", percent(float(share[i, j])))
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
        if wrong[i, j]
    ]


def _matrix(axes: Axes, panel: Confusion, fonts: list[str]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    table = confusion_table(panel)
    values = 100 * shares(table)
    colours = LinearSegmentedColormap.from_list("share", [(place, colour) for place, colour in SEQUENTIAL])
    axes.pcolormesh(np.nan_to_num(values), cmap=colours, vmin=0, vmax=100, edgecolors="white", linewidth=1.5)
    if len(table) <= WRITTEN_CLASSES:
        for (i, j), value in np.ndenumerate(values):
            if np.isfinite(value):
                text = f"{value:.0f} %" if len(table) <= 6 else f"{value:.0f}"
                color = "white" if value > 55 else INK
                axes.text(j + 0.5, i + 0.5, text, ha="center", va="center", fontsize=11, color=color, family=fonts)
    names = [one_line(str(name), 12) for name in table.index]
    places = np.arange(len(names)) + 0.5
    long = max(map(len, names)) * len(names) > 48
    axes.set_xticks(places, labels=names, rotation=60 if long else 0, ha="right" if long else "center")
    axes.set_yticks(places, labels=names)
    axes.invert_yaxis()
    axes.set_aspect("equal", anchor="N")
    dress_axes(axes, _("Confusion matrix, % of the true class"), _("predicted"), _("truth"), fonts)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
