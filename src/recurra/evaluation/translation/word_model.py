"""Word by word: the lexicon of IBM model 1, and a language model of word pairs that chooses among its words.

p(t | s) by expectation maximisation over all alignments                       Brown et al. (1993), model 1
t_1 .. t_n = argmax sum_i log p(t_i | s_i) + log p(t_i | t_{i-1})              in the order of the source
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from recurra.checking import require
from recurra.evaluation.translation.words import cased, words, written

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_PASSES, _CHOICES = 5, 5  # of expectation maximisation; translations of a word that are kept
_PAIRS = 20_000_000  # pairs of words in memory at most: beyond it every k-th sentence is read
_BACK_OFF = 0.4  # of a word pair that was never seen (Brants et al. 2007)
_LANGUAGE = 0.6  # how much the language model weighs beside the lexicon


@dataclass(frozen=True, eq=False)
class WordModel:
    """`sources` and `targets` are the words; row k of `choices` [S, 5] and `logs`: translations of source k (-1: none).

    `pairs` (previous * V + next, in rising order) and `pair_counts`, `counts` [V]: the language model; number 0 of the
    targets is the beginning.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    choices: Ints
    logs: Floats
    pairs: Ints
    pair_counts: Floats
    counts: Floats

    def check(self) -> None:
        """Refuse parts that do not belong together."""
        size = len(self.targets)
        shape = (len(self.sources), _CHOICES)
        require(self.choices.shape == shape and self.logs.shape == shape, "its lexicon is not one")
        require(bool((self.choices < size).all()), "its lexicon has words that there are not")
        require(self.counts.shape == (size,) and self.pairs.shape == self.pair_counts.shape, "its counts do not fit")

    @staticmethod
    def learn(sources: Sequence[str], targets: Sequence[str]) -> WordModel:
        """From pairs of texts."""
        ours, own = _numbered([words(text) for text in sources], [])
        theirs, others = _numbered([cased(text) for text in targets], ["<s>"])
        size = len(others)
        shares = _lexicon(ours, theirs, len(own), size)
        choices, logs = np.full((len(own), _CHOICES), -1, dtype=np.int64), np.full((len(own), _CHOICES), -np.inf)
        keys, values = shares
        for word, (low, high) in enumerate(_spans(keys // size, len(own))):
            best = np.argsort(-values[low:high], kind="stable")[:_CHOICES]
            choices[word, : len(best)] = keys[low:high][best] % size
            logs[word, : len(best)] = np.log(np.maximum(values[low:high][best], 1e-12))
        before = np.concatenate([np.concatenate([[0], row[:-1]]) for row in theirs if len(row)])
        after = np.concatenate([row for row in theirs if len(row)])
        pairs, pair_counts = np.unique(before * size + after, return_counts=True)
        counts = np.bincount(after, minlength=size).astype(np.float64)
        counts[0] = len(theirs)
        logs = np.where(np.isfinite(logs), logs, -99.0)
        return WordModel(tuple(own), tuple(others), choices, logs, pairs, pair_counts.astype(np.float64), counts)

    def translate(self, texts: Sequence[str]) -> list[str]:
        """Word by word; what is unknown stays as it is."""
        return [self._translated(text) for text in texts]

    def _translated(self, text: str) -> str:
        known, size = self._known, len(self.targets)
        paths: list[tuple[float, int, tuple[str, ...]]] = [(0.0, 0, ())]  # score, the last word, the words
        for small, word in zip(words(text), cased(text), strict=True):
            number = known.get(small)
            if number is None:
                paths = [(score, -1, (*path, word)) for score, _, path in paths]
                continue
            best: dict[int, tuple[float, int, tuple[str, ...]]] = {}
            for choice, log in zip(self.choices[number].tolist(), self.logs[number].tolist(), strict=True):
                if choice < 0:
                    continue
                for score, last, path in paths:
                    value = score + log + _LANGUAGE * self._follows(last, choice, size)
                    if choice not in best or value > best[choice][0]:
                        best[choice] = value, choice, (*path, self.targets[choice])
            paths = sorted(best.values(), key=lambda each: -each[0]) or paths
        return written(paths[0][2])

    def _follows(self, last: int, word: int, size: int) -> float:
        if last >= 0:
            key = last * size + word
            at = int(np.searchsorted(self.pairs, key))
            if at < len(self.pairs) and self.pairs[at] == key:
                return math.log(self.pair_counts[at] / max(self.counts[last], 1.0))
        return math.log(_BACK_OFF * max(self.counts[word], 0.5) / self._total)

    @cached_property
    def _known(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.sources)}

    @cached_property
    def _total(self) -> float:
        return float(self.counts[1:].sum()) or 1.0


def _numbered(rows: Sequence[Sequence[str]], first: list[str]) -> tuple[list[Ints], list[str]]:
    known = {word: number for number, word in enumerate(first)}
    found = [np.array([known.setdefault(word, len(known)) for word in row], dtype=np.int64) for row in rows]
    return found, list(known)


def _lexicon(ours: list[Ints], theirs: list[Ints], own: int, size: int) -> tuple[Ints, Floats]:
    """Keys s * V + t in rising order, and p(t | s); a word of no source, number S, takes what fits none."""
    total = sum((len(a) + 1) * len(b) for a, b in zip(ours, theirs, strict=True))
    every = max(1, math.ceil(total / _PAIRS))
    keys, slots, slot = [], [], 0
    for a, b in zip(ours[::every], theirs[::every], strict=True):
        if not len(a) or not len(b):
            continue
        a = np.append(a, own)
        keys.append((a[:, None] * size + b).ravel())
        slots.append(np.tile(np.arange(slot, slot + len(b)), len(a)))
        slot += len(b)
    every_key, place = np.unique(np.concatenate(keys), return_inverse=True)
    of, word = np.concatenate(slots), every_key // size
    shares = np.ones(len(every_key))
    for _ in range(_PASSES):
        each = shares[place]
        each /= np.bincount(of, each, minlength=slot)[of]
        shares = np.bincount(place, each, minlength=len(every_key))
        shares /= np.bincount(word, shares, minlength=own + 1)[word]
    kept = word < own
    return every_key[kept], shares[kept]


def _spans(numbers: Ints, count: int) -> list[tuple[int, int]]:
    """Where each number from 0 to `count` - 1 begins and ends among numbers in rising order."""
    ends = np.searchsorted(numbers, np.arange(count + 1))
    return [(int(low), int(high)) for low, high in pairwise(ends)]
