"""plotly.js as every page carries it, and how it is set up: no button, link or message of it leads out of the page.

The bundle is `plotly.js-cartesian-dist-min` of npm, unchanged; see the README beside it. The buttons are named one by
one, so that those that a later version adds (7.0 of the Python package brought "Share chart", an upload) are not there.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from recurra.language import _, language, mark

VERSION = "4.1.1"
SHA256 = "79542150855a52c567260e3137095dbe2b744e6d702a5cabe67da246942fba7a"

CONFIG: dict[str, Any] = {
    "modeBarButtons": [["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
    "displaylogo": False,
    "plotlyServerURL": "",
    "showSendToCloud": False,
    "editable": False,
    "responsive": True,
    "doubleClick": "reset",
}


_BUTTONS = (
    mark("Download plot as a PNG"),
    mark("Zoom"),
    mark("Pan"),
    mark("Zoom in"),
    mark("Zoom out"),
    mark("Reset axes"),
    mark("Double-click to zoom back out"),
)  # and what they say


def plotly_locale() -> dict[str, Any] | None:
    """The words and dates of plotly.js in the reader's language, a locale to register; None in English."""
    if language() == "en":
        return None
    months = [f"{month} 月" for month in range(1, 13)]
    dates = {
        "days": [f"星期{day}" for day in "日一二三四五六"],
        "shortDays": [f"周{day}" for day in "日一二三四五六"],
        "months": months,
        "shortMonths": months,
        "date": "%Y-%m-%d",
        "year": "%Y",
        "month": "%Y-%m",
        "dayMonth": "%m-%d",
        "dayMonthYear": "%Y-%m-%d",
    }
    words = {text: _(text) for text in _BUTTONS}
    return {"moduleType": "locale", "name": "zh-CN", "dictionary": words, "format": dates}


def plotly_js() -> str:
    """The text of the bundle."""
    return files("recurra.report").joinpath("plotly", "plotly-cartesian.min.js").read_text(encoding="utf-8")
