"""What the pictures have in common: the title, the verdict on its band, and the file they are written to.

Matplotlib takes most of a second to import, so it is imported where it draws, and `import recurra.report` stays quick.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from recurra.report.lettering import no_word_about_fonts, one_line, wrapped
from recurra.report.style import MUTED
from recurra.report.writing import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Judged(Protocol):
    """What stands at the head of every report."""

    @property
    def title(self) -> str: ...

    @property
    def created(self) -> str: ...

    @property
    def verdict(self) -> str: ...

    @property
    def better(self) -> bool: ...


def save(figure: Figure, path: str | Path) -> None:
    """Write the figure as a PNG of 150 dots per inch; a letter that no installed font holds appears as a box."""
    buffer = io.BytesIO()
    with no_word_about_fonts():
        figure.savefig(buffer, format="png", dpi=150)
    write_whole(path, buffer.getvalue())


def headed(report: Judged, fonts: list[str]) -> tuple[Figure, float]:
    """A figure with the title and the verdict on its coloured band, and the height that is left below [0..1]."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    figure = Figure(figsize=(12, 8), facecolor="white")
    text, fill = ("#0b4d2c", "#e5f5ec") if report.better else ("#5f4000", "#fff3d9")
    verdict = wrapped(report.verdict, 90)
    lines = 1 + verdict.count("\n")
    height = 0.024 + 0.033 * lines
    middle = 0.932 - height / 2
    title = f"{one_line(report.title, 90)} · {one_line(report.created, 30)}"
    figure.text(0.025, 0.968, title, fontsize=11.5, color=MUTED, va="center", parse_math=False, family=fonts)
    figure.add_artist(Rectangle((0.025, 0.932 - height), 0.95, height, facecolor=fill, lw=0))
    figure.add_artist(Rectangle((0.025, 0.932 - height), 0.004, height, facecolor=text, lw=0))
    figure.text(
        0.04, middle, verdict, fontsize=15, weight="bold", color=text, va="center", parse_math=False, family=fonts
    )
    return figure, 0.875 - height
