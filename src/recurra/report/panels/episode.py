"""One episode of an agent: what it saw, what it did, and beside it what it remembered."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from recurra.language import _, mark
from recurra.report.blocks import Html, Plot, Section, Text
from recurra.report.heat import DIVERGING, colour_bar
from recurra.report.numbers import json_numbers
from recurra.report.panels.panel import Panel
from recurra.report.style import OTHERS, OURS, Figure, axis, figure

Floats = npt.NDArray[np.floating]
_LINES = 8  # numbers of an observation that are drawn as lines; more are a heat map
_STEPS = 240  # that are shown
_PICTURES, _WIDEST = 60, 300  # of a moving picture, and its width in pixels
HEIGHT = 620
_CHOICES = 6  # that are all shown on the axis


@dataclass(frozen=True, eq=False)
class Shown:
    """seen [T, F] with names [F], done [T, A], memory [T, H], what the episode gained, pictures [height, width, 3]."""

    seen: Floats
    names: Sequence[str]
    done: Floats
    memory: Floats
    gained: float
    frames: Sequence[npt.NDArray[np.uint8]] = ()
    remark: str = ""


@dataclass(frozen=True, eq=False)
class Episode(Panel):
    """episode: one that was played by the agent."""

    episode: Shown

    title: ClassVar[str] = mark("An episode, and the memory beside it")

    def section(self) -> Section | None:
        shown = self.episode
        if not len(shown.seen):
            return None
        steps = len(shown.seen)
        told = _(
            "A fresh episode of {steps} steps, return {gained:.4g}. Of each step: what the agent saw, what it did, and "
            "the {units} numbers that it carried on to the next one, ordered by when in the episode they are largest.",
            steps=steps,
            gained=shown.gained,
            units=shown.memory.shape[1],
        )
        if steps > _STEPS:
            told += " " + _("The first {steps} steps are shown.", steps=_STEPS)
        blocks: list[Html | Plot | Text] = []
        picture = _moving(shown.frames)
        if picture is not None:
            alt = _("The episode as a moving picture")
            style = f"max-width:100%;width:{_WIDEST}px;border-radius:6px"
            blocks.append(Html(Markup('<p><img alt="{}" src="{}" style="{}"></p>').format(alt, picture, style)))
        label = _("Observations, actions and the agent's memory over the steps of an episode")
        blocks += [Plot("episode", label, _figure(shown), HEIGHT), Text(told)]
        if shown.remark:
            blocks.append(Text(shown.remark))
        return Section("episode", _(self.title), blocks, wide=True)


def _figure(shown: Shown) -> Figure:
    """Three rows with one axis of steps: observations, actions, memory."""
    seen, done, memory = shown.seen[:_STEPS], shown.done[:_STEPS], shown.memory[:_STEPS]
    order = np.argsort(np.abs(memory).argmax(axis=0), kind="stable")
    steps = list(range(1, len(seen) + 1))
    data = []
    if seen.shape[1] <= _LINES:
        for k, name in enumerate(shown.names):
            data.append(_line(steps, seen[:, k], name, (OURS, *OTHERS)[k % (1 + len(OTHERS))], "y"))
    else:
        data.append(_heat(steps, seen.T, "y", _("observation"), bar=False))
    for k in range(done.shape[1]):
        data.append(_line(steps, done[:, k], _("action"), OTHERS[k % len(OTHERS)], "y2", stairs=True))
    data.append(_heat(steps, memory[:, order].T, "y3", _("memory"), bar=True))
    rows = {"yaxis2": ([0.5, 0.66], _("action")), "yaxis3": ([0.0, 0.46], _("memory, units"))}
    more = {name: axis(title, domain=domain) for name, (domain, title) in rows.items()}
    if (done % 1 == 0).all() and np.ptp(done) <= _CHOICES:
        more["yaxis2"]["dtick"] = 1  # choices: nothing lies between two of them
    return figure(
        data,
        axis(_("step"), anchor="y3"),
        axis(_("observation"), domain=[0.7, 1.0]),
        height=HEIGHT,
        showlegend=False,
        hovermode="closest",
        **more,
    )


def _line(steps: list[int], values: Floats, name: str, colour: str, where: str, *, stairs: bool = False) -> dict:
    line = {"color": colour, "width": 1.6, **({"shape": "hv"} if stairs else {})}
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": steps,
        "y": json_numbers(values),
        "yaxis": where,
        "line": line,
        "hovertemplate": f"{name}, {_('step')} %{{x}}: %{{y:.4~g}}<extra></extra>",
    }


def _heat(steps: list[int], values: Floats, where: str, name: str, *, bar: bool) -> dict:
    most = float(np.abs(values).max(initial=1e-9))
    return {
        "type": "heatmap",
        "x": steps,
        "z": [json_numbers(np.round(row.astype(np.float64), 3)) for row in values],
        "yaxis": where,
        "zmin": -most,
        "zmax": most,
        "colorscale": DIVERGING,
        "showscale": bar,
        "colorbar": colour_bar("h", len=0.46, y=0.23),
        "hovertemplate": f"{name} %{{y}}, {_('step')} %{{x}}: %{{z:.3f}}<extra></extra>",
    }


def _moving(frames: Sequence[npt.NDArray[np.uint8]]) -> str | None:
    """A GIF as a data URI; None without pictures, or without Pillow, which comes with Matplotlib."""
    if not len(frames):
        return None
    try:
        from PIL import Image
    except ImportError:
        return None
    every = max(1, -(-len(frames) // _PICTURES))
    pictures = []
    for frame in list(frames)[::every]:
        image = Image.fromarray(frame)
        size = (_WIDEST, max(1, round(image.height * _WIDEST / image.width)))
        pictures.append(image.resize(size).quantize(32))
    stream = BytesIO()
    pictures[0].save(stream, "GIF", save_all=True, append_images=pictures[1:], duration=80, loop=0, optimize=True)
    return "data:image/gif;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
