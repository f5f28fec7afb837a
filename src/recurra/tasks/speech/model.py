"""A trained model of transcription: how frames are read, an ensemble of networks, and how their words are searched.

    recordings -> normalised frames -> steps -> log probabilities of units -> best path or beam -> words and their times

A part of the training recordings, whole speakers where they are known, is held out of the training of all networks: it
says when a training ends, and which weight the language model deserves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from recurra.checking import require
from recurra.data.encoders.speech import SpeechReader
from recurra.data.encoders.spelling import Spelling, tidy
from recurra.data.examples.ragged import Ragged
from recurra.decoding.ctc.alignment import align
from recurra.decoding.ctc.best_path import best_path, frames_needed
from recurra.decoding.ctc.distance import edit_distance
from recurra.decoding.ctc.prefix_beam import Beam, search
from recurra.decoding.ctc.words import AnyWords, ListedWords, Words
from recurra.decoding.ngram import NGrams
from recurra.ensemble.members import Member, Seat
from recurra.evaluation.transcripts.templates import Templates
from recurra.nn.transcription import TranscriptionNetwork, TranscriptionOptions
from recurra.tasks.spoken.augmenting import Augmentation
from recurra.tasks.spoken.problem import SpeechData, SpeechProblem, hear, log_probabilities, padded, units_of
from recurra.training import Run, TrainingOptions
from recurra.training.run import pick_device

Ints = npt.NDArray[np.int64]

WEIGHTS, BONUSES = (0.3, 0.6, 1.0, 1.5), (0.0, 1.0, 2.5)  # among which those of the language model are chosen
_TUNED = 120  # held-out recordings by which they are


@dataclass(frozen=True)
class Recipe:
    """All that a user can set about the learning."""

    cell: str
    members: int
    network: TranscriptionOptions
    training: TrainingOptions
    augment: Augmentation
    seed: int


@dataclass(frozen=True)
class Word:
    """A word, when it begins and ends [s], and how sure its units are (mean probability)."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, eq=False)
class Transcript:
    """What a recording says: the text, its words with their times, its units and where they stand [steps]."""

    text: str
    words: tuple[Word, ...]
    units: tuple[int, ...]
    spans: Ints
    score: float

    @property
    def confidence(self) -> float:
        """The mean of the words' confidences; 0 where there is none."""
        return float(np.mean([word.confidence for word in self.words])) if self.words else 0.0


