"""A trained translator: vocabularies, networks whose probabilities are averaged, and how they are searched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recurra.data.pairs.pairs import Pairs
from recurra.data.pairs.subwords import BEGIN, END, UNKNOWN, Subwords
from recurra.decoding.beam import Beam
from recurra.decoding.together import Together
from recurra.ensemble.members import Member, Seat
from recurra.evaluation.translation.memory import TranslationMemory
from recurra.evaluation.translation.word_model import WordModel
from recurra.language import mark
from recurra.nn.encoder_decoder import Decoding, EncoderDecoder, EncoderDecoderOptions, Memory
from recurra.tasks.translate.problem import LONGEST, EncodedPairs, TranslationProblem, padded
from recurra.training import Run, TrainingOptions
from recurra.training.run import pick_device
from recurra.training.threads import fitting_threads

_AT_ONCE = 128  # texts that are translated together
_LONGER = 1.5, 10  # times the source's tokens, and more, that a translation may have
_SMALL = 200_000  # weights; smaller networks stay in the cache anyway


@dataclass(frozen=True)
class Recipe:
    """All that a user can set about the learning; `shared`: one vocabulary serves both sides."""

    cell: str
    members: int
    network: EncoderDecoderOptions
    training: TrainingOptions
    shared: bool
    vocabulary: int | None
    seed: int


@dataclass(frozen=True)
class Search:
    """How translations are searched: beginnings at once, and the penalty of lengths (see `decoding.beam`)."""

    beam: int = 5
    penalty: float = 1.0


@dataclass(frozen=True, eq=False)
class TranslationModel:
    """What was learnt. `source` is None where the target's vocabulary serves both sides.

    `memory` holds the training texts: it is compared with after a study, and no file keeps it.
    """

    recipe: Recipe
    search: Search
    source: Subwords | None
    target: Subwords
    members: tuple[Member[EncoderDecoder], ...]
    words: WordModel | None = None
    memory: TranslationMemory | None = None

    @property
    def reading(self) -> Subwords:
        """The vocabulary of sources."""
        return self.target if self.source is None else self.source

    @property
    def baselines(self) -> dict[str, Callable[[Sequence[str]], list[str]]]:
        """What it is compared with, from the simplest on."""
        found: dict[str, Callable[[Sequence[str]], list[str]]] = {}
        if self.words is not None:
            found[mark("copying")] = list
        if self.memory is not None:
            found[mark("translation memory")] = self.memory.translate
        if self.words is not None:
            found[mark("word by word (IBM model 1)")] = self.words.translate
        return found

    @torch.no_grad()
    def translate(self, texts: Sequence[str], done: Callable[[int], None] = lambda count: None) -> list[str]:
        """The translations of texts; an empty one has an empty one."""
        rows = self.reading.encode(texts)
        lengths = rows.lengths
        order = np.argsort(lengths, kind="stable")
        order = order[lengths[order] > 0]
        found = [""] * len(texts)
        with fitting_threads(self.members[0].network):
            for first in range(0, len(order), _AT_ONCE):
                numbers = order[first : first + _AT_ONCE]
                source, counts = padded([rows[k] for k in numbers])
                for number, tokens in zip(numbers.tolist(), self._searched(source, counts), strict=True):
                    found[number] = self._written(str(texts[number]), tokens)
                done(first + len(numbers))
        return found

    def _searched(self, source: Tensor, lengths: Tensor) -> list[Tensor]:
        networks = [member.network for member in self.members]
        state = Together([_started(network, network.encode(source, lengths), self.search.beam) for network in networks])
        factor, more = _LONGER
        most = tuple(min(LONGEST, int(factor * length) + more) for length in lengths.tolist())
        beam = Beam(begin=BEGIN, end=END, size=self.search.beam, penalty=self.search.penalty, most=most, never=(BEGIN,))
        return beam.decode(Together.step, state, len(lengths))

    def _written(self, text: str, tokens: Tensor) -> str:
        """Tokens as a text; an unknown one becomes the source's piece that was looked at most."""
        numbers = tokens.tolist()
        if UNKNOWN not in numbers:
            return self.target.texts([numbers])[0]
        shares, pieces = self.attention(text, numbers), self.reading.pieces(text)
        known = [self.target.tokens[k] for k in numbers]
        for step, number in enumerate(numbers):
            if number == UNKNOWN:
                at = int(shares[step, : len(pieces)].argmax()) if len(pieces) else -1
                known[step] = pieces[at][1] if at >= 0 else ""
        return Subwords.joined(known)

    @torch.no_grad()
    def attention(self, text: str, tokens: Sequence[int]) -> npt.NDArray[np.floating]:
        """What each token of a translation, and its end, looked at in the source and its end: [T + 1, S + 1]."""
        source, lengths = padded([self.reading.encode([text])[0]])
        read = torch.tensor([[BEGIN], *[[k] for k in tokens]])
        found = [
            network.read_out(read, network.encode(source, lengths))[1][0]
            for network in (member.network for member in self.members)
        ]
        return torch.stack(found).mean(0).numpy()


def _started(network: EncoderDecoder, memory: Memory, width: int) -> Decoding:
    """Ready for a search, a large network with weights of 8 bits: one sentence takes as long as reading them."""
    large = sum(parameter.numel() for parameter in network.parameters()) > _SMALL
    return network.start(memory, width, int8=large)


def fit_model(
    pairs: Pairs, recipe: Recipe, search: Search, held: npt.NDArray[np.int64], *, run: Run, name: str
) -> TranslationModel:
    """Train the networks on all pairs but those `held` out, which end the training."""
    assert pairs.targets is not None
    learnt = np.setdiff1d(np.arange(len(pairs)), held)
    part = pairs.take(learnt)
    assert part.targets is not None
    if recipe.shared:
        source, target = None, Subwords.learn([*part.sources, *part.targets], recipe.vocabulary)
    else:
        source, target = (Subwords.learn(side, recipe.vocabulary) for side in (part.sources, part.targets))
    data = EncodedPairs.of(pairs, source or target, target)
    members: list[Member[EncoderDecoder]] = []
    while len(members) < recipe.members and not (members and members[-1].interrupted):
        seat = Seat(name, len(members), recipe.members, recipe.seed)
        with seat.drawing():
            network = build_network(recipe, source, target)
        rows = torch.from_numpy(learnt), torch.from_numpy(held)
        problem = TranslationProblem(network, data, *rows, pick_device(run.device))
        record = seat.train(problem, recipe.training, run=run, watch=True)
        members.append(Member(network, record))
    return TranslationModel(recipe, search, source, target, tuple(members))


def build_network(recipe: Recipe, source: Subwords | None, target: Subwords) -> EncoderDecoder:
    """A fresh network, drawn from torch's global generator."""
    sources: Any = None if source is None else len(source.tokens)
    return EncoderDecoder(sources, len(target.tokens), recipe.cell, recipe.network)
