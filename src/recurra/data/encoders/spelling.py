"""Texts as units that a network says frame by frame: characters, sub-words, or the phones of a lexicon.

Unit 0 is CTC's blank, which is none of a text's. Words stand between spaces, which are a unit of their own; a sub-word
that begins a word begins with "▁" instead.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer, pre_tokenizers, trainers
from tokenizers.models import BPE

from recurra.checking import require
from recurra.errors import InputError
from recurra.language import _

Units = Literal["characters", "subwords", "phones"]
SPACE, START = " ", "▁"
MOST = 20_000  # units
_SIZE = 500  # sub-words, unless the texts have fewer
_UNSURE = 3  # characters of an example that a message shows


@dataclass(frozen=True)
class Lexicon:
    """Words and how each is spoken: `phones` [word] are texts of phones between blanks, one for each way."""

    words: tuple[str, ...]
    phones: tuple[tuple[str, ...], ...] = ()

    def check(self) -> None:
        """Refuse a lexicon without words, or with other numbers of words and pronunciations."""
        require(bool(self.words) and len(set(self.words)) == len(self.words), "the lexicon has no word, or one twice")
        require(not self.phones or len(self.phones) == len(self.words), "words and their phones differ in number")

    @classmethod
    def read(cls, text: str, source: str) -> Lexicon:
        """Of a file: a word a line, or a word and its phones, as the CMU dictionary has them ("A(2)  EY").

        Raises InputError for one without words, or in which some have phones and others have none, with the line.
        """
        found: dict[str, list[str]] = {}
        spoken = 0
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith((";;;", "#"))]
        for number, line in enumerate(lines, start=1):
            word, *phones = line.split()
            if word.endswith(")") and "(" in word[1:]:
                word = word[: word.rindex("(")]
            ways = found.setdefault(word, [])
            if phones:
                spoken += 1
                ways.append(" ".join(phones))
            if spoken not in (0, number):
                raise InputError(
                    _(
                        "{source}: the word {word!r} and others differ in having phones: expected a word a line, or a "
                        "word and its phones in every line",
                        source=source,
                        word=word,
                    )
                )
        if not found:
            raise InputError(
                _("{source} holds no word: expected a word a line, or a word and its phones", source=source)
            )
        return cls(tuple(found), tuple(map(tuple, found.values())) if spoken else ())

    @cached_property
    def ways(self) -> dict[str, tuple[str, ...]]:
        """The pronunciations of each word."""
        return dict(zip(self.words, self.phones, strict=True)) if self.phones else {}


@dataclass(frozen=True)
class Spelling:
    """The units of texts, `names` of which the first is the blank's, "".

    merges   of sub-words, in order
    lexicon  of phones: how words are spoken

    >>> spelling = Spelling.learn(["go on", "no"], "characters")
    >>> spelling.units("no go").tolist(), spelling.text(spelling.units("no go"))
    ([3, 4, 1, 2, 4], 'no go')
    """

    level: Units
    names: tuple[str, ...]
    merges: tuple[tuple[str, str], ...] = ()
    lexicon: Lexicon | None = None

    def check(self) -> None:
        """Refuse names that are none or repeat, and a lexicon that belongs to no phones."""
        require(len(set(self.names)) == len(self.names) > 1 and self.names[0] == "", "units are missing or repeat")
        require(len(self.names) <= MOST, "there are too many units")
        require(
            (self.level != "phones") or (self.lexicon is not None and bool(self.lexicon.phones)), "phones need words"
        )

    @classmethod
    def learn(
        cls, texts: Iterable[str], level: Units, *, lexicon: Lexicon | None = None, size: int = _SIZE
    ) -> Spelling:
        """The units of the training texts. Raises InputError where there is none, and for words without phones."""
        cleaned = [tidy(text) for text in texts]
        if level == "phones":
            return cls._of_phones(cleaned, lexicon)
        letters = Counter("".join(cleaned))
        if not letters:
            raise InputError(_("all texts are empty: expected what is said in the recordings"))
        if level == "characters":
            found = sorted(letters)
            if len(found) + 1 > MOST:
                raise InputError(
                    _("there are {n:,} different characters: expected at most {most:,}", n=len(found), most=MOST)
                )
            return cls(level, ("", *found))
        cutter = Tokenizer(BPE())
        cutter.pre_tokenizer = pre_tokenizers.Metaspace(replacement=START, prepend_scheme="always")
        cutter.train_from_iterator(
            cleaned, trainers.BpeTrainer(vocab_size=size, special_tokens=[], show_progress=False)
        )
        model = json.loads(cutter.to_str())["model"]
        pieces = sorted(model["vocab"], key=model["vocab"].__getitem__)
        return cls(level, ("", *pieces), tuple((a, b) for a, b in model["merges"]))

    @classmethod
    def _of_phones(cls, texts: Sequence[str], lexicon: Lexicon | None) -> Spelling:
        if lexicon is None or not lexicon.phones:
            raise InputError(
                _("units are phones, and no lexicon says how words are spoken: expected a word and its phones a line")
            )
        phones = sorted({phone for ways in lexicon.phones for way in ways for phone in way.split()})
        made = cls("phones", ("", SPACE, *phones), lexicon=lexicon)
        for text in texts:
            made.units(text)
        return made

    @property
    def space(self) -> int | None:
        """The unit between two words; None where words have no unit between them."""
        return self._numbers.get(SPACE)

    def units(self, text: str) -> npt.NDArray[np.int64]:
        """The units of a text; of characters those that are known.

        Raises InputError for a word that the lexicon of phones does not have.
        """
        text = tidy(text)
        if self.level == "phones":
            return np.array(self._spoken(text), dtype=np.int64)
        pieces: Iterable[str] = text if self.level == "characters" else self._cutter.encode(text).tokens
        return np.array([self._numbers[piece] for piece in pieces if piece in self._numbers], dtype=np.int64)

    def unknown(self, text: str) -> list[str]:
        """The characters of a text that no unit has, or of phones its words that the lexicon does not have."""
        if self.level == "phones":
            assert self.lexicon is not None
            return [word for word in tidy(text).split() if word not in self.lexicon.ways]
        return sorted(set(tidy(text)) - self._letters)

    def text(self, units: Iterable[int]) -> str:
        """What units spell; of phones the words that are spoken so, else the phones themselves in brackets."""
        names = [self.names[unit] for unit in units]
        if self.level == "characters":
            return " ".join("".join(names).split())
        if self.level == "subwords":
            return " ".join("".join(names).replace(START, " ").split())
        words = " ".join(names).split("   ")  # a space among blanks
        return " ".join(self._words.get(way.strip(), f"[{way.strip()}]") for way in words if way.strip())

    def spellings(self, words: Iterable[str]) -> dict[str, list[tuple[int, ...]]]:
        """The ways in which each word is spelled; one with unknown characters is left out."""
        if self.level == "phones":
            assert self.lexicon is not None
            return {
                word: [tuple(self._numbers[phone] for phone in way.split()) for way in self.lexicon.ways[word]]
                for word in words
                if word in self.lexicon.ways
            }
        return {word: [tuple(self.units(word).tolist())] for word in words if word and not self.unknown(word)}

    def _spoken(self, text: str) -> list[int]:
        found: list[int] = []
        assert self.lexicon is not None
        for word in text.split():
            if word not in self.lexicon.ways:
                raise InputError(
                    _(
                        "the lexicon does not say how {word!r} is spoken, which stands in {text!r}: add it, or read "
                        "texts by characters",
                        word=word,
                        text=text[:60],
                    )
                )
            found += [self._numbers[SPACE]] if found else []
            found += [self._numbers[phone] for phone in self.lexicon.ways[word][0].split()]
        return found

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    @cached_property
    def _letters(self) -> set[str]:
        letters = set("".join(self.names))
        return letters | {SPACE} if self.level == "subwords" else letters

    @cached_property
    def _words(self) -> dict[str, str]:
        assert self.lexicon is not None
        return {way: word for word, ways in reversed(self.lexicon.ways.items()) for way in ways}

    @cached_property
    def _cutter(self) -> Tokenizer:
        cutter = Tokenizer(BPE({name: k for k, name in enumerate(self.names)}, list(self.merges)))
        cutter.pre_tokenizer = pre_tokenizers.Metaspace(replacement=START, prepend_scheme="always")
        return cutter


def tidy(text: str) -> str:
    """A text with one blank between its words and none around it."""
    return " ".join(str(text).split())
