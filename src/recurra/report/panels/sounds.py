"""Music that was made, to hear and to see beside what is real: a player, and the notes over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

from recurra.language import _, mark
from recurra.report.blocks import Html, Plot, Section
from recurra.report.panels.panel import Panel
from recurra.report.sound import data_uri, wav_of
from recurra.report.style import OTHERS, OURS, Figure, axis, figure

FRAMES = 64  # of a piece that are played


@dataclass(frozen=True)
class Piece:
    """Frames of MIDI notes, what they are called, and whether they are real."""

    name: str
    frames: Sequence[Sequence[int]]
    real: bool = False


@dataclass(frozen=True, eq=False)
class Sounds(Panel):
    """pieces: what was made and what is real, in the order of the page."""

    pieces: Sequence[Piece]

    title: ClassVar[str] = mark("Samples of music")

    def section(self) -> Section | None:
        blocks = []
        player = Markup('<h3>{}</h3><audio controls preload="none" src="{}"></audio>')
        for number, piece in enumerate(self.pieces):
            frames = piece.frames[:FRAMES]
            if not any(frames):
                continue
            label = _("The notes of “{name}” over time", name=piece.name)
            blocks.append(Html(player.format(piece.name, data_uri(wav_of(frames)))))
            blocks.append(Plot(f"notes-{number}", label, _roll(frames, OTHERS[0] if piece.real else OURS), 240))
        return Section("sounds", _(self.title), blocks, wide=True) if blocks else None


def _roll(frames: Sequence[Sequence[int]], colour: str) -> Figure:
    points = [(step, note) for step, frame in enumerate(frames) for note in frame]
    trace = {
        "type": "scatter",
        "mode": "markers",
        "x": [step for step, _note in points],
        "y": [note for _step, note in points],
        "marker": {"symbol": "square", "size": 7, "color": colour},
        "hovertemplate": f"{_('step')} %{{x}}, {_('note')} %{{y}}<extra></extra>",
    }
    return figure([trace], axis(_("step")), axis(_("note (MIDI)")), height=240)
