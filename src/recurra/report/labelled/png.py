"""A labelled task as one picture: the scores with their intervals, and confusion, scatter or F1 beside them.

Matplotlib takes most of a second to import, so it is imported where it draws, and `import recurra.report` stays quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recurra.report.heat import SEQUENTIAL
from recurra.report.labelled.confusion import MOST_CLASSES, WRITTEN_CLASSES, confusion_table, shares
from recurra.report.labelled.content import LabelledReport
from recurra.report.labelled.regression_plots import DOTS, known_predictions
from recurra.report.labelled.scores import shown_as
from recurra.report.labelled.tables import bounds, text_of
from recurra.report.lettering import installed_families, one_line, wrapped
from recurra.report.picture import headed, save
from recurra.report.style import GRID, INK, MUTED, OURS, method_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

METHODS = 9
BARS = 16


def write_labelled_png(report: LabelledReport, path: str | Path) -> None:
    """Write the picture of the report to `path`, 1800 x 1200 pixels.

    Letters that no installed font holds appear as boxes. Raises InputError when the file cannot be written.

    Example:
        >>> from recurra.report.labelled import write_labelled_png
        >>> write_labelled_png(report, "report.png")  # doctest: +SKIP
    """
    save(draw(report), path)


def draw(report: LabelledReport) -> Figure:
    """The picture as a Matplotlib figure that belongs to no window and no pyplot."""
    fonts = installed_families()
    figure, top = headed(report, fonts)
    beside = _beside(report)
    scored = bool(report.leading) and len(report.table) > 0
    parts = [part for part, present in ((_scores, scored), (beside, beside is not None)) if present and part]
    left = 0.2 if scored else 0.12
    grid = figure.add_gridspec(1, max(1, len(parts)), left=left, right=0.97, top=top, bottom=0.12, wspace=0.42)
    for place, part in enumerate(parts):
        part(figure.add_subplot(grid[0, place]), report, fonts)
    return figure


def _beside(report: LabelledReport):
    """What stands beside the scores: what fits the task and is known."""
    classes = len(set(report.confusion["truth"].map(text_of)) | set(report.confusion["predicted"].map(text_of)))
    if len(known_predictions(report, 1)[0]):
        return _scatter
    if 0 < classes <= MOST_CLASSES:
        return _confusion
    return _classes if len(report.per_class) else None


def _scores(axes: Axes, report: LabelledReport, fonts: list[str]) -> None:
    score = shown_as(report.leading)
    scale = 100 if score.share else 1
    low, high = (scale * side[:METHODS] for side in bounds(report, report.leading))
    value = scale * report.table[report.leading].to_numpy(dtype=np.float64, na_value=np.nan)[:METHODS]
    methods = list(report.table.index[:METHODS])
    texts = score.texts(value / scale, unit=True)
    for place, method in enumerate(methods):
        color, marker = method_colour(str(method), report.baselines), "D" if method in report.baselines else "o"
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
    axes.set_yticks(range(len(methods)), labels=[wrapped(str(method), 22, 2) for method in methods])
    axes.set_ylim(len(methods) - 0.4, -0.7)
    axes.margins(x=0.14)
    axes.grid(axis="x", color=GRID, lw=0.8)
    better = "" if score.higher is None else f", {'higher' if score.higher else 'lower'} is better"
    interval = f" (line: {report.level} % interval)" if np.isfinite(low).any() else ""
    _dress(axes, f"{score.name}{better}", f"{score.heading}{interval}", "", fonts)


def _confusion(axes: Axes, report: LabelledReport, fonts: list[str]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    table = confusion_table(report)
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
    _dress(axes, "Confusion matrix, % of the true class", "predicted", "truth", fonts)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)


def _scatter(axes: Axes, report: LabelledReport, fonts: list[str]) -> None:
    truth, predicted = known_predictions(report, DOTS)
    low, high = min(truth.min(), predicted.min()), max(truth.max(), predicted.max())
    axes.plot([low, high], [low, high], ":", color=MUTED, lw=1.3)
    axes.plot(truth, predicted, "o", color=OURS, ms=5, alpha=0.45, mew=0)
    axes.grid(color=GRID, lw=0.8)
    _dress(axes, "Predicted against true", f"true {one_line(report.target, 40)}", "predicted", fonts)


def _classes(axes: Axes, report: LabelledReport, fonts: list[str]) -> None:
    frame = report.per_class.assign(f1=report.per_class["f1"].astype(float))
    several = len(frame) > BARS
    frame = frame.sort_values("f1", kind="stable").iloc[:BARS] if several else frame
    places = np.arange(len(frame))
    axes.barh(places, 100 * frame["f1"].fillna(0.0), color=OURS, height=0.62)
    axes.set_yticks(places, labels=[one_line(text_of(name), 18) for name in frame["class"]])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    title = f"The {BARS} classes of lowest F1" if several else "F1 of each class"
    axes.grid(axis="x", color=GRID, lw=0.8)
    _dress(axes, title, "F1, %", "", fonts)


def _dress(axes: Axes, title: str, across: str, up: str, fonts: list[str]) -> None:
    axes.set_title(title, loc="left", fontsize=12.5, weight="bold", color=INK, parse_math=False, family=fonts, pad=12)
    axes.set_xlabel(across, color=MUTED, parse_math=False, family=fonts, fontsize=10.5)
    axes.set_ylabel(up, color=MUTED, parse_math=False, family=fonts, fontsize=10.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#b8c1ca")
    axes.tick_params(colors=MUTED, labelsize=10.5)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set(parse_math=False, family=fonts)
