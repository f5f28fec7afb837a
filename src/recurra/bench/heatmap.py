"""Ratios as a picture: a row per cell, batch size and number of steps, a column per hidden size.

Matplotlib takes most of a second to import, so it is imported where it draws.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from recurra.bench.pairs import geometric_mean
from recurra.extras import require_package
from recurra.lettering import figure_class

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, PAPER = "#1c2733", "#55616e", "#ffffff"
# Slower is orange, as fast is nearly white, faster is blue: apart for the colour-blind too (Okabe & Ito 2008).
COLOURS = ("#b34700", "#e8a15c", "#f6f4f1", "#8ec1e6", "#2b7fbf", "#0b5a99", "#083d6b")
POSITIONS = (-1.0, -0.4, 0.0, 0.25, 0.5, 0.78, 1.0)
WIDEST = 16.0  # the colour scale ends at this ratio and its inverse
ROW, COLUMN = 0.30, 0.72  # inches

Rows = Sequence[Mapping[str, Any]]


def heatmap_png(rows: Rows, *, title: str, subtitle: str) -> bytes:
    """The picture as PNG; `rows` are those of `Comparison.row`, a panel per dtype and mode."""
    buffer = io.BytesIO()
    draw(rows, title=title, subtitle=subtitle).savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()


def draw(rows: Rows, *, title: str, subtitle: str) -> Figure:
    """The picture as a Matplotlib figure that belongs to no pyplot. Raises MissingPackageError without Matplotlib."""
    require_package("matplotlib")
    panels = list(dict.fromkeys((row["dtype"], row["mode"]) for row in rows))
    lines = list(dict.fromkeys((row["cell"], row["batch"], row["steps"]) for row in rows))
    columns = sorted({row["hidden"] for row in rows})
    gaps = len({cell for cell, _, _ in lines}) - 1 + 0.4 * (len({line[:2] for line in lines}) - 1)
    plot_height = ROW * (len(lines) + 0.45 * gaps)
    plot_width = COLUMN * len(columns)
    left, right, top, bottom, between = 1.95, 0.35, 1.35, 0.85, 0.4
    width = max(left + right + len(panels) * plot_width + (len(panels) - 1) * between, 6.2)
    height = top + bottom + plot_height
    figure = figure_class()(figsize=(width, height), facecolor=PAPER)
    figure.text(0.25 / width, 1 - 0.32 / height, title, fontsize=15, weight="bold", color=INK, va="center")
    figure.text(0.25 / width, 1 - 0.62 / height, subtitle, fontsize=9.5, color=MUTED, va="center")
    for place, (dtype, mode) in enumerate(panels):
        x = left + place * (plot_width + between)
        axes = figure.add_axes((x / width, bottom / height, plot_width / width, plot_height / height))
        shown = [row for row in rows if (row["dtype"], row["mode"]) == (dtype, mode)]
        _panel(axes, shown, lines, columns, names=place == 0)
        ratios = [row["ratio"] for row in shown if row["ratio"] is not None]
        heading = (
            f"{mode}, {dtype}\ngeometric mean {ratio_text(geometric_mean(ratios))}" if ratios else f"{mode}, {dtype}"
        )
        axes.set_title(heading, loc="left", fontsize=10, color=INK, pad=20, linespacing=1.35)
    _scale(figure, left / width, 0.40 / height, min(3.4, width - left - right) / width, 0.13 / height)
    return figure


def ratio_text(ratio: float | None) -> str:
    """A ratio in as few digits as say it.

    Example:
        >>> ratio_text(0.974), ratio_text(3.26), ratio_text(12.4), ratio_text(None)
        ('0.97×', '3.3×', '12×', '—')
    """
    if ratio is None or math.isnan(ratio):
        return "—"
    digits = 2 if ratio < 1.995 else 1 if ratio < 9.95 else 0
    return f"{ratio:.{digits}f}×"


def colour(ratio: float) -> tuple[float, float, float, float]:
    """The colour of a ratio: logarithmic, 1 in the middle."""
    from matplotlib.colors import LinearSegmentedColormap

    stops = [((position + 1) / 2, name) for position, name in zip(POSITIONS, COLOURS, strict=True)]
    return LinearSegmentedColormap.from_list("ratio", stops)((_place(ratio) + 1) / 2)


def _place(ratio: float) -> float:
    """-1 for 1/16 and slower, 0 for as fast, 1 for 16 times and more."""
    return min(1.0, max(-1.0, math.log(ratio) / math.log(WIDEST)))


def _panel(
    axes: Axes, rows: Rows, lines: Sequence[tuple[str, int, int]], columns: Sequence[int], *, names: bool
) -> None:
    from matplotlib.patches import FancyBboxPatch

    heights = _heights(lines)
    for row in rows:
        x, y = columns.index(row["hidden"]), heights[row["cell"], row["batch"], row["steps"]]
        ratio = row["ratio"]
        fill = colour(ratio) if ratio is not None else (1.0, 1.0, 1.0, 1.0)
        dark = 0.299 * fill[0] + 0.587 * fill[1] + 0.114 * fill[2] < 0.55
        box = FancyBboxPatch(
            (x + 0.03, y + 0.05), 0.94, 0.90, boxstyle="round,pad=0,rounding_size=0.10", facecolor=fill, lw=0
        )
        axes.add_patch(box)
        slow = ratio is not None and ratio < 0.97
        axes.text(
            x + 0.5,
            y + 0.52,
            "differs" if row.get("refusal") else ratio_text(ratio),
            ha="center",
            va="center",
            fontsize=8.5,
            color="white" if dark else INK,
            weight="bold" if slow else "normal",
        )
    bottom = max(heights.values()) + 1
    axes.set_xlim(0, len(columns))
    axes.set_ylim(bottom, 0)
    axes.set_xticks([place + 0.5 for place in range(len(columns))], labels=[f"H={hidden}" for hidden in columns])
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=8.5, labelcolor=MUTED, pad=2)
    axes.set_yticks([])
    axes.set_frame_on(False)
    if names:
        _names(axes, lines, heights)


def _names(axes: Axes, lines: Sequence[tuple[str, int, int]], heights: Mapping[tuple[str, int, int], float]) -> None:
    """T beside every row, B beside its group, the cell beside its block; given in inches from the plot's left edge."""

    def write(inches: float, y: float, text: str, **look: Any) -> None:
        axes.annotate(
            text,
            (0, y),
            xytext=(-72 * inches, 0),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
            **look,
        )

    for line in lines:
        write(0.08, heights[line] + 0.52, f"T={line[2]}", ha="right", fontsize=8.5, color=MUTED)
    for cell, batch in dict.fromkeys(line[:2] for line in lines):
        group = [heights[line] for line in lines if line[:2] == (cell, batch)]
        write(0.66, (group[0] + group[-1] + 1) / 2, f"B={batch}", ha="right", fontsize=8.5, color=INK)
    for cell in dict.fromkeys(line[0] for line in lines):
        group = [heights[line] for line in lines if line[0] == cell]
        write(1.70, (group[0] + group[-1] + 1) / 2, cell.upper(), ha="left", fontsize=11, color=INK, weight="bold")


