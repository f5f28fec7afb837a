"""A trained voice: how texts are read, where their sounds lie in recordings, and the network that speaks them.

    recordings, texts -> aligner (CTC) -> spikes -> segments -> durations -> network of the voice
    text -> symbols -> durations, pitch, bands -> Griffin-Lim -> samples

Three networks are trained, one after the other: the aligner, a recogniser that only the evaluation uses, and the
voice. Both that hear are `nn.transcription`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from recurra.checking import require
from recurra.data.encoders.batching import like_with_like
from recurra.data.encoders.speech import SpeechOptions, SpeechReader, cepstra_of, with_deltas
from recurra.data.examples.inputs import Audio
from recurra.data.examples.ragged import Ragged
from recurra.data.sound.vocoder import Vocoder
from recurra.data.text.pronunciation import Pronunciation
from recurra.decoding.ctc.alignment import align
from recurra.decoding.ctc.best_path import best_path
from recurra.decoding.segments import STATES, Segmenter, durations_of_spans
from recurra.ensemble.members import Member, Seat
from recurra.evaluation.voices.units import MeanSounds, Units
from recurra.language import mark
from recurra.nn.transcription import TranscriptionNetwork, TranscriptionOptions
from recurra.nn.voice import VoiceNetwork, VoiceOptions, spread_of
from recurra.tasks.speak.problem import Scale, VoiceData, VoiceProblem, side_by_side, spoken_of
from recurra.tasks.spoken.problem import SpeechData, SpeechProblem, log_probabilities
from recurra.training import Run, TrainingOptions
from recurra.training.run import pick_device
from recurra.training.threads import fitting_threads

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

ALIGNER, RECOGNISER, VOICE = mark("aligner"), mark("recogniser"), mark("voice")
WINDOW, HOP, BANDS = 0.05, 0.0125, 80
_STACK = 2  # frames in a step of those that hear
_CEPSTRA = 13
_STEPS_AT_ONCE, _ROWS_AT_ONCE = 1 << 13, 32
LONGEST = 8.0  # of log(1 + frames): no symbol lasts longer


@dataclass(frozen=True)
class Recipe:
    """All that a user can set about the learning."""

    cell: str
    network: VoiceOptions
    hearing: TranscriptionOptions
    training: TrainingOptions
    listening: TrainingOptions
    seed: int


@dataclass(frozen=True, eq=False)
class Performance:
    """What is said of a text: log-mel bands [T, C], the frames of each symbol [U], the pitch [T] in Hz (0: none)."""

    bands: Floats
    durations: Ints
    pitch: Floats


@dataclass(frozen=True, eq=False)
class VoiceModel:
    """What was learnt; `members` are the aligner, the recogniser and the voice.

    `speakers` are the names of the voices, "" where there is one; `sounds` mean frames, with which it is compared, as
    with unit selection out of `units`, which no file keeps.
    """

    recipe: Recipe
    pronunciation: Pronunciation
    speakers: tuple[str, ...]
    scale: Scale
    reader: SpeechReader
    segmenter: Segmenter
    vocoder: Vocoder
    members: tuple[Member[nn.Module], ...]
    longest: int  # symbols of the longest text that was learnt from
    sounds: MeanSounds | None = None
    units: Units | None = None

    @property
    def baselines(self) -> tuple[Any, ...]:
        """What it is compared with."""
        return tuple(each for each in (self.sounds, self.units) if each is not None)

    def check_whole(self) -> None:
        """Let everything compute once: what does not fit in a model file is refused now, and not in use."""
        require(len(self.members) == 3, "it has not three networks")
        require(bool(self.speakers) and len(self.speakers) == len(self.scale.pitch), "its speakers do not fit")
        require(self.vocoder.kind.rate is not None and self.vocoder.kind == self.reader.kind, "its sounds do not fit")
        require(len(self.scale.mean) == self.vocoder.kind.bands, "its bands do not fit")
        require(len(self.segmenter.mean) == STATES * _kinds(self.pronunciation)[1], "its segmenter does not fit")
        require(self.segmenter.mean.shape[1] == 2 * _CEPSTRA, "its segmenter has other features")
        if self.sounds is not None:
            require(len(self.sounds.frames) == len(self.pronunciation.names), "its mean sounds do not fit")
        first = np.array([0, self.pronunciation.pauses, 1], dtype=np.int64)
        said = self.perform([first], np.zeros(1, np.int64))[0]
        require(bool(np.isfinite(said.bands).all()), "what it says is not finite")
        self.heard([np.zeros((2 * _STACK, self.vocoder.kind.bands), np.float32)])

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped the training."""
        return any(member.interrupted for member in self.members)

    # To speak

    @torch.no_grad()
    def perform(self, symbols: Sequence[Ints], speakers: Ints, *, pace: float = 1.0) -> list[Performance]:
        """Texts as symbols [U], each by one of `speakers` [N], `pace` times as fast as they were learnt."""
        network: Any = self.members[2].network
        found: list[Performance | None] = [None] * len(symbols)
        lengths = torch.tensor([len(each) for each in symbols])
        with fitting_threads(network):
            for places in like_with_like(lengths, 1 << 11, _ROWS_AT_ONCE):
                rows = places.tolist()
                some = [symbols[k] for k in rows]
                for k, said in zip(rows, self._performed(network, some, speakers[rows], pace), strict=True):
                    found[k] = said
        return [each for each in found if each is not None]

    def _performed(self, network: VoiceNetwork, symbols: list[Ints], speakers: Ints, pace: float) -> list[Performance]:
        spoken = spoken_of(self.pronunciation, symbols, speakers)
        features = network.read(spoken)
        logs = network.last(features).clamp(0.0, LONGEST).numpy().astype(np.float64)
        durations = [self._whole(np.expm1(logs[: len(own), b]) / pace, own) for b, own in enumerate(symbols)]
        spread = spread_of(side_by_side(durations))
        frames, tune, voice = network.sing(features, spread)
        voiced = voice > 0
        bands = network.speak(frames, tune, voiced.float(), spread.lengths).numpy()
        made = []
        for b, own in enumerate(durations):
            size = int(own.sum())
            hertz = self.scale.hertz(tune[:size, b].numpy(), voiced[:size, b].numpy(), int(speakers[b]))
            made.append(Performance(self.scale.restored(bands[:size, b]), own, hertz))
        return made

    def _whole(self, durations: npt.NDArray[np.float64], symbols: Ints) -> Ints:
        """Whole frames: what rounding takes from one symbol the next one gets; a sound has one at least."""
        edges = np.rint(np.cumsum(durations)).astype(np.int64)
        least = (symbols >= self.pronunciation.pauses).astype(np.int64)
        return np.maximum(np.diff(edges, prepend=0), least)

    def samples(self, bands: Floats, *, seed: int = 0) -> Floats:
        """The sound of bands [T, C], at the rate of `vocoder.kind`."""
        return self.vocoder.samples(bands, seed=seed)

    # To hear

    def heard(self, bands: Sequence[Floats]) -> list[list[int]]:
        """The symbols that the recogniser hears in bands [T, C] of recordings."""
        clipped = Ragged.of([self.scale.bands(each) for each in bands])
        said = self._said(1, clipped)
        first = self.pronunciation.pauses - 1
        return [[unit + first for unit in best_path(each)] for each in said]

    def durations(self, frames: Ragged, symbols: Sequence[Ints]) -> list[Ints]:
        """The frames of each symbol [U] in recordings [T, C + 1] whose symbols are known."""
        clipped = [self.scale.bands(frames[k]) for k in range(len(frames))]
        kinds = _kinds(self.pronunciation)[0]
        return [self.segmenter.durations(_shapes(each), kinds[own]) for each, own in zip(clipped, symbols, strict=True)]

    def _said(self, member: int, clipped: Ragged) -> list[npt.NDArray[np.float32]]:
        network: Any = self.members[member].network
        return log_probabilities([network], self.reader, self.reader.normalised(clipped, None))


