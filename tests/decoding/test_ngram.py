"""n-grams: probabilities that sum to one, files that say the same again, and what is refused."""

from __future__ import annotations

import math

import pytest

from recurra import InputError
from recurra.decoding.ngram import NGrams

TEXTS = ["go to work", "go home", "go to bed", "a b a b"]


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("context", [(), ("go",), ("go", "to"), ("never", "seen")])
def test_what_may_follow_sums_to_one(order: int, context: tuple[str, ...]) -> None:
    model = NGrams.learn(TEXTS, order=order)
    words = [*model.words, "</s>", "<unk>"]
    assert sum(math.exp(model.score(context, word)) for word in words) == pytest.approx(1.0, abs=1e-4)


def test_a_file_says_the_same_again() -> None:
    model = NGrams.learn(TEXTS, order=3)
    again = NGrams.read(model.arpa, "lm.arpa")
    assert again.order == 3
    assert again.perplexity(TEXTS) == model.perplexity(TEXTS) < NGrams.learn(TEXTS, order=1).perplexity(TEXTS)


@pytest.mark.parametrize("text", ["", "words", "\\data\\\nngram 1=1\n"])
def test_other_files_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="no language model in the ARPA format"):
        NGrams.read(text, "lm.arpa")


def test_a_damaged_line_is_named() -> None:
    broken = NGrams.learn(TEXTS, order=2).arpa.replace("\tbed", "\tbed too many words here", 1)
    with pytest.raises(InputError, match=r"line \d+ of lm.arpa is .*bed too"):
        NGrams.read(broken, "lm.arpa")
    with pytest.raises(InputError, match="all are empty"):
        NGrams.learn(["", " "])
