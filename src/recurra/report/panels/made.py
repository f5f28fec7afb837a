"""Series that were generated beside real ones: lines of each column, or pictures where a series is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from recurra.language import _, mark
from recurra.report.blocks import Plot, Section, Text
from recurra.report.numbers import json_numbers
from recurra.report.panels.panel import Panel
from recurra.report.style import OTHERS, OURS, Figure, Trace, axis, figure, plot_text

Floats = npt.NDArray[np.floating]
_COLUMNS, _LINES, _PICTURES, _ACROSS = 6, 8, 12, 6
_ROW, _HIGH = 150, 300  # pixels of a column, and of pictures


@dataclass(frozen=True, eq=False)
class Shown:
    """Windows of real and generated series [N, T, D] and the names [D] of their columns."""

    names: Sequence[str]
    real: Floats
    made: Floats

    @property
    def pictures(self) -> bool:
        """Whether a series is a picture: columns of one range and alike values, many beside the steps."""
        both = np.concatenate([self.real, self.made])
        whole = bool((both == np.round(both)).all()) or (both.min() >= 0 and both.max() <= 1)
        peaks = both.max(axis=(0, 1))
        alike = float(np.median(peaks)) >= 0.5 * float(both.max()) and both.min() >= 0
        return self.real.shape[2] >= 6 and self.real.shape[1] >= 4 and whole and alike


@dataclass(frozen=True, eq=False)
class Made(Panel):
    """made: what was generated, and what is real."""

    made: Shown

    title: ClassVar[str] = mark("Real and generated series")

    def section(self) -> Section | None:
        shown = self.made
        if not len(shown.made) or not len(shown.real):
            return None
        if shown.pictures:
            plot = Plot("made", _("Real pictures above, generated ones below"), _pictures(shown), _HIGH)
            told = _("A picture is a series of rows, each generated after those above it.")
            return Section("made", _(self.title), [plot, Text(told)], wide=True)
        count = min(_COLUMNS, len(shown.names))
        label = _("Windows of real series on the left, of generated ones on the right")
        plot = Plot("made", label, _lines(shown, count), _height(count))
        told = _("Left: real windows. Right: windows generated after the same rows, on the same axes.")
        if len(shown.names) > count:
            told += " " + _("The first {count} of {all} columns.", count=count, all=len(shown.names))
        return Section("made", _(self.title), [plot, Text(told)], wide=True)


def _height(count: int) -> int:
    return 60 + _ROW * count


def _lines(shown: Shown, count: int) -> Figure:
    """A row for each column: real windows on the left, generated ones on the right."""
    data, more = [], {}
    gap = 0.05 if count > 1 else 0.0
    tall = (1 - gap * (count - 1)) / count
    windows = np.unique(np.linspace(0, min(len(shown.real), len(shown.made)) - 1, _LINES).astype(int))
    for k in range(count):
        top = 1 - k * (tall + gap)
        name, span, last = plot_text(shown.names[k], 24), _range(shown, k), k == count - 1
        sides = ((_("real"), shown.real, OTHERS[0], [0.0, 0.47]), (_("generated"), shown.made, OURS, [0.53, 1.0]))
        for side, (called, part, colour, across) in enumerate(sides):
            number = "" if not k + side else str(2 * k + side + 1)
            foot = {"domain": across, "anchor": f"y{number}", "showticklabels": last}
            more[f"xaxis{number}"] = axis(called if last else "", **foot)
            down = {"domain": [max(0.0, top - tall), top], "anchor": f"x{number}"}
            more[f"yaxis{number}"] = axis("" if side else name, **down, range=span, showticklabels=not side)
            told = f"{name}, {_('step')} %{{x}}: %{{y:.5~g}}<extra></extra>"
            data += [_line(part[row, :, k], number, colour, told) for row in windows]
    first = more.pop("xaxis"), more.pop("yaxis")
    return figure(data, *first, height=_height(count), showlegend=False, hovermode="closest", **more)


def _line(values: Floats, number: str, colour: str, told: str) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(range(1, len(values) + 1)),
        "y": json_numbers(values),
        "xaxis": f"x{number}",
        "yaxis": f"y{number}",
        "line": {"color": colour, "width": 1.2},
        "opacity": 0.7,
        "hovertemplate": told,
    }


def _range(shown: Shown, column: int) -> tuple[float, float]:
    both = np.concatenate([shown.real[..., column].ravel(), shown.made[..., column].ravel()])
    low, high = float(both.min()), float(both.max())
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room


def _pictures(shown: Shown) -> Figure:
    """Lines of pictures, the real ones above, as one heat map with gaps."""
    count = min(_PICTURES, len(shown.real), len(shown.made))
    real, made = (_tiled(part[:count]) for part in (shown.real, shown.made))
    every = np.concatenate([real, made])
    trace = {
        "type": "heatmap",
        "z": [json_numbers(row) for row in every],
        "colorscale": [[0, "#ffffff"], [1, "#1b2733"]],
        "showscale": False,
        "hoverinfo": "skip",
    }
    plain = {"showticklabels": False, "showgrid": False, "zeroline": False, "showline": False, "ticks": ""}
    places = {"tickvals": [len(real) / 2, 1.5 * len(real)], "ticktext": [_("real"), _("generated")]}
    down = axis("") | plain | {"autorange": "reversed", "scaleanchor": "x", "showticklabels": True} | places
    return figure([trace], axis("") | plain, down, height=_HIGH)


def _tiled(pictures: Floats) -> Floats:
    """Pictures [N, T, D] in lines of so many, each with a gap to its right and below."""
    count, high, wide = pictures.shape
    lines = -(-count // _ACROSS)
    tiles = np.full((lines * _ACROSS, high + 1, wide + 1), np.nan)
    tiles[:count, :high, :wide] = pictures
    grid = tiles.reshape(lines, _ACROSS, high + 1, wide + 1).transpose(0, 2, 1, 3)
    return grid.reshape(lines * (high + 1), _ACROSS * (wide + 1))
