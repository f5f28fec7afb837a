"""What gives a result, or an estimator, its page, its picture and what a notebook shows: all follow from `content`."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recurra.errors import InputError, MissingPackageError
from recurra.language import _

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from recurra.report.content import ReportContent

SUFFIXES = (".html", ".htm", ".png")


class Reported:
    """Base of what can be shown: `content` says what, the rest is done here.

    The arguments of the methods are those of `content`.
    """

    def content(self, **head: Any) -> ReportContent:
        """What the page and the picture show. Raises InputError where there is nothing to show yet."""
        raise NotImplementedError

    def report(self, path: str | Path, **head: Any) -> None:
        """Write the page to `path`, one HTML file; a path that ends in .png gets the picture.

        Raises InputError for another ending, where there is nothing to show yet, or where the file cannot be written.
        """
        from recurra.report.page import write_html
        from recurra.report.png import write_png

        suffix = Path(path).suffix.lower()
        if suffix not in SUFFIXES:
            raise InputError(
                _("path is {path!r}: expected a name that ends in .html (a page) or .png (a picture)", path=str(path))
            )
        (write_png if suffix == ".png" else write_html)(self.content(**head), path)

    def plot(self, **head: Any) -> Figure:
        """The picture as a Matplotlib figure, which a notebook shows by itself.

        Raises InputError where there is nothing to show yet, MissingPackageError without Matplotlib.
        """
        from recurra.report.png import draw

        return draw(self.content(**head))


def notebook_html(content: ReportContent) -> str:
    """The head, the table of methods and the picture, as a notebook shows them; without Matplotlib no picture."""
    from recurra.report.page import about_line
    from recurra.report.picture import png_bytes
    from recurra.report.png import draw
    from recurra.report.rendering import fragment

    blocks = [block for section in content.sections_of("methods") for block in section.blocks]
    table = next((block for block in blocks if block.kind == "table"), None)
    try:
        picture = base64.b64encode(png_bytes(draw(content), dpi=70)).decode()
    except MissingPackageError:
        picture = ""
    return fragment("notebook.html.j2", report=content, about=about_line(content), table=table, picture=picture)
