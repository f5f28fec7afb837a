"""The HTML page and its plots."""

from recurra.report.content import ForecastReport
from recurra.report.page import write_html
from recurra.report.png import write_png

__all__ = ["ForecastReport", "write_html", "write_png"]
