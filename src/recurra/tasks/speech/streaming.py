"""Speech recognised as it is spoken: samples in, text out, with the delay that the network was made for.

A step of the network needs its own frames, those that their differences reach, and the steps that its inputs run ahead:

    delay = window + hop (S - 1 + 4 + S ahead)          S frames in a step
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from recurra.data.encoders.speech import SpeechReader, cepstra_of, stacked, with_deltas
from recurra.data.examples.audio import log_mel
from recurra.decoding.ctc.best_path import BLANK
from recurra.errors import InputError
from recurra.language import _

if TYPE_CHECKING:
    from recurra.tasks.speech.model import TranscriptionModel

_REACH = 4  # frames to each side that the second differences see

Floats = npt.NDArray[np.float32]


def frames_of_delay(reader: SpeechReader, delay: float) -> int:
    """The steps that inputs may run ahead of outputs within a delay [s].

    Raises InputError where the delay is shorter than what a step needs.
    """
    least = delay_of(reader, 0)
    if delay < least - 1e-9:
        raise InputError(
            _(
                "delay is {delay} seconds, and a step alone needs {least:.3f}: expected at least that",
                delay=delay,
                least=least,
            )
        )
    return int((delay - least) / reader.frame_seconds + 1e-9)


def delay_of(reader: SpeechReader, ahead: int) -> float:
    """From a sound to the text that it is heard as [s], in a network that runs `ahead` steps."""
    hop = reader.frame_seconds / reader.options.stack
    window = reader.kind.window if reader.kind is not None else hop
    reach = _REACH if reader.options.deltas else 0
    return window + hop * (reader.options.stack - 1 + reach) + ahead * reader.frame_seconds


class SpeechStream:
    """A recogniser that is fed with samples, or frames of features, as they come; `text` is what was heard so far.

    What it says is the likeliest unit of every step, as `Transcriber(beam=0)` says of the whole.
    """

    def __init__(self, model: TranscriptionModel) -> None:
        network = model.members[0].network
        if why := network.why_not_causal:
            raise InputError(_("this model cannot recognise speech in a stream: {why}", why=why))
        if len(model.members) > 1:
            raise InputError(
                _("a stream is of one network, and this model has {n}: fit it with members=1", n=len(model.members))
            )
        self._model, self._network, self._reader = model, network, model.reader
        self._samples = np.zeros(0, np.float32)
        self._frames = np.zeros((0, len(model.reader.mean)), np.float32)  # normalised, from number `_first`
        self._first = self._next = self._done = 0
        self._state: Any = None
        self._last = BLANK
        self._units: list[int] = []

    @property
    def text(self) -> str:
        """What was heard so far."""
        return self._model.spelling.text(self._units)

    @property
    def delay(self) -> float:
        """Seconds from a sound to its text."""
        return delay_of(self._reader, self._network.options.ahead)

    def feed(self, samples: npt.ArrayLike) -> str:
        """Hear more: samples [n] at the model's rate, or, where it reads features, frames [T, C]; the text so far."""
        kind = self._reader.kind
        given = np.asarray(samples, dtype=np.float32)
        if not np.isfinite(given).all():
            raise InputError(_("samples hold a number that is not finite: correct it"))
        if kind is None:
            self._hear(given)
            return self.text
        if given.ndim != 1:
            raise InputError(_("samples have shape {shape}: expected [n], one channel", shape=list(given.shape)))
        assert kind.rate is not None
        width, hop = max(2, round(kind.window * kind.rate)), max(1, round(kind.hop * kind.rate))
        self._samples = np.concatenate([self._samples, given])
        count = 1 + (len(self._samples) - width) // hop if len(self._samples) >= width else 0
        if count:
            bands = log_mel(self._samples[: width + (count - 1) * hop], kind)
            self._samples = self._samples[count * hop :]
            cepstra = self._reader.options.cepstra
            self._hear(cepstra_of(bands, cepstra) if cepstra else bands)
        return self.text

    def finish(self) -> str:
        """No more will come: the whole text."""
        size = self._reader.options.stack
        end = self._first + len(self._frames)
        while self._next < end:
            self._step(self._rows(self._next, min(self._next + size, end), last=True))
            self._next += size
        for _step in range(self._network.options.ahead):
            self._step(np.zeros((1, self._reader.features), np.float32))
        return self.text

    def _hear(self, frames: Floats) -> None:
        """Frames of features, as they are."""
        if len(frames) == 0:
            return
        normal = ((frames - self._reader.mean) / self._reader.spread).astype(np.float32)
        self._frames = np.concatenate([self._frames, normal])
        size, reach = self._reader.options.stack, _REACH if self._reader.options.deltas else 0
        while self._next + size + reach <= self._first + len(self._frames):
            self._step(self._rows(self._next, self._next + size, last=False))
            self._next += size
        kept = max(self._first, self._next - reach)
        self._frames, self._first = self._frames[kept - self._first :], kept

    def _rows(self, begin: int, end: int, *, last: bool) -> Floats:
        """The step of the network of the frames from `begin` up to `end`."""
        reader = self._reader
        if not reader.options.deltas:
            return stacked(self._frames[begin - self._first : end - self._first], reader.options.stack)
        left = max(self._first, begin - _REACH)
        right = self._first + len(self._frames) if last else end + _REACH
        rows = with_deltas(self._frames[left - self._first : right - self._first])
        rows[:, len(reader.mean) :] /= reader.delta_spread
        return stacked(rows[begin - left : end - left], reader.options.stack)

    @torch.no_grad()
    def _step(self, x: Floats) -> None:
        said, self._state = self._network.step(torch.from_numpy(x), self._state)
        self._done += 1
        if self._done <= self._network.options.ahead:
            return
        unit = int(said[0].argmax())
        if unit not in (BLANK, self._last):
            self._units.append(unit)
        self._last = unit
