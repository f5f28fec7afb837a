"""The report of labelled sequences: classes, tags, or numbers."""

from recurra.report.labelled.content import LabelledReport
from recurra.report.labelled.page import write_labelled_html
from recurra.report.labelled.png import write_labelled_png

__all__ = ["LabelledReport", "write_labelled_html", "write_labelled_png"]
