"""The HTML page and its plots."""

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
]