def _heights(lines: Sequence[tuple[str, int, int]]) -> dict[tuple[str, int, int], float]:
    """Where each row begins, with a gap between batch sizes and a wider one between cells."""
    heights: dict[tuple[str, int, int], float] = {}
    y, before = 0.0, None
    for line in lines:
        if before is not None:
            y += 1 + (0.45 if line[0] != before[0] else 0.18 if line[1] != before[1] else 0.0)
        heights[line], before = y, line
    return heights


def _scale(figure: Figure, x: float, y: float, width: float, height: float) -> None:
    """The colours with their ratios, below the plot."""
    axes = figure.add_axes((x, y, width, height))
    shades = [[colour(WIDEST ** (2 * step / 255 - 1)) for step in range(256)]]
    axes.imshow(shades, aspect="auto", extent=(0, 1, 0, 1), interpolation="bilinear")
    marks = [1 / 16, 1 / 4, 1, 4, 16]
    axes.set_xlim(0, 1)
    axes.set_xticks(
        [(_place(mark) + 1) / 2 for mark in marks],
        labels=["16× slower", "4× slower", "as fast", "4× faster", "16× faster"],
    )
    axes.tick_params(length=2, labelsize=8, labelcolor=MUTED, color=MUTED, pad=2)
    axes.set_yticks([])
    axes.set_frame_on(False)
