"""What the pictures have in common: the title, the verdict on its band, and the file they are written to.

Matplotlib takes most of a second to import, so it is imported where it draws, and `import recurra.report` stays quick.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from recurra.lettering import figure_class, no_word_about_fonts, one_line, wrapped
from recurra.report.style import INK, MUTED
from recurra.report.writing import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_BANDS = {True: ("#0b4d2c", "#e5f5ec"), False: ("#5f4000", "#fff3d9"), None: ("#1c2733", "#eef2f5")}


class WithVerdict(Protocol):
    """What stands at the head of every report."""

    @property
    def title(self) -> str: ...

    @property
    def created(self) -> str: ...

    @property
    def verdict(self) -> str: ...

    @property
    def better(self) -> bool | None: ...


def save(figure: Figure, path: str | Path) -> None:
    """Write the figure as a PNG of 150 dots per inch; a letter that no installed font holds appears as a box."""
    write_whole(path, png_bytes(figure))


def png_bytes(figure: Figure, dpi: int = 150) -> bytes:
    """The figure as a PNG."""
    buffer = io.BytesIO()
    with no_word_about_fonts():
        figure.savefig(buffer, format="png", dpi=dpi)
    return buffer.getvalue()


def headed(report: WithVerdict, fonts: list[str]) -> tuple[Figure, float]:
    """A figure with the title and the verdict on its coloured band, and the height that is left below [0..1]."""
    from matplotlib.patches import Rectangle

    figure = _notebook_figure()(figsize=(12, 8), facecolor="white")
    text, fill = _BANDS[report.better]
    verdict = wrapped(report.verdict, 90)
    lines = 1 + verdict.count("\n")
    height = 0.024 + 0.033 * lines
    middle = 0.932 - height / 2
    title = " · ".join(part for part in (one_line(report.title, 90), one_line(report.created, 30)) if part)
    figure.text(0.025, 0.968, title, fontsize=11.5, color=MUTED, va="center", parse_math=False, family=fonts)
    if not report.verdict:
        return figure, 0.9
    figure.add_artist(Rectangle((0.025, 0.932 - height), 0.95, height, facecolor=fill, lw=0))
    figure.add_artist(Rectangle((0.025, 0.932 - height), 0.004, height, facecolor=text, lw=0))
    figure.text(
        0.04, middle, verdict, fontsize=15, weight="bold", color=text, va="center", parse_math=False, family=fonts
    )
    return figure, 0.875 - height


@cache
def _notebook_figure() -> type[Figure]:
    """Matplotlib's figure, which a notebook shows by itself though pyplot has no part in it."""

    class Picture(figure_class()):
        """A figure with its picture for notebooks."""

        def _repr_png_(self) -> bytes:
            return png_bytes(self, dpi=80)

    return Picture


def dress_axes(axes: Axes, title: str, across: str, up: str, fonts: list[str]) -> None:
    """Title, labels and spines of a part of a picture."""
    axes.set_title(title, loc="left", fontsize=12.5, weight="bold", color=INK, parse_math=False, family=fonts, pad=12)
    axes.set_xlabel(across, color=MUTED, parse_math=False, family=fonts, fontsize=10.5)
    axes.set_ylabel(up, color=MUTED, parse_math=False, family=fonts, fontsize=10.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#b8c1ca")
    axes.tick_params(colors=MUTED, labelsize=10.5)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set(parse_math=False, family=fonts)
