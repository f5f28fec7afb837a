"""Recordings as spectrograms, with the words that were heard where they were heard, and what is true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from recurra.language import _, mark
from recurra.report.blocks import Plot, Section, Text
from recurra.report.panels.panel import Panel
from recurra.report.style import INK, OURS, Figure, axis, figure, plot_text

HEIGHT = 330
_WIDE = 300  # columns of a picture
_COLOURS = [[0.0, "#fbfcfd"], [0.35, "#b9d3e6"], [0.7, "#3f7cac"], [1.0, "#12263a"]]


@dataclass(frozen=True, eq=False)
class Spoken:
    """A recording: frames [T, C], seconds of a frame, the words with their times (text, start, end, confidence).

    A confidence of NaN is not shown.
    """

    name: str
    frames: npt.NDArray[np.floating]
    second: float
    words: Sequence[tuple[str, float, float, float]]
    truth: str


@dataclass(frozen=True, eq=False)
class SpokenWords(Panel):
    """Some recordings. spoken: each with its frames and words; features_called: what the rows of the pictures are."""

    spoken: Sequence[Spoken] = field(default_factory=tuple)
    features_called: str = mark("log-mel band")

    title: ClassVar[str] = mark("Recognised words over time")

    def section(self) -> Section | None:
        if not len(self.spoken):
            return None
        blocks: list[Plot | Text] = []
        for k, each in enumerate(self.spoken):
            heard = " ".join(word for word, *_rest in each.words) or _("(nothing)")
            told = _("{name}: heard “{heard}”; said “{truth}”", name=each.name, heard=heard, truth=each.truth)
            blocks += [Plot(f"spoken-{k}", told, spoken_figure(each, _(self.features_called)), HEIGHT), Text(told)]
        note = _(
            "Darker is louder. A word stands where its units were recognised, with their confidence "
            "below it. The outputs of a CTC network are spikes: they may come slightly late, and "
            "words last longer than they are drawn."
        )
        return Section("spoken", _(self.title), [*blocks, Text(note)])


def spoken_figure(each: Spoken, feature: str) -> Figure:
    """The frames as a heat map, the words above it."""
    step = max(1, -(-len(each.frames) // _WIDE))
    count = len(each.frames) // step
    frames = each.frames[: count * step].reshape(count, step, -1).mean(axis=1)
    low, high = np.percentile(frames, [5, 99.5]) if frames.size else (0.0, 1.0)
    shown = np.round(np.clip((frames - low) / max(high - low, 1e-9), 0, 1), 2)
    top = frames.shape[1]
    heat = {
        "type": "heatmap",
        "x": [round(each.second * step * (t + 0.5), 3) for t in range(count)],
        "z": shown.T.tolist(),
        "colorscale": _COLOURS,
        "showscale": False,
        "hoverinfo": "x",
    }
    marks = []
    shapes = []
    for k, (word, start, end, sure) in enumerate(each.words):
        told = f" <span style='font-size:10px'>{100 * sure:.0f} %</span>" if np.isfinite(sure) else ""
        shapes.append(
            {
                "type": "rect",
                "x0": start,
                "x1": end,
                "y0": -0.5,
                "y1": top - 0.5,
                "line": {"color": OURS, "width": 1.5},
                "fillcolor": "rgba(0,0,0,0)",
            }
        )
        marks.append(
            {
                "x": (start + end) / 2,
                "y": top - 0.5,
                "yanchor": "bottom",
                "yshift": 18 * (k % 2),
                "text": plot_text(word, 24) + told,
                "showarrow": False,
                "font": {"size": 13, "color": INK},
            }
        )
    return figure(
        [heat],
        axis(_("seconds"), range=[0, max(each.second * len(each.frames), 0.05)]),
        axis(feature, showgrid=False),
        height=HEIGHT,
        shapes=shapes,
        annotations=marks,
        margin={"l": 8, "r": 12, "t": 52, "b": 8},
    )
