"""The report of a labelled task as one HTML file."""

from __future__ import annotations

import math
from pathlib import Path

from recurra.formatting import percent
from recurra.report.labelled.confusion import confused_pairs, confusion_figure, confusion_height
from recurra.report.labelled.content import LabelledReport
from recurra.report.labelled.explained import explained_examples
from recurra.report.labelled.explained_series import explained_series
from recurra.report.labelled.length_plots import length_figure
from recurra.report.labelled.regression_plots import error_figure, scatter_figure
from recurra.report.labelled.score_plots import against_figure, against_height, calibration_error, reliability_figure
from recurra.report.labelled.tables import (
    cards,
    class_table,
    method_rows,
    mistakes,
    score_header,
    score_meanings,
    size_table,
    value_of,
)
from recurra.report.labelled.usual import usual_bars
from recurra.report.rendering import render_page
from recurra.report.training_plots import flow_figure, learning_figure
from recurra.report.writing import write_whole

OPEN_EXAMPLES = 4  # the others are folded
NOUNS = {
    "classification": "Predicted classes",
    "labels": "Predicted labels",
    "tagging": "Predicted tags",
    "regression": "Predicted values",
}


def write_labelled_html(report: LabelledReport, path: str | Path) -> None:
    """Write the report to `path` as one file with everything in it.

    Raises InputError when the file cannot be written; an old file then stays.

    Example:
        >>> from recurra.report.labelled import write_labelled_html
        >>> write_labelled_html(report, "report.html")  # doctest: +SKIP
    """
    write_whole(path, render(report).encode("utf-8", "xmlcharrefreplace"))


def render(report: LabelledReport) -> str:
    """The page as text."""
    series = explained_series(report)
    figures = {
        "against": against_figure(report),
        "confusion": confusion_figure(report),
        "reliability": reliability_figure(report),
        "scatter": scatter_figure(report),
        "error": error_figure(report),
        "lengths": length_figure(report),
        "learning": learning_figure(report),
        "flow": flow_figure(report),
        **{f"series-{place}": example.figure for place, example in enumerate(series)},
    }
    payload = {"figures": {name: figure for name, figure in figures.items() if figure}}
    return render_page(
        "labelled.html.j2",
        payload,
        styles=("labelled.css",),
        report=report,
        noun=NOUNS[report.task],
        cards=cards(report),
        score_header=score_header(report),
        score_meanings=score_meanings(report),
        methods=method_rows(report),
        against_height=against_height(report),
        shown=payload["figures"].keys(),
        classes=class_table(report),
        confusion_height=confusion_height(report),
        pairs=confused_pairs(report),
        calibration=percent(_calibration(report)),
        mistakes=mistakes(report),
        examples=explained_examples(report),
        open_examples=OPEN_EXAMPLES,
        series=series,
        usual=usual_bars(report),
        sizes=size_table(report),
    )


def _calibration(report: LabelledReport) -> float:
    """The calibration error that the table has of the model, else that of the plot: a page says one number."""
    told = value_of(report, report.ours, "calibration error")
    return told if math.isfinite(told) else calibration_error(report)
