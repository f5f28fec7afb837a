"""A report as one picture: the title and the verdict, and what its panels draw.

Matplotlib takes most of a second to import, so it is imported where it draws, and `import recurra.report` stays quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from recurra.extras import require_package
from recurra.lettering import installed_families
from recurra.report.blocks import Drawing
from recurra.report.content import ReportContent
from recurra.report.picture import headed, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BESIDE = 2  # drawings in the row that several share


def write_png(report: ReportContent, path: str | Path) -> None:
    """Write the picture of the report to `path`, 1800 x 1200 pixels.

    Letters that no installed font holds appear as boxes. Raises InputError when the file cannot be written, and
    MissingPackageError without Matplotlib.

    Example:
        >>> from recurra.report import write_png
        >>> write_png(report, "report.png")  # doctest: +SKIP
    """
    save(draw(report), path)


def draw(report: ReportContent) -> Figure:
    """The picture as a Matplotlib figure that belongs to no window and no pyplot.

    The first drawing that wants a row of its own has one, and the first two others share the row below it.
    """
    require_package("matplotlib")
    fonts = installed_families()
    figure, top = headed(report, fonts)
    wide, beside = _chosen(report)
    rows = (wide is not None) + bool(beside)
    if not rows:
        return figure
    alone = wide is None
    grid = figure.add_gridspec(
        rows,
        1,
        left=max((beside[0].left if alone and beside else 0.0), 0.12 if alone else 0.075),
        right=0.97 if alone else 0.975,
        top=top,
        bottom=0.12 if alone else 0.07,
        hspace=0.34,
        height_ratios=[1.25, 1][:rows],
    )
    if wide is not None:
        wide.draw(figure.add_subplot(grid[0, 0]), fonts)
    if beside:
        inner = grid[rows - 1, 0].subgridspec(
            1, len(beside), wspace=0.42 if alone else 0.3, width_ratios=[each.weight for each in beside]
        )
        for place, drawing in enumerate(beside):
            drawing.draw(figure.add_subplot(inner[0, place]), fonts)
    return figure


def _chosen(report: ReportContent) -> tuple[Drawing | None, list[Drawing]]:
    wide, beside = None, []
    for drawing in report.drawings():
        if drawing.wide and wide is None:
            wide = drawing
        elif not drawing.wide and len(beside) < BESIDE:
            beside.append(drawing)
        if wide is not None and len(beside) == BESIDE:
            break
    return wide, beside
