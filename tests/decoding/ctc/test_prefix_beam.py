"""The search against every path there is, and what a lexicon and a language model change."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import numpy as np
import numpy.typing as npt
import pytest

from recurra import InputError
from recurra.decoding.ctc.best_path import best_path, collapsed, frames_needed
from recurra.decoding.ctc.prefix_beam import Beam, search
from recurra.decoding.ctc.words import AnyWords, ListedWords
from recurra.decoding.ngram import NGrams

TEXTS = ("", " ", "a", "b")
WIDE = Beam(width=500, units=10, threshold=1e9, bonus=0.0)


def drawn(frames: int, units: int, seed: int) -> npt.NDArray[np.float64]:
    scores = np.random.default_rng(seed).normal(size=(frames, units))
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def every_text(y: npt.NDArray[np.float64]) -> dict[tuple[int, ...], float]:
    """log P of all that can be spelled, by all paths."""
    found: dict[tuple[int, ...], float] = defaultdict(float)
    for path in itertools.product(range(y.shape[1]), repeat=len(y)):
        found[tuple(collapsed(list(path)))] += math.exp(sum(y[t, unit] for t, unit in enumerate(path)))
    return {units: math.log(p) for units, p in found.items()}


@pytest.mark.parametrize("seed", range(6))
def test_a_wide_beam_finds_the_likeliest_text_of_all_paths(seed: int) -> None:
    y = drawn(5, 3, seed)
    best = max(every_text(y).items(), key=lambda pair: pair[1])
    found = search(y, AnyWords(("", "a", "b")), None, WIDE)
    assert found is not None
    assert found.units == best[0]
    assert found.score == pytest.approx(best[1])


@pytest.mark.parametrize("seed", range(4))
def test_a_lexicon_and_a_language_model_are_what_they_say(seed: int) -> None:
    y = drawn(5, 4, seed)
    model = NGrams.learn(["a b", "ab a", "b"], order=2)
    way = Beam(width=500, units=10, threshold=1e9, weight=0.7, bonus=0.4)
    spellings = {"a": [(2,)], "b": [(3,)], "ab": [(2, 3)]}
    expected = {}
    for units, score in every_text(y).items():
        parts = "".join(TEXTS[unit] for unit in units)
        words = tuple(parts.removesuffix(" ").split(" ")) if parts else ()  # a space may be the last that is heard
        if all(word in spellings for word in words):
            said = sum(model.score(words[:k], word) for k, word in enumerate(words)) + model.end(words)
            expected[words] = max(expected.get(words, -math.inf), score + 0.7 * said + 0.4 * len(words))
    best = max(expected.items(), key=lambda pair: pair[1])
    found = search(y, ListedWords(spellings, space=1), model, way)
    assert found is not None
    assert found.words == best[0]
    assert found.score == pytest.approx(best[1])


def test_of_words_that_are_spelled_alike_the_language_model_chooses() -> None:
    y = np.log(np.array([[0.1, 0.1, 0.8], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]))
    words = ListedWords({"to": [(2,)], "two": [(2,)]}, space=1)
    model = NGrams.learn(["two to", "two to", "two to"], order=2)
    found = search(y, words, model, WIDE)
    assert found is not None
    assert found.words == ("two", "to")


def test_nothing_is_found_where_no_prefix_ends_in_a_word() -> None:
    y = np.log(np.array([[1e-9, 1e-9, 1.0]]))
    assert search(y, ListedWords({"ab": [(2, 3)]}, space=1), None, Beam()) is None


def test_sub_words_begin_words() -> None:
    words = AnyWords(("", "▁he", "llo", "▁you"))
    state, done = words.advance("he", 2) or ("", ())
    assert (state, done) == ("hello", ())
    assert words.advance(state, 3) == ("you", ("hello",))


def test_the_best_path_is_collapsed() -> None:
    assert best_path(np.eye(3)[[0, 1, 1, 0, 1, 2, 2]]) == [1, 1, 2]
    assert best_path(np.zeros((0, 3))) == []
    assert frames_needed([1, 1, 1, 2]) == 6


def test_a_width_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="width is -1: expected a whole number from 0 to 10,000"):
        Beam(width=-1)
