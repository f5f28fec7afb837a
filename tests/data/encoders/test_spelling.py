"""Units of texts: there and back, and what a lexicon must have."""

from __future__ import annotations

import pytest

from recurra import InputError
from recurra.data.encoders.spelling import Lexicon, Spelling

TEXTS = ["the cat sat", "the  dog sat ", "a cat"]
DICTIONARY = "ONE  W AH N\nTWO  T UW\nEIGHT  EY T\nEIGHT(2)  EY TH\n"


@pytest.mark.parametrize("level", ["characters", "subwords"])
def test_texts_come_back(level) -> None:
    spelling = Spelling.learn(TEXTS, level)
    for text in TEXTS:
        assert spelling.text(spelling.units(text)) == " ".join(text.split())
    assert spelling.names[0] == ""
    assert spelling.units("").tolist() == []


def test_unknown_characters_are_named_and_passed_over() -> None:
    spelling = Spelling.learn(TEXTS, "characters")
    assert spelling.unknown("the zebra") == ["b", "r", "z"]
    assert spelling.text(spelling.units("the cab")) == "the ca"


def test_phones_are_those_of_the_lexicon() -> None:
    lexicon = Lexicon.read(DICTIONARY, "words.dic")
    spelling = Spelling.learn(["ONE TWO"], "phones", lexicon=lexicon)
    assert spelling.text(spelling.units("EIGHT ONE")) == "EIGHT ONE"
    assert len(spelling.spellings(["EIGHT"])["EIGHT"]) == 2
    names = list(spelling.names)
    assert spelling.text([names.index("UW"), names.index("T")]) == "[UW T]"
    with pytest.raises(InputError, match="does not say how 'NINE' is spoken"):
        Spelling.learn(["NINE"], "phones", lexicon=lexicon)


def test_lexicons_that_are_none_are_refused() -> None:
    assert Lexicon.read("one\ntwo\n", "words").phones == ()
    with pytest.raises(InputError, match="holds no word"):
        Lexicon.read("\n", "words")
    with pytest.raises(InputError, match="'two' and others differ in having phones"):
        Lexicon.read("one  W AH N\ntwo\n", "words")
    with pytest.raises(InputError, match="all texts are empty"):
        Spelling.learn(["", " "], "characters")
    with pytest.raises(InputError, match="no lexicon says how words are spoken"):
        Spelling.learn(["one"], "phones")