@dataclass(frozen=True, eq=False)
class TranscriptionModel:
    """What was learnt.

    `words` are those that may be said (none: any spelling), `language` their n-grams; `frequent` is the commonest text
    of the training part and `templates` recordings of it, with which the model is compared; `heard` are fingerprints of
    its texts.
    """

    recipe: Recipe
    reader: SpeechReader
    spelling: Spelling
    beam: Beam
    language: NGrams | None
    words: tuple[str, ...]
    members: tuple[Member[TranscriptionNetwork], ...]
    frequent: str = ""
    templates: Templates | None = None
    heard: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def baselines(self) -> tuple[Any, ...]:
        """What it is compared with; nothing where nothing was learnt."""
        return (self.frequent, self.templates) if self.frequent else ()

    def check_whole(self) -> None:
        """Let everything compute once: what does not fit in a model file is refused now, and not in use."""
        require(len(self.members) > 0, "it has no network")
        frames = np.zeros((self.reader.options.stack, len(self.reader.mean)), np.float32)
        said = self.transcripts(Ragged.of([frames]))[0]
        require(np.isfinite(said.score), "what it says is not finite")
        if self.templates is not None:
            require(self.templates.frames.shape[1:] == self.reader.mean.shape, "its templates have other features")

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped the training."""
        return any(member.interrupted for member in self.members)

    def scores(self, normal: Ragged) -> list[npt.NDArray[np.float32]]:
        """Log probabilities [T, K] of every step of each recording."""
        return log_probabilities(self._networks, self.reader, normal)

    @property
    def attends(self) -> bool:
        """Whether texts are written by an attention decoder."""
        return self.recipe.network.decoder == "attention"

    def transcripts(self, normal: Ragged, *, beam: Beam | None = None) -> list[Transcript]:
        """What each recording says; `beam` in place of the model's own."""
        if not self.attends:
            return [self.transcript(said, beam=beam) for said in self.scores(normal)]
        found: dict[int, Transcript] = {}
        size = max(1, (beam or self.beam).width)
        for numbers, heard in hear(self._networks, self.reader, normal):
            for row, units in enumerate(units_of(heard, self.recipe.network, size)):
                said = heard.said[: int(heard.lengths[row]), row].numpy()
                found[int(numbers[row])] = self._timed(said, tuple(units), self.spelling.text(units), None)
        return [found[k] for k in range(len(normal))]

    def transcript(self, said: npt.NDArray[np.float32], *, beam: Beam | None = None) -> Transcript:
        """Of log probabilities [T, K] alone."""
        return self._timed(said, *self._found(said, beam or self.beam))

    @torch.no_grad()
    def attention(self, normal: npt.NDArray[np.float32], units: Sequence[int]) -> npt.NDArray[np.floating]:
        """The steps of a recording that each unit, and the end, attended to: [U + 1, T], a mean over the networks."""
        x, lengths = padded([self.reader.steps(normal)])
        read = torch.tensor([[len(self.spelling.names)], *[[unit] for unit in units]])
        found = []
        for network in self._networks:
            assert network.writer is not None
            memory = network.writer.encode(network.heard(x, lengths)[0], lengths)
            found.append(network.writer.read_out(read, memory)[1][0])
        return torch.stack(found).mean(0).numpy()

    @property
    def _networks(self) -> list[TranscriptionNetwork]:
        return [member.network for member in self.members]

    def _timed(
        self, said: npt.NDArray[np.float32], units: tuple[int, ...], text: str, score: float | None
    ) -> Transcript:
        """When each unit is said; the score that of the likeliest path unless given."""
        spoken = align(said, units)
        words = self._words_of(text, units, spoken.spans, spoken.confidence) if units else ()
        return Transcript(text, words, units, spoken.spans, spoken.score if score is None else score)

    def text_of(self, said: npt.NDArray[np.float32], way: Beam) -> str:
        """The text alone of log probabilities [T, K]."""
        return self._found(said, way)[1]

    def _found(self, said: npt.NDArray[np.float32], way: Beam) -> tuple[tuple[int, ...], str, float]:
        if way.width:
            found = search(said, self._followed, self.language, way)
            if found is not None and frames_needed(found.units) <= len(said):
                return found.units, " ".join(found.words), found.score
        units = tuple(best_path(said))
        return units, self.spelling.text(units), float(said.max(axis=1).sum()) if len(said) else 0.0

    @cached_property
    def _followed(self) -> Words:
        if self.words and self.spelling.space is not None:
            return ListedWords(self.spelling.spellings(self.words), space=self.spelling.space)
        if self.words and self.spelling.level == "characters":
            return ListedWords(self.spelling.spellings(self.words), space=None)
        return AnyWords(self.spelling.names)

    def _words_of(
        self, text: str, units: Sequence[int], spans: Ints, sure: npt.NDArray[np.float64]
    ) -> tuple[Word, ...]:
        """Words with the times of their units, which stand between spaces."""
        groups: list[list[int]] = [[]]
        for k, unit in enumerate(units):
            name = self.spelling.names[unit]
            if name == " ":
                groups.append([])
            elif name.startswith("▁") and groups[-1]:
                groups.append([k])
            else:
                groups[-1].append(k)
        groups = [group for group in groups if group]
        words = text.split()
        if len(words) != len(groups):  # of a text that was found whole
            words, groups = [text], [[k for group in groups for k in group]]
        second = self.reader.frame_seconds
        return tuple(
            Word(word, float(spans[g[0], 0]) * second, float(spans[g[-1], 1]) * second, float(sure[g].mean()))
            for word, g in zip(words, groups, strict=True)
            if g
        )


def fit_model(
    data: SpeechData,
    texts: Sequence[str],
    recipe: Recipe,
    spelling: Spelling,
    language: NGrams | None,
    words: tuple[str, ...],
    beam: Beam,
    learnt: Ints,
    held: Ints,
    *,
    run: Run,
    name: str,
) -> TranscriptionModel:
    """Train the networks on the recordings `learnt`; those `held` end the training and choose the weights."""
    members: list[Member[TranscriptionNetwork]] = []
    while len(members) < recipe.members and not (members and members[-1].interrupted):
        seat = Seat(name, len(members), recipe.members, recipe.seed)
        with seat.drawing():
            network = build_network(data.reader, spelling, recipe)
        problem = SpeechProblem(network, data, learnt, held, pick_device(run.device), recipe.augment)
        members.append(Member(network, seat.train(problem, recipe.training, run=run, watch=True)))
    model = TranscriptionModel(recipe, data.reader, spelling, beam, language, words, tuple(members))
    if beam.width and language is not None and len(held):
        model = replace(
            model, beam=_tuned(model, data.normal.take(held[:_TUNED]), [texts[k] for k in held[:_TUNED].tolist()])
        )
    return model


def build_network(reader: SpeechReader, spelling: Spelling, recipe: Recipe) -> TranscriptionNetwork:
    """A fresh network."""
    return TranscriptionNetwork(reader.features, len(spelling.names), recipe.cell, recipe.network)


def _tuned(model: TranscriptionModel, normal: Ragged, texts: Sequence[Any]) -> Beam:
    """The weight and the bonus with the fewest wrong words on held-out recordings, the smallest of equal ones."""
    said = model.scores(normal)
    truth = [tidy(text).split() for text in texts]

    def wrong(way: Beam) -> int:
        return sum(
            edit_distance(words, model.text_of(each, way).split()) for words, each in zip(truth, said, strict=True)
        )

    best = model.beam
    fewest: int | None = None
    for weight in WEIGHTS:
        for bonus in BONUSES:
            way = replace(model.beam, weight=weight, bonus=bonus)
            errors = wrong(way)
            if fewest is None or errors < fewest:
                best, fewest = way, errors
    return best
