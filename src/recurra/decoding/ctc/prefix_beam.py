"""Prefix beam search: the likeliest text, all paths that spell it taken together, with a language model of words.

    score(text) = log P(text | frames) + weight log P_LM(words) + bonus * number of words

A prefix keeps the probability of its paths that end in a blank, and of those that end in its last unit; both are sums
over paths. Source: Hannun et al. (2014), "First-pass large vocabulary continuous speech recognition using
bi-directional recurrent DNNs", algorithm 1; the language model speaks whenever a word is complete.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from recurra.decoding.ctc.best_path import BLANK
from recurra.decoding.ctc.words import Words
from recurra.errors import InputError
from recurra.language import _

_NEVER = -math.inf


class LanguageModel(Protocol):
    """Says how likely a word is after others."""

    def score(self, context: tuple[str, ...], word: str) -> float:
        """log P(word | context), the nearest word of the context last."""
        ...

    def end(self, context: tuple[str, ...]) -> float:
        """log P(nothing more | context)."""
        ...


MOST_WIDTH = 10_000


@dataclass(frozen=True)
class Beam:
    """How wide a search is.

    width      prefixes that go on from frame to frame; 0: no search, the best path
    units      units that a frame may add
    threshold  how far a unit's logarithm may lie below the frame's best, and a prefix' below the best one
    weight     of the logarithm of the language model
    bonus      for each word, since a language model prefers few
    """

    width: int = 24
    units: int = 10
    threshold: float = 12.0
    weight: float = 0.8
    bonus: float = 1.0

    def __post_init__(self) -> None:
        for name, least in (("width", 0), ("units", 1)):
            check_width(name, getattr(self, name), least)


def check_width(name: str, value: object, least: int = 0) -> None:
    """Raise InputError for a width that no search has: time and memory grow with it."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MOST_WIDTH:
        expected = _("{least:,} to {most:,}", least=least, most=MOST_WIDTH)
        raise InputError(
            _("{name} is {value!r}: expected a whole number from {expected}", name=name, value=value, expected=expected)
        )


@dataclass(frozen=True)
class Found:
    """What was found: the units, the words, and the score."""

    units: tuple[int, ...]
    words: tuple[str, ...]
    score: float


class _Prefix:
    """A node of the tree of prefixes, with the logarithms of its two sums in this frame and in the next."""

    __slots__ = ("before", "blank", "bonus", "children", "last", "next_blank", "next_unit", "state", "unit", "words")

    def __init__(self, before: _Prefix | None, last: int, state: Any, words: tuple[str, ...], bonus: float) -> None:
        self.before, self.last, self.state, self.words, self.bonus = before, last, state, words, bonus
        self.children: dict[int, _Prefix | None] = {}
        self.blank = self.unit = self.next_blank = self.next_unit = _NEVER


def search(
    log_probabilities: npt.NDArray[np.floating], words: Words, model: LanguageModel | None, beam: Beam
) -> Found | None:
    """The best text of log probabilities [T, K]; None where no prefix ends in a word.

    >>> from recurra.decoding.ctc.words import AnyWords
    >>> y = np.log(np.array([[0.6, 0.0, 0.4], [0.6, 0.0, 0.4]]) + 1e-9)
    >>> search(y, AnyWords(("", " ", "a")), None, Beam(bonus=0.0)).words  # three paths spell it, one nothing
    ('a',)
    """
    root = _Prefix(None, BLANK, words.start, (), 0.0)
    root.blank = 0.0
    active = [root]
    y = np.asarray(log_probabilities, dtype=np.float64)
    for frame in y:
        active = _advanced(active, frame, words, model, beam)
    return _best(active, words, model, beam)


def _advanced(
    active: Sequence[_Prefix], frame: npt.NDArray[np.float64], words: Words, model: LanguageModel | None, beam: Beam
) -> list[_Prefix]:
    """The prefixes after one more frame, the best first."""
    order = np.argpartition(-frame, min(beam.units, len(frame) - 1))[: beam.units]
    least = float(frame.max()) - beam.threshold
    said = [(int(unit), float(frame[unit])) for unit in order if unit != BLANK and frame[unit] > least]
    blank = float(frame[BLANK])
    touched: dict[int, _Prefix] = {}
    for prefix in active:
        every = _sum(prefix.blank, prefix.unit)
        prefix.next_blank = _sum(prefix.next_blank, every + blank)
        touched[id(prefix)] = prefix
        for unit, value in said:
            source = every
            if unit == prefix.last:  # without a blank between them the two are one
                prefix.next_unit = _sum(prefix.next_unit, prefix.unit + value)
                source = prefix.blank
            if source == _NEVER:
                continue
            child = prefix.children.get(unit, prefix)
            if child is prefix:
                child = prefix.children[unit] = _child(prefix, unit, words, model, beam)
            if child is not None:
                child.next_unit = _sum(child.next_unit, source + value)
                touched[id(child)] = child
    ranked = []
    for prefix in touched.values():
        prefix.blank, prefix.unit = prefix.next_blank, prefix.next_unit
        prefix.next_blank = prefix.next_unit = _NEVER
        ranked.append((_sum(prefix.blank, prefix.unit) + prefix.bonus, prefix))
    ranked.sort(key=lambda pair: -pair[0])
    most = ranked[0][0] - beam.threshold
    kept = [prefix for score, prefix in ranked[: beam.width] if score > most]
    for score, prefix in ranked[beam.width :] + [pair for pair in ranked[: beam.width] if pair[0] <= most]:
        del score
        prefix.blank = prefix.unit = _NEVER
    return kept


def _child(prefix: _Prefix, unit: int, words: Words, model: LanguageModel | None, beam: Beam) -> _Prefix | None:
    went = words.advance(prefix.state, unit)
    if went is None:
        return None
    state, done = went
    if not done:
        return _Prefix(prefix, unit, state, prefix.words, prefix.bonus)
    word, gain = _chosen(done, prefix.words, model, beam)
    return _Prefix(prefix, unit, state, (*prefix.words, word), prefix.bonus + gain)


def _chosen(
    done: tuple[str, ...], context: tuple[str, ...], model: LanguageModel | None, beam: Beam
) -> tuple[str, float]:
    """Of words that are spelled alike the likeliest, and what it adds to the score."""
    if model is None:
        return done[0], beam.bonus
    scores = [model.score(context, word) for word in done]
    best = max(range(len(done)), key=scores.__getitem__)
    return done[best], beam.weight * scores[best] + beam.bonus


def _best(active: Sequence[_Prefix], words: Words, model: LanguageModel | None, beam: Beam) -> Found | None:
    found: Found | None = None
    for prefix in active:
        done = words.finish(prefix.state)
        if done is None:
            continue
        said, score = prefix.words, _sum(prefix.blank, prefix.unit) + prefix.bonus
        if done:
            word, gain = _chosen(done, said, model, beam)
            said, score = (*said, word), score + gain
        if model is not None:
            score += beam.weight * model.end(said)
        if found is None or score > found.score:
            found = Found(_units(prefix), said, score)
    return found


def _units(prefix: _Prefix) -> tuple[int, ...]:
    units = []
    at: _Prefix | None = prefix
    while at is not None and at.before is not None:
        units.append(at.last)
        at = at.before
    return tuple(reversed(units))


def _sum(a: float, b: float) -> float:
    """log(exp(a) + exp(b))."""
    if a < b:
        a, b = b, a
    return a if b == _NEVER else a + math.log1p(math.exp(b - a))
