"""How the parts of the picture that show a series look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recurra.formatting import style_of_range
from recurra.lettering import one_line
from recurra.report.panels.series import SeriesData
from recurra.report.style import GRID, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DASHES: dict[str, Any] = {
    "dash": "--",
    "dot": ":",
    "dashdot": "-.",
    "longdash": (0, (8, 3)),
    "longdashdot": (0, (8, 3, 2, 3)),
}


def level_shades(levels: tuple[float, ...]) -> list[tuple[float, float]]:
    """Each level with its opacity, the widest first so that it lies below."""
    ordered = sorted(levels, reverse=True)
    return list(zip(ordered, np.linspace(0.14, 0.24, len(ordered)).tolist(), strict=True))


def dots(values: pd.Series) -> dict[str, Any]:
    """Markers where the line has holes, so that a value between two holes is seen."""
    return {"marker": "o", "ms": 2} if values.isna().any() else {}


def dress_series(axes: Axes, title: str, panel: SeriesData, values: Any, fonts: list[str]) -> None:
    """Title, axes, grid and legend."""
    axes.set_title(title, loc="left", fontsize=11.5, weight="bold", color=INK, parse_math=False, family=fonts)
    axes.set_ylabel(one_line(panel.target, 40), color=MUTED, parse_math=False, family=fonts)
    axes.set_xlabel(one_line(panel.time_name, 40), color=MUTED, parse_math=False, family=fonts)
    axes.grid(axis="y", color=GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#b8c1ca")
    axes.tick_params(colors=MUTED, labelsize=9.5, labelfontfamily=fonts)
    finite = values[np.isfinite(values)]
    largest = np.abs(finite).max(initial=0.0)
    if 1e-4 <= largest < 1e6 and not style_of_range(finite).scientific:
        axes.yaxis.set_major_formatter(lambda value, _position: f"{value:,.10g}".replace("-", "−"))
    axes.margins(x=0.01)
    legend = axes.legend(loc="upper left", frameon=False, fontsize=9, ncols=5, borderaxespad=0.2, handlelength=1.6)
    for text in legend.get_texts():
        text.set(parse_math=False, family=fonts)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.12 * (high - low))
