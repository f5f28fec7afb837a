"""The HTML page and its plots."""

from pathlib import Path

from recurra.report.content import ForecastReport
from recurra.report.labelled import LabelledReport, write_labelled_html, write_labelled_png
from recurra.report.page import write_html
from recurra.report.png import write_png

__all__ = [
    "ForecastReport",
    "LabelledReport",
    "write_html",
    "write_labelled_html",
    "write_labelled_png",
    "write_png",
    "write_report",
]

_WRITERS = {ForecastReport: (write_html, write_png), LabelledReport: (write_labelled_html, write_labelled_png)}


def write_report(content: ForecastReport | LabelledReport, page: str | Path, picture: str | Path | None = None) -> None:
    """Write the page of a report, and its picture; raises InputError where that cannot be done."""
    write_page, write_picture = _WRITERS[type(content)]
    write_page(content, page)  # type: ignore[arg-type]
    if picture is not None:
        write_picture(content, picture)  # type: ignore[arg-type]
