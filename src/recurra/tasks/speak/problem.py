"""Recordings as a voice learns from them: bands, pitch, symbols and how long each lasts; batches of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from recurra.checking import require
from recurra.data.encoders.batching import like_with_like
from recurra.data.examples.audio import log_mel
from recurra.data.examples.inputs import Audio
from recurra.data.examples.ragged import Ragged
from recurra.data.sound.pitch import pitch
from recurra.data.text.pronunciation import Pronunciation
from recurra.nn.voice import Spoken, Spread, VoiceNetwork, spread_of

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

RANGE = 14.0  # of the logarithm of energies: 61 dB below the loudest, nothing is learnt
_LOUDEST = 0.999  # quantile
_STEPS_AT_ONCE, _ROWS_AT_ONCE = 1 << 13, 32
_DURATION, _PITCH, _VOICE = 0.5, 0.5, 0.5  # what they weigh beside the bands


def measured(samples: Floats, kind: Audio) -> Floats:
    """Frames [T, bands + 1] of samples [n]: log-mel bands, then the pitch in Hz, 0 where there is no voice."""
    bands, found = log_mel(samples, kind), pitch(samples, kind)
    return np.concatenate([bands, found[:, None]], axis=1)


@dataclass(frozen=True, eq=False)
class Scale:
    """How bands and pitch become numbers around 0 and back.

    floor   the least of a band's logarithm of energy
    mean, spread  of each band [C]
    pitch   the mean logarithm of each speaker's pitch [S]; `pitch_spread` the spread around it
    """

    floor: float
    mean: Floats
    spread: Floats
    pitch: npt.NDArray[np.float64]
    pitch_spread: float

    def check(self) -> None:
        """Refuse spreads that are none."""
        require(self.mean.shape == self.spread.shape and self.mean.ndim == 1, "means and spreads differ in shape")
        require(bool((self.spread > 0).all()) and self.pitch_spread > 0, "a spread is not above 0")

    @classmethod
    def learn(cls, frames: Ragged, speakers: Ints, count: int) -> Scale:
        """Of frames [T, C + 1] of recordings and the speaker of each."""
        bands, hertz = frames.values[:, :-1], frames.values[:, -1]
        floor = float(np.quantile(bands.max(axis=1), _LOUDEST)) - RANGE
        clipped = np.maximum(bands, floor).astype(np.float64)
        voiced = hertz > 0
        logs = np.log(hertz[voiced].astype(np.float64))
        who = np.repeat(speakers, frames.lengths)[voiced]
        usual = logs.mean() if len(logs) else np.log(150.0)
        often = np.bincount(who, minlength=count)
        own = np.where(often > 0, np.bincount(who, weights=logs, minlength=count) / np.maximum(often, 1), usual)
        spread = float((logs - own[who]).std()) if len(logs) > 1 else 0.0
        return cls(
            floor,
            clipped.mean(axis=0).astype(np.float32),
            np.maximum(clipped.std(axis=0), 1e-2).astype(np.float32),
            own,
            max(spread, 1e-2),
        )

    def bands(self, frames: Floats) -> Floats:
        """The bands [T, C] of frames [T, C + 1], above the floor."""
        return np.maximum(frames[:, : len(self.mean)], np.float32(self.floor))

    def normal(self, bands: Floats) -> Floats:
        """Bands [T, C] around 0."""
        return (bands - self.mean) / self.spread

    def restored(self, normal: Floats) -> Floats:
        """Back from there."""
        return np.maximum(normal * self.spread + self.mean, np.float32(self.floor))

    def tune(self, hertz: Floats, speaker: int) -> tuple[Floats, Floats]:
        """The pitch [T] around 0, across what has no voice a straight line, and whether there is one [T]."""
        voiced = hertz > 0
        if not voiced.any():
            return np.zeros(len(hertz), np.float32), np.zeros(len(hertz), np.float32)
        places = np.flatnonzero(voiced)
        logs = np.interp(np.arange(len(hertz)), places, np.log(hertz[places].astype(np.float64)))
        return ((logs - self.pitch[speaker]) / self.pitch_spread).astype(np.float32), voiced.astype(np.float32)

    def hertz(self, tune: Floats, voiced: npt.NDArray[np.bool_], speaker: int) -> Floats:
        """Back from there."""
        return np.where(voiced, np.exp(tune * self.pitch_spread + self.pitch[speaker]), 0.0).astype(np.float32)


@dataclass(frozen=True, eq=False)
class VoiceData:
    """N recordings: normalised bands, tune and voice of each frame, symbols [U] and their frames [U], speakers [N]."""

    pronunciation: Pronunciation
    bands: Ragged
    tunes: Ragged
    voiced: Ragged
    symbols: Sequence[Ints]
    durations: Sequence[Ints]
    speakers: Ints

    @classmethod
    def of(
        cls,
        frames: Ragged,
        scale: Scale,
        pronunciation: Pronunciation,
        symbols: Sequence[Ints],
        durations: Sequence[Ints],
        speakers: Ints,
    ) -> VoiceData:
        """Of frames [T, C + 1] of recordings."""
        tunes = [scale.tune(frames[k][:, -1], int(speakers[k])) for k in range(len(frames))]
        return cls(
            pronunciation,
            Ragged.of([scale.normal(scale.bands(frames[k])) for k in range(len(frames))]),
            Ragged.of([tune for tune, _voiced in tunes]),
            Ragged.of([voiced for _tune, voiced in tunes]),
            symbols,
            durations,
            speakers,
        )


class VoiceBatch(NamedTuple):
    """What the network is given, and the truth: durations [U, B], tune and voice [T, B], bands [T, B, C]."""

    spoken: Spoken
    spread: Spread
    durations: Tensor
    tune: Tensor
    voiced: Tensor
    bands: Tensor


class VoiceProblem:
    """The `training.Problem` of a voice; `training` and `held` are numbers of recordings of `data`."""

    def __init__(
        self, network: VoiceNetwork, data: VoiceData, training: Ints, held: Ints, device: torch.device
    ) -> None:
        self.network, self.data, self.device = network.to(device), data, device
        self.training, self.examples = torch.from_numpy(training), len(training)
        self._every = torch.from_numpy(data.bands.lengths)
        self.lengths = self._every[self.training]
        self._held = torch.from_numpy(held)

    def batch(self, numbers: Tensor) -> VoiceBatch:
        """The training recordings `numbers` [B]."""
        return self._read(self.training[numbers.long()])

    def loss(self, network: nn.Module, batch: VoiceBatch) -> Tensor:
        """The mean distance of bands, durations, pitch and voice, each in its own spread."""
        said, _state = network(batch.spoken, batch.spread, batch.tune, batch.voiced)
        frames = inside(batch.spread.lengths, len(batch.bands)).to(self.device)
        symbols = inside(batch.spoken.lengths, len(batch.durations)).to(self.device)
        bands = (said.bands - batch.bands).abs().mean(dim=-1)[frames].mean()
        durations = (said.durations - batch.durations.float().log1p())[symbols].square().mean()
        voiced = batch.voiced[frames]
        tune = ((said.pitch - batch.tune).abs()[frames] * voiced).sum() / voiced.sum().clamp(min=1.0)
        voice = functional.binary_cross_entropy_with_logits(said.voiced[frames], voiced)
        return bands + _DURATION * durations + _PITCH * tune + _VOICE * voice

    def validate(self, network: nn.Module) -> float:
        """The same of the held-out recordings; NaN where there are none."""
        total = frames = 0.0
        for places in like_with_like(self._every[self._held], _STEPS_AT_ONCE, _ROWS_AT_ONCE):
            batch = self._read(self._held[places])
            count = float(batch.spread.lengths.sum())
            total, frames = total + count * float(self.loss(network, batch)), frames + count
        return total / frames if frames else float("nan")

    def _read(self, numbers: Tensor) -> VoiceBatch:
        data, rows = self.data, numbers.tolist()
        durations = side_by_side([data.durations[k] for k in rows])
        spoken = spoken_of(data.pronunciation, [data.symbols[k] for k in rows], data.speakers[rows])
        spread = spread_of(durations)
        bands, tune, voiced = (side_by_side([part[k] for k in rows]) for part in (data.bands, data.tunes, data.voiced))
        put = self.device
        return VoiceBatch(
            Spoken(*(part.to(put) for part in spoken)),
            Spread(spread.owners.to(put), spread.places.to(put), spread.lengths),
            durations.to(put),
            tune.to(put),
            voiced.to(put),
            bands.to(put),
        )


def spoken_of(pronunciation: Pronunciation, symbols: Sequence[Ints], speakers: Ints) -> Spoken:
    """Symbols [U] of some texts side by side."""
    parts = [pronunciation.parts[each] for each in symbols]
    both = side_by_side(parts)
    lengths = torch.tensor([len(each) for each in symbols])
    return Spoken(both[..., 0], both[..., 1], lengths, torch.from_numpy(speakers.astype(np.int64)))


def side_by_side(rows: Sequence[npt.NDArray]) -> Tensor:
    """Rows [T_b, ...] as [T, B, ...], zero after their ends."""
    found = np.zeros((max(map(len, rows)), len(rows), *rows[0].shape[1:]), rows[0].dtype)
    for b, row in enumerate(rows):
        found[: len(row), b] = row
    return torch.from_numpy(found)


def inside(lengths: Tensor, steps: int) -> Tensor:
    """Which of the steps [T, B] are before the ends of their rows."""
    return torch.arange(steps).unsqueeze(1) < lengths
