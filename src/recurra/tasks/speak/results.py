"""What was said, as rows of a file and as a sound file; what is shown of it in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.samples import Sound, soundfile
from recurra.data.files.cells_out import cell_text
from recurra.errors import InputError
from recurra.language import _, listing, mark
from recurra.tasks.estimator import Preview
from recurra.tasks.speak.evaluating import MODEL, Rehearsal
from recurra.tasks.speak.model import Performance, VoiceModel
from recurra.tasks.spoken.utterances import Utterances

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

FORMATS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".mp3": "MP3"}
BETWEEN = 0.3  # seconds between two texts in one file
_ROWS = 8


@dataclass
class Clock:
    """Seconds of computing, and of what was said."""

    spent: float = 0.0
    said: float = 0.0

    def line(self) -> list[str]:
        """The real-time factor, in words."""
        if not self.said:
            return []
        return [
            _(
                "{said:.1f} seconds of speech in {spent:.2f} seconds of computing: real-time factor {factor:.3f}.",
                said=self.said,
                spent=self.spent,
                factor=self.spent / self.said,
            )
        ]


def sounds_text(model: VoiceModel, symbols: Ints, durations: Ints) -> str:
    """Each sound with its times: "n 0.06-0.12 i3 0.12-0.25"."""
    hop = model.vocoder.kind.hop
    ends = np.cumsum(durations) * hop
    names = model.pronunciation.names
    return " ".join(
        f"{names[s]} {end - d * hop:.2f}-{end:.2f}"
        for s, d, end in zip(symbols.tolist(), durations.tolist(), ends.tolist(), strict=True)
        if s >= model.pronunciation.pauses
    )


def spoken_frame(
    model: VoiceModel,
    rows: Ints,
    texts: Sequence[str],
    speakers: Ints,
    parts: Sequence[Sequence[tuple[Ints, Performance]]],
) -> pd.DataFrame:
    """row (from 1), text, speaker, seconds, pitch (the median, Hz) and the sounds with their times."""
    seconds, pitches, sounds = [], [], []
    for said in parts:
        symbols = np.concatenate([own for own, _each in said])
        durations = np.concatenate([each.durations for _own, each in said])
        hertz = np.concatenate([each.pitch for _own, each in said])
        seconds.append(round(float(durations.sum()) * model.vocoder.kind.hop, 3))
        pitches.append(round(float(np.median(hertz[hertz > 0])), 1) if (hertz > 0).any() else np.nan)
        sounds.append(sounds_text(model, symbols, durations))
    frame = pd.DataFrame({"row": rows + 1, "text": list(texts)})
    if len(model.speakers) > 1:
        frame["speaker"] = [model.speakers[k] for k in speakers]
    return frame.assign(seconds=seconds, pitch=pitches, sounds=sounds)


def evaluation_frame(model: VoiceModel, data: Utterances, found: Rehearsal, rows: Ints) -> pd.DataFrame:
    """A row for each test sentence: what was said, its length and that of the recording, and the scores."""
    hop = model.vocoder.kind.hop
    every = found.methods[MODEL]
    rules = model.pronunciation
    frame = pd.DataFrame(
        {
            "row": rows[found.numbers] + 1,
            "recording": [data.recordings.names[k] for k in found.numbers.tolist()],
            "text": [data.known[k] for k in found.numbers.tolist()],
            "seconds": [round(float(each.durations.sum()) * hop, 3) for each in every],
            "recorded": [round(float(each.sum()) * hop, 3) for each in found.durations],
            "MCD": [round(each.cepstral, 3) for each in every],
            "said": [" ".join(rules.words(own)) for own in found.symbols],
            "heard": [" ".join(rules.words(each.heard)) for each in every],
            "wrong": [each.wrong for each in every],
            "heard again": [" ".join(rules.words(each.heard)) for each in found.again],
        }
    )
    return cell_text(frame)


def write_sound(path: Path, samples: Floats, rate: int) -> None:
    """A sound file, of the kind that its ending says; 16 bits a sample where it holds samples.

    Raises InputError for an ending that is none of a sound file's.
    """
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise InputError(
            _("{path} ends in no kind of sound file: expected {kinds}", path=path.name, kinds=listing(FORMATS))
        )
    soundfile().write(str(path), samples, rate, format=kind)


def joined(sounds: Sequence[Sound]) -> Floats:
    """Sounds one after the other, with a silence between two."""
    rate = sounds[0].rate
    silence = np.zeros(round(BETWEEN * rate), np.float32)
    parts: list[Floats] = []
    for sound in sounds:
        parts += [silence, sound.samples] if parts else [sound.samples]
    return np.concatenate(parts)


@dataclass
class SpokenPreview(Preview):
    """The first texts with their lengths, and how fast they were said."""

    clock: Callable[[], Clock | None]
    _beginning: pd.DataFrame = field(default_factory=pd.DataFrame)
    _count: int = 0

    title = mark("What was said")

    def add(self, frame: pd.DataFrame) -> None:
        """Take notice of the next frame."""
        names = [n for n in ("text", "speaker", "seconds", "recorded", "pitch", "MCD") if n in frame]
        if (wanted := _ROWS - len(self._beginning)) > 0:
            first = cell_text(frame[names].head(wanted))
            self._beginning = first if self._beginning.empty else pd.concat([self._beginning, first], ignore_index=True)
        self._count += len(frame)

    def table(self) -> pd.DataFrame:
        """Without the sounds."""
        return self._beginning

    def lines(self) -> list[str]:
        """The real-time factor."""
        clock, more = self.clock(), self._count - len(self._beginning)
        told = [_("({n} more)", n=more)] if more else []
        return told if clock is None else [*told, *clock.line()]