def fit_model(
    frames: Ragged,
    symbols: Sequence[Ints],
    speakers: Ints,
    names: tuple[str, ...],
    pronunciation: Pronunciation,
    kind: Audio,
    iterations: int,
    recipe: Recipe,
    held: Ints,
    *,
    run: Run,
) -> VoiceModel:
    """Train on recordings, frames [T, C + 1] and symbols [U] of each; those `held` out end the trainings."""
    learnt = np.setdiff1d(np.arange(len(symbols)), held)
    scale = Scale.learn(frames, speakers, len(names))
    clipped = [scale.bands(frames[k]) for k in range(len(frames))]
    every = Ragged.of(clipped)
    reader = SpeechReader.learn(every, None, SpeechOptions(normalise="utterance", deltas=False, stack=_STACK), kind)
    units = [own[own >= pronunciation.pauses] - pronunciation.pauses + 1 for own in symbols]
    heard = SpeechData(reader, reader.normalised(every, None), units)
    device = pick_device(run.device)
    members: list[Member[Any]] = []

    def train(
        name: str, make: Callable[[], nn.Module], problem: Callable[[Any], Any], options: TrainingOptions
    ) -> None:
        # Of an interrupted training the rest takes a step: what there is by then is evaluated and kept.
        stopped = any(member.interrupted for member in members)
        seat = Seat(name, 0, 1, recipe.seed + 100 * len(members))
        with seat.drawing():
            network = make()
        record = seat.train(problem(network), options, run=run, watch=True, steps=1 if stopped else None)
        members.append(Member(network, record))

    def listener() -> nn.Module:
        return build_listener(reader, pronunciation, recipe)

    def hearing(network: Any) -> SpeechProblem:
        return SpeechProblem(network, heard, learnt, held, device, None)

    train(ALIGNER, listener, hearing, _half(recipe.listening))
    segmenter, durations = _segmented(clipped, symbols, heard, units, pronunciation, members[0].network)
    train(RECOGNISER, listener, hearing, recipe.listening)
    data = VoiceData.of(frames, scale, pronunciation, symbols, durations, speakers)
    train(
        VOICE,
        lambda: build_voice(pronunciation, len(names), kind, recipe),
        lambda network: VoiceProblem(network, data, learnt, held, device),
        recipe.training,
    )
    longest = max(map(len, symbols))
    vocoder = Vocoder(kind, iterations)
    return VoiceModel(recipe, pronunciation, names, scale, reader, segmenter, vocoder, tuple(members), longest)


