"""Features of speech as a network of CTC reads them: normalised, with their deltas, several frames in one step.

    n_t = (c_t - mean) / spread                      of the speaker, the utterance, or all that was learnt from
    d_t = sum over k of k (n_{t+k} - n_{t-k}) / (2 sum of k^2)      k = 1, 2; once more for the second ones
    x_s = [n_t, d_t, dd_t] for t = S s .. S s + S - 1

Deltas: Furui (1986), "Speaker-independent isolated word recognition using dynamic features of speech spectrum";
stacked frames: Sak et al. (2015), "Fast and accurate recurrent neural network acoustic models for speech recognition".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.checking import require
from recurra.data.examples.inputs import Audio
from recurra.data.examples.ragged import Ragged

Normalise = Literal["speaker", "utterance", "corpus"]
Floats = npt.NDArray[np.float32]

_REACH = 2  # frames to each side of a delta
_LEAST = 1e-4  # spread of a feature that counts as constant
_SHORT = 50  # frames below which an utterance' own spread is not trusted
_LIFTER = 22


@dataclass(frozen=True)
class SpeechOptions:
    """How frames are read.

    normalise  whose mean and spread are taken off
    cepstra    coefficients of the cosine transform of log-mel bands; 0 keeps the bands
    deltas     whether first and second differences are added
    stack      frames in a step of the network
    """

    normalise: Normalise = "utterance"
    cepstra: int = 0
    deltas: bool = True
    stack: int = 3


@dataclass(frozen=True, eq=False)
class SpeechReader:
    """What was learnt of the training part: the mean and the spread of each feature [C], and those of the deltas."""

    options: SpeechOptions
    kind: Audio | None
    mean: Floats
    spread: Floats
    delta_spread: Floats  # [2 C]

    def check(self) -> None:
        """Refuse shapes that do not belong together."""
        shape = self.mean.shape
        require(len(shape) == 1 and self.spread.shape == shape, "mean and spread differ in shape")
        require(self.delta_spread.shape == (2 * shape[0],), "the spread of deltas has another shape")
        require(1 <= self.options.stack <= 32, "the number of stacked frames is none")

    @classmethod
    def learn(
        cls, frames: Ragged, speakers: npt.NDArray | None, options: SpeechOptions, kind: Audio | None
    ) -> SpeechReader:
        """Of the training part's frames [N_total, C], and who speaks [N]."""
        values = frames.values.astype(np.float64)
        mean, spread = values.mean(axis=0), values.std(axis=0)
        first = cls(
            options,
            kind,
            mean.astype(np.float32),
            np.maximum(spread, _LEAST).astype(np.float32),
            np.ones(2 * len(mean), np.float32),
        )
        if not options.deltas:
            return first
        normal = first.normalised(frames, speakers)
        sample = np.concatenate([with_deltas(normal[k])[:, len(mean) :] for k in range(min(len(normal), 2000))])
        deltas = np.maximum(sample.std(axis=0), _LEAST).astype(np.float32)
        return cls(options, kind, first.mean, first.spread, deltas)

    @property
    def features(self) -> int:
        """Features of a step of the network."""
        return len(self.mean) * (3 if self.options.deltas else 1) * self.options.stack

    @property
    def frame_seconds(self) -> float:
        """From one step of the network to the next; 0.01 a frame where features were given."""
        return (self.kind.hop if self.kind is not None else 0.01) * self.options.stack

    def normalised(self, frames: Ragged, speakers: npt.NDArray | None) -> Ragged:
        """Frames without the mean and in units of the spread of their speaker, utterance, or the training part."""
        way = self.options.normalise
        if way == "corpus":
            return Ragged(((frames.values - self.mean) / self.spread).astype(np.float32), frames.offsets)
        owners = speakers if way == "speaker" and speakers is not None else np.arange(len(frames))
        codes = pd.factorize(owners)[0]
        of_frame = np.repeat(codes, frames.lengths)
        count = np.maximum(np.bincount(of_frame, minlength=codes.max(initial=0) + 1), 1)[:, None]
        sums = np.zeros((len(count), frames.values.shape[1]))
        squares = np.zeros_like(sums)
        np.add.at(sums, of_frame, frames.values)
        np.add.at(squares, of_frame, np.square(frames.values, dtype=np.float64))
        mean = sums / count
        spread = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
        trust = np.minimum(count / _SHORT, 1.0)  # of very short ones the spread is mostly that of the training part
        spread = np.maximum(trust * spread + (1 - trust) * self.spread, _LEAST * np.maximum(self.spread, _LEAST))
        values = (frames.values - mean[of_frame]) / spread[of_frame]
        return Ragged(values.astype(np.float32), frames.offsets)

    def steps(self, normal: Floats) -> Floats:
        """Normalised frames [T, C] as steps of the network [ceil(T / S), F], the last one filled with zeros."""
        rows = normal
        if self.options.deltas:
            rows = with_deltas(normal)
            rows[:, normal.shape[1] :] /= self.delta_spread
        return stacked(rows, self.options.stack)

    def count(self, frames: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Steps of the network of so many frames."""
        return -(-np.asarray(frames, dtype=np.int64) // self.options.stack)


def with_deltas(frames: Floats) -> Floats:
    """Frames [T, C] beside their first and second differences [T, 3 C]; beyond the ends they go on as they end.

    >>> with_deltas(np.arange(9, dtype=np.float32)[:, None])[4].tolist()
    [4.0, 1.0, 0.0]
    """
    first = _delta(frames)
    return np.concatenate([frames, first, _delta(first)], axis=1)


def stacked(frames: Floats, size: int) -> Floats:
    """Every `size` frames [T, C] side by side [ceil(T / size), size C]."""
    steps = -(-len(frames) // size)
    padded = np.zeros((steps * size, frames.shape[1]), np.float32)
    padded[: len(frames)] = frames
    return padded.reshape(steps, size * frames.shape[1])


def cepstra_of(bands: Floats, count: int) -> Floats:
    """The first `count` coefficients of the cosine transform of log-mel bands [T, bands], liftered.

    Davis, Mermelstein (1980), "Comparison of parametric representations for monosyllabic word recognition".
    """
    from scipy.fft import dct

    every: npt.NDArray[np.floating] = np.asarray(dct(bands, type=2, axis=1, norm="ortho"))
    found = every[:, :count]
    lifter = 1 + _LIFTER / 2 * np.sin(np.pi * np.arange(count) / _LIFTER)
    return (found * lifter).astype(np.float32)


def _delta(frames: Floats) -> Floats:
    padded = np.pad(frames, ((_REACH, _REACH), (0, 0)), mode="edge")
    size = len(frames)
    total = np.zeros_like(frames)
    for k in range(1, _REACH + 1):
        total += k * (padded[_REACH + k : _REACH + k + size] - padded[_REACH - k : _REACH - k + size])
    return total / np.float32(2 * sum(k * k for k in range(1, _REACH + 1)))
