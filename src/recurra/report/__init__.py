"""Pages and pictures of results: a head, and panels in order."""

from recurra.report.content import ReportContent
from recurra.report.page import write_html
from recurra.report.panels import Deferred, Panel
from recurra.report.png import write_png
from recurra.report.rows import Card

__all__ = ["Card", "Deferred", "Panel", "ReportContent", "write_html", "write_png"]
