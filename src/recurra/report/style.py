"""How every plot of the page looks: colours that the colour-blind can tell apart (Okabe & Ito 2008), fonts, axes."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.formatting import style_of_range
from recurra.lettering import wrapped

INK, MUTED, GRID = "#1c2733", "#55616e", "#e6eaee"
OURS = "#0072b2"
OTHERS = ("#7a828a", "#d55e00", "#aa4499", "#009e73", "#b27800", "#56b4e9", "#6a51a3")
DASHES = ("dash", "dot", "dashdot", "longdash", "longdashdot")
FONTS = (
    '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, '
    '"PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", '
    '"WenQuanYi Micro Hei", "WenQuanYi Zen Hei", sans-serif'
)

Figure = dict[str, Any]
Trace = dict[str, Any]


def plot_text(text: object, limit: int = 60) -> str:
    """A user's text for a plot, where Plotly would read tags: escaped, on one line, shortened in the middle.

    A pair of dollar signs would be taken for a formula.
    """
    line = " ".join(str(text).split())
    if len(line) > limit:
        line = f"{line[: limit - limit // 3]}…{line[-(limit // 3) :]}"
    return html.escape(line, quote=False).replace("$", "&#36;")


def plot_lines(text: object, width: int = 24, limit: int = 3) -> str:
    """A user's text for the ticks of a plot, broken into at most `limit` lines between its words."""
    return "<br>".join(plot_text(line, 2 * width) for line in wrapped(str(text), width, limit).split("\n"))


def method_line(method: str, baselines: tuple[str, ...]) -> dict[str, Any]:
    """The line of a method, the same in every plot: ours is solid and strong, each baseline has its colour and dash."""
    if method not in baselines:
        return {"color": OURS, "width": 3}
    place = baselines.index(method)
    return {"color": OTHERS[place % len(OTHERS)], "dash": DASHES[place % len(DASHES)], "width": 1.75}


def method_colour(method: str, baselines: tuple[str, ...]) -> str:
    """The colour of a method, the same on the page and in the picture."""
    return str(method_line(method, baselines)["color"])


def axis(title: str, **more: Any) -> dict[str, Any]:
    """One axis, with its title and, unless told otherwise, numbers such as 12,000 and 1.2M."""
    return {
        "title": {"text": title, "standoff": 10, "font": {"color": MUTED, "size": 13}},
        "automargin": True,
        "gridcolor": GRID,
        "linecolor": "#b8c1ca",
        "zeroline": False,
        "tickfont": {"color": MUTED},
        **more,
    }


def value_axis(title: str, values: npt.ArrayLike, **more: Any) -> dict[str, Any]:
    """An axis in the user's own units, its ticks and hover text as fine as the values need."""
    sizes = np.abs(np.asarray(values, dtype=np.float64))
    largest = sizes[np.isfinite(sizes)].max(initial=0.0)
    notation = {"exponentformat": "power"} if 0 < largest < 1e-4 else {"exponentformat": "B", "minexponent": 6}
    return axis(title, separatethousands=True, hoverformat=style_of_range(values).d3, **notation, **more)


def diagonal(name: str, ends: list[float]) -> Trace:
    """The dotted line on which both axes agree."""
    return {
        "type": "scatter",
        "name": name,
        "x": ends,
        "y": ends,
        "mode": "lines",
        "line": {"color": MUTED, "width": 1.5, "dash": "dot"},
        "hoverinfo": "skip",
    }


def figure(data: list[Trace], xaxis: dict[str, Any], yaxis: dict[str, Any], **layout: Any) -> Figure:
    """A Plotly figure as plain data."""
    return {
        "data": data,
        "layout": {
            "xaxis": xaxis,
            "yaxis": yaxis,
            "font": {"family": FONTS, "size": 13, "color": INK},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
            "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
            "hoverlabel": {"namelength": -1},
            "modebar": {"bgcolor": "rgba(255,255,255,0)", "color": MUTED, "activecolor": OURS},
            **layout,
        },
    }
