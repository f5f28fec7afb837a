"""Every method's scores: the table, the leading score with its intervals, and the same in the picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from recurra.errors import InputError
from recurra.formatting import NumberStyle
from recurra.language import _, listing, mark
from recurra.lettering import one_line, wrapped
from recurra.methods import method_name
from recurra.report.blocks import Cell, Details, Drawing, Plot, Section, Table, Terms, Text
from recurra.report.frames import empty
from recurra.report.numbers import json_numbers
from recurra.report.panels.panel import Panel
from recurra.report.panels.table import bounds
from recurra.report.picture import dress_axes
from recurra.report.rows import MethodRow
from recurra.report.style import GRID, INK, MUTED, Figure, axis, figure, method_colour, plot_lines, plot_text
from recurra.scores import shown_as

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INTERVALS = ("method", "score", "low", "high")
DRAWN = 9  # methods of the picture


@dataclass(frozen=True, eq=False)
class Methods(Panel):
    """Methods by scores, ours and the baselines.

    table: index method; a column per score, shares as 0..1 ("accuracy", "R2", "MASE", "coverage 80 %", ...). A method
        that is not in `baselines` is ours, or the one that is called `ours`.
    intervals: method, score, low, high [in the score's own unit]; level: what they hold [per cent].
    best_baseline: the one to beat; leading: the score that the verdict is about.
    compared_on: a sentence on what the methods were compared on; unit_of_test: what was drawn for the intervals.
    """

    table: pd.DataFrame
    baselines: tuple[str, ...] = ()
    ours: str = ""
    best_baseline: str = ""
    leading: str = ""
    intervals: pd.DataFrame = field(default_factory=lambda: empty(INTERVALS))
    level: int = 95
    ours_called: str = mark("this model")
    compared_on: str = mark("Every method is evaluated on the same examples, which none of them was trained on.")

    title: ClassVar[str] = mark("Comparison with baselines")
    COLUMNS: ClassVar = {"intervals": INTERVALS}

    def check(self) -> None:
        if self.best_baseline and self.best_baseline not in self.baselines:
            raise InputError(
                _(
                    "best_baseline is {best_baseline!r}, which is none of the baselines: {baselines}",
                    best_baseline=self.best_baseline,
                    baselines=listing(self.baselines),
                )
            )
        if self.leading and len(self.table) and self.leading not in self.table.columns:
            raise InputError(
                _(
                    "leading is {leading!r}, which is no score of the table: {columns}",
                    leading=self.leading,
                    columns=listing(self.table.columns),
                )
            )

    def is_ours(self, method: str) -> bool:
        """Whether a row of the table is the model's."""
        return method == self.ours if self.ours else method not in self.baselines

    def section(self) -> Section | None:
        rows = method_rows(self)
        if not rows:
            return None
        cells = [
            [
                Cell(row.method, tag=_(self.ours_called) if row.ours else ""),
                *(
                    Cell(text, note, strong)
                    for text, note, strong in zip(row.cells, row.intervals, row.best, strict=True)
                ),
            ]
            for row in rows
        ]
        header = [_("method"), *score_header(self)]
        ours = [place for place, row in enumerate(rows) if row.ours]
        said = [_("Bold: the best of its column.")]
        if len(self.intervals):
            said.append(
                _(
                    "Below a score: its {level} % confidence interval (bootstrap over the test examples).",
                    level=self.level,
                )
            )
        said.append(_(self.compared_on))
        blocks = [Table(header, cells, "numbers methods", _(self.title), ours), Text(" ".join(said))]
        plot = against_figure(self)
        if plot is not None:
            label = _("{score} of every method with its interval", score=shown_as(self.leading).title)
            blocks.append(Plot("against", label, plot, against_height(self)))
        meanings = score_meanings(self)
        if meanings:
            blocks.append(Details(_("What the columns mean"), [Terms(meanings)]))
        return Section("table", _(self.title), blocks)

    def drawing(self) -> Drawing | None:
        if not self.leading or not len(self.table):
            return None
        values = self.table[self.leading].to_numpy(dtype=np.float64, na_value=np.nan)
        if not np.isfinite(values).any():
            return None
        bars = not len(self.intervals) and shown_as(self.leading).higher is False
        if bars:
            return Drawing(lambda axes, fonts: _bars(axes, self, fonts), weight=0.45)
        return Drawing(lambda axes, fonts: _dots(axes, self, fonts), left=0.2)


def score_header(panel: Methods) -> list[str]:
    """The columns of the table of methods, with their units."""
    return [shown_as(name).heading for name in panel.table.columns]


def score_meanings(panel: Methods) -> list[tuple[str, str]]:
    """Name and meaning of every score of the table that is known, and which way is better."""
    scores = {score.name: score for score in map(shown_as, panel.table.columns) if score.meaning}
    return [(_(score.name), f"{_(score.meaning)} {score.better}") for score in scores.values()]


def method_rows(panel: Methods) -> list[MethodRow]:
    """The table of methods in its own order, the interval of a score below it."""
    scores = {str(name): shown_as(name) for name in panel.table.columns}
    values = {name: panel.table[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in scores}
    texts = {name: score.texts(values[name]) for name, score in scores.items()}
    best = {name: score.best(values[name]) for name, score in scores.items()}
    ranges = {name: score.range_texts(*bounds(panel.table, panel.intervals, name)) for name, score in scores.items()}
    return [
        MethodRow(
            method_name(method),
            panel.is_ours(str(method)),
            [texts[name][place] for name in scores],
            [best[name][place] for name in scores],
            [ranges[name][place] for name in scores],
        )
        for place, method in enumerate(panel.table.index)
    ]


def against_figure(panel: Methods) -> Figure | None:
    """The leading score of every method as a dot with its interval; None without a leading score or intervals."""
    if not panel.leading or not len(panel.table):
        return None
    low, high = bounds(panel.table, panel.intervals, panel.leading)
    value = panel.table[panel.leading].to_numpy(dtype=np.float64, na_value=np.nan)
    if not np.isfinite(low).any():
        return None
    score = shown_as(panel.leading)
    scale = 100 if score.share else 1
    ours = [panel.is_ours(str(method)) for method in panel.table.index]
    names = [method_name(method) for method in panel.table.index]
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
            "color": [method_colour(str(method), panel.baselines) for method in panel.table.index],
            "symbol": ["circle" if mine else "diamond" for mine in ours],
            "size": 11,
        },
        "text": [
            f"{plot_text(name, 60)}: {text}{f' ({between})' if between else ''}"
            for name, text, between in zip(
                names, score.texts(value, unit=True), score.range_texts(low, high), strict=True
            )
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }
    methods = axis(
        "",
        autorange="reversed",
        tickmode="array",
        tickvals=list(range(len(value))),
        ticktext=[plot_lines(name) for name in names],
        ticksuffix=" ",
        showgrid=False,
    )
    return figure([trace], axis(score.heading), methods, height=against_height(panel))


def against_height(panel: Methods) -> int:
    """The height of the plot of methods [px]."""
    return 90 + 46 * len(panel.table)


def _dots(axes: Axes, panel: Methods, fonts: list[str]) -> None:
    """The leading score of each method with its interval."""
    score = shown_as(panel.leading)
    scale = 100 if score.share else 1
    low, high = (scale * side[:DRAWN] for side in bounds(panel.table, panel.intervals, panel.leading))
    value = scale * panel.table[panel.leading].to_numpy(dtype=np.float64, na_value=np.nan)[:DRAWN]
    methods = list(panel.table.index[:DRAWN])
    texts = score.texts(value / scale, unit=True)
    for place, method in enumerate(methods):
        color, marker = method_colour(str(method), panel.baselines), "o" if panel.is_ours(str(method)) else "D"
        if np.isfinite(low[place]) and np.isfinite(high[place]):
            axes.plot([low[place], high[place]], [place, place], "|-", color=color, lw=1.8, ms=13, mew=1.8)
        axes.plot([value[place]], [place], marker, color=color, ms=8 if marker == "o" else 6.5)
        axes.annotate(
            texts[place],
            (value[place], place),
            xytext=(0, 9),
            textcoords="offset points",
            ha="center",
            fontsize=10.5,
            color=INK,
            weight="bold" if marker == "o" else "normal",
            family=fonts,
        )
    axes.set_yticks(range(len(methods)), labels=[wrapped(method_name(method), 22, 2) for method in methods])
    axes.set_ylim(len(methods) - 0.4, -0.7)
    axes.margins(x=0.14)
    axes.grid(axis="x", color=GRID, lw=0.8)
    better = "" if score.higher is None else _(", higher is better") if score.higher else _(", lower is better")
    interval = _(" (line: {level} % interval)", level=panel.level) if np.isfinite(low).any() else ""
    dress_axes(axes, f"{score.title}{better}", f"{score.heading}{interval}", "", fonts)


def _bars(axes: Axes, panel: Methods, fonts: list[str]) -> None:
    """The leading score, of which less is better, as bars, the best first."""
    score = shown_as(panel.leading)
    values = panel.table[panel.leading].astype(float)
    values = values[np.isfinite(values)].sort_values(kind="stable").iloc[:8]
    places = np.arange(len(values))
    colours = [method_colour(str(name), panel.baselines) for name in values.index]
    axes.barh(places, values.to_numpy(), color=colours, height=0.62)
    for place, value in zip(places, values.to_numpy().tolist(), strict=True):
        text = NumberStyle(3).text(value) if score.decimals == 3 else score.texts(np.array([value]), unit=True)[0]
        axes.annotate(
            text, (value, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9, family=fonts
        )
    axes.set_yticks(places, labels=[one_line(method_name(name), 22) for name in values.index], fontsize=9.5)
    for label in axes.get_yticklabels():
        label.set(parse_math=False, family=fonts)
    axes.invert_yaxis()
    axes.set_xlim(0, float(values.max()) * 1.22 or 1.0)
    title = _("{score}, lower is better", score=score.title)
    axes.set_title(title, loc="left", fontsize=11.5, weight="bold", color=INK, family=fonts)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.set_xticks([])
    axes.tick_params(length=0)
