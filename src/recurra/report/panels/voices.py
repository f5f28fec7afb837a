"""Sentences that a voice says, to hear and to see beside their recordings: players, and spectrograms with sounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from recurra.language import _, mark
from recurra.report.blocks import Html, Plot, Section, Text
from recurra.report.panels.panel import Panel
from recurra.report.panels.spoken import HEIGHT, Spoken, spoken_figure
from recurra.report.sound import sound_uri


@dataclass(frozen=True, eq=False)
class Heard:
    """A sentence: its text, by several ways samples [n] at `rate` [Hz], and of some of them what they look like."""

    text: str
    rate: int
    sounds: Sequence[tuple[str, npt.NDArray[np.floating]]]
    seen: Sequence[tuple[str, Spoken]]


@dataclass(frozen=True, eq=False)
class Voices(Panel):
    """voices: some sentences, in the order of the page."""

    voices: Sequence[Heard]

    title: ClassVar[str] = mark("What it says")

    def section(self) -> Section | None:
        if not len(self.voices):
            return None
        blocks: list[Any] = []
        player = Markup('<p class="voice"><span>{}</span><audio controls preload="none" src="{}"></audio></p>')
        for k, each in enumerate(self.voices):
            blocks.append(Html(Markup("<h3>{}</h3>").format(each.text)))
            for name, samples in each.sounds:
                blocks.append(Html(player.format(name, sound_uri(samples, each.rate))))
            for n, (name, spoken) in enumerate(each.seen):
                label = _("Spectrogram of “{text}”: {name}", text=each.text, name=name)
                blocks += [Text(name), Plot(f"voice-{k}-{n}", label, spoken_figure(spoken, _("log-mel band")), HEIGHT)]
        note = _(
            "Darker is louder; a frame around each sound says where it begins and ends: in the recording as it was "
            "aligned, in the voice as it was predicted."
        )
        return Section("voices", _(self.title), [*blocks, Text(note)], wide=True)
