"""plotly.js as every page carries it, and how it is set up: no button, link or message of it leads out of the page.

The bundle is `plotly.js-cartesian-dist-min` of npm, unchanged; see the README beside it. The buttons are named one by
one, so that those that a later version adds (7.0 of the Python package brought "Share chart", an upload) are not there.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

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


def plotly_js() -> str:
    """The text of the bundle."""
    return files("recurra.report").joinpath("plotly", "plotly-cartesian.min.js").read_text(encoding="utf-8")
