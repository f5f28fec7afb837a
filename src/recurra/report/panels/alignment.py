"""What each token that was produced looked at in the source: a picture for each of some examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from recurra.language import _, mark
from recurra.lettering import one_line
from recurra.report.blocks import Drawing, Plot, Section, Text
from recurra.report.panels.panel import Panel
from recurra.report.picture import dress_axes
from recurra.report.style import Figure, axis, figure, plot_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

END_SIGN = "\u25c6"  # the end of a text
_COLOURS = [[0.0, "#ffffff"], [1.0, "#1f4e79"]]
_EVEN = 8.0  # times the share of each where all have the same: what is drawn darkest at least


class Aligned(NamedTuple):
    """One example: the `source` [S] and what was `produced` [T], and the shares [T, S].

    `labelled` are the places of the source with a label, all of them unless given, and `across` says what they are.
    """

    title: str
    source: Sequence[str]
    produced: Sequence[str]
    shares: npt.NDArray[np.floating]
    labelled: Sequence[int] | None = None
    across: str = ""


@dataclass(frozen=True, eq=False)
class Alignment(Panel):
    """A heat map per example: a row for each token produced, a column for each of the source."""

    alignments: Sequence[Aligned]

    title: ClassVar[str] = mark("Attention alignment")

    def section(self) -> Section | None:
        if not self.alignments:
            return None
        blocks: list[Any] = []
        for place, each in enumerate(self.alignments):
            blocks.append(Text(each.title))
            label = _("Attention of each token produced to each part of the source")
            blocks.append(Plot(f"aligned-{place}", label, heat_map(each), height_of(each)))
        told = _(
            "Each row is an output token: the darker a cell, the more attention it paid to that part of the source."
        )
        return Section("aligned", _(self.title), [Text(told), *blocks])

    def drawing(self) -> Drawing | None:
        if not self.alignments:
            return None
        first = min(self.alignments, key=lambda each: len(each.source))
        return Drawing(lambda axes, fonts: _drawn(axes, first, fonts), left=0.14)


def heat_map(each: Aligned) -> Figure:
    """The shares of one example; labels are numbered, since a token may stand twice."""
    trace = {
        "type": "heatmap",
        "x": list(range(len(each.source))),
        "y": list(range(len(each.produced))),
        "z": [[round(float(share), 4) for share in row] for row in each.shares],
        "zmin": 0.0,
        "zmax": darkest(each),
        "colorscale": _COLOURS,
        "showscale": False,
        "xgap": 1 if each.labelled is None else 0,
        "ygap": 1,
        "text": [[f"{plot_text(t, 20)} \u2190 {plot_text(s, 20)}" for s in each.source] for t in each.produced],
        "hovertemplate": "%{text}: %{z:.0%}<extra></extra>",
    }
    angle = -45 if each.labelled is None else 0
    ticks = _ticks(each.source, each.labelled)
    across = axis(each.across, tickmode="array", tickangle=angle, **ticks, showgrid=False, side="top")
    down = axis("", tickmode="array", autorange="reversed", **_ticks(each.produced), showgrid=False)
    return figure([trace], across, down, height=height_of(each))


def darkest(each: Aligned) -> float:
    """The share that is drawn darkest: all of it, or of a source of many small steps the largest there is.

    But no less than a few times what each has where all have the same: else that would be drawn as the most there is.
    """
    if each.labelled is None:
        return 1.0
    return max(float(np.max(each.shares, initial=0.0)), min(1.0, _EVEN / max(len(each.source), 1)))


def height_of(each: Aligned) -> int:
    """The height of its plot [px]."""
    return 130 + 22 * max(4, len(each.produced))


def _ticks(tokens: Sequence[str], labelled: Sequence[int] | None = None) -> dict[str, list]:
    places = range(len(tokens)) if labelled is None else labelled
    return {"tickvals": list(places), "ticktext": [plot_text(tokens[k], 16) for k in places]}


def _drawn(axes: Axes, each: Aligned, fonts: list[str]) -> None:
    axes.imshow(each.shares, cmap="Blues", vmin=0, vmax=darkest(each), aspect="auto")
    places = list(range(len(each.source)) if each.labelled is None else each.labelled)
    across = [one_line(each.source[k], 12) for k in places]
    leaning: dict[str, Any] = {"rotation": 45, "ha": "right"} if each.labelled is None else {}
    axes.set_xticks(places, labels=across, fontsize=8.5, **leaning)
    axes.set_yticks(range(len(each.produced)), labels=[one_line(token, 14) for token in each.produced], fontsize=8.5)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set(parse_math=False, family=fonts)
    dress_axes(axes, _("Attention alignment"), each.across, "", fonts)