def _half(options: TrainingOptions) -> TrainingOptions:
    """The same for half as long: the aligner knows the text, and has but to find it."""
    options = options.part(0.5)
    return options if options.epochs is None else replace(options, epochs=max(1.0, options.epochs / 2))


def with_baselines(model: VoiceModel, frames: Ragged, symbols: Sequence[Ints], speakers: Ints) -> VoiceModel:
    """The model with the units and the mean symbols of the recordings that it was trained on."""
    durations = model.durations(frames, symbols)
    bands = Ragged(model.scale.bands(frames.values), frames.offsets)
    units = Units.learn(bands, symbols, durations, speakers)
    return replace(model, units=units, sounds=MeanSounds.learn(units, len(model.pronunciation.names)))


def build_listener(reader: SpeechReader, pronunciation: Pronunciation, recipe: Recipe) -> TranscriptionNetwork:
    """A fresh aligner, or recogniser: a blank and the sounds."""
    sounds = len(pronunciation.names) - pronunciation.pauses
    return TranscriptionNetwork(reader.features, sounds + 1, recipe.cell, recipe.hearing)


def build_voice(pronunciation: Pronunciation, speakers: int, kind: Audio, recipe: Recipe) -> VoiceNetwork:
    """A fresh voice."""
    bases, marks = pronunciation.bases
    return VoiceNetwork(len(bases), len(marks), speakers, kind.bands, recipe.cell, recipe.network)


def _segmented(
    clipped: list[Floats],
    symbols: Sequence[Ints],
    heard: SpeechData,
    units: Sequence[Ints],
    pronunciation: Pronunciation,
    network: Any,
) -> tuple[Segmenter, list[Ints]]:
    """What finds segments, and the frames of each symbol [U]."""
    kinds, count = _kinds(pronunciation)
    said = log_probabilities([network], heard.reader, heard.normal)
    first = [
        durations_of_spans(align(each, own).spans, kinds[row], len(bands), heard.reader.options.stack)
        for each, own, row, bands in zip(said, units, symbols, clipped, strict=True)
    ]
    shapes = [_shapes(each) for each in clipped]
    rows = [kinds[row] for row in symbols]
    segmenter = Segmenter.learn(shapes, rows, first, count)
    return segmenter, [segmenter.durations(x, own) for x, own in zip(shapes, rows, strict=True)]


def _kinds(pronunciation: Pronunciation) -> tuple[Ints, int]:
    """Of each symbol what it sounds like, 0 for a pause, whatever its mark; and how many kinds there are."""
    bases = pronunciation.parts[:, 0]
    kinds = np.where(np.arange(len(bases)) < pronunciation.pauses, 0, bases - pronunciation.pauses + 1)
    return kinds, int(kinds.max()) + 1


def _shapes(bands: Floats) -> npt.NDArray[np.floating]:
    """Cepstra and their differences [T, 2 C] of bands."""
    return with_deltas(cepstra_of(bands, _CEPSTRA))[:, : 2 * _CEPSTRA]
