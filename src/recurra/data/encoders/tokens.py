"""From strings and lists of events to numbers of tokens, by a vocabulary learnt from the training part.

Token `tokens[k]`, the k-th most frequent one, has the number k + 1; 0 is every token that the vocabulary lacks.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE, WordLevel
from tokenizers.trainers import BpeTrainer, WordLevelTrainer

from recurra.checking import require
from recurra.data.examples.inputs import Text
from recurra.data.examples.ragged import Ragged
from recurra.errors import InputError
from recurra.language import _

UNKNOWN = "[UNK]"
WORDS, SUBWORDS, CHARACTERS, EVENTS = 100_000, 8_000, 20_000, 100_000  # entries of a vocabulary at most
_AT_ONCE = 20_000  # texts that are cut together: the cutter keeps more of each than the numbers
_SAMPLE = 2_000  # texts that decide the level
_PICTURE = "\\p{Extended_Pictographic}\U0001f1e6-\U0001f1ff"  # emoji, and the letters that flags are written with
# An emoji with its skin tone and all that is joined to it, a keycap, a run of letters and digits, a run of other signs.
_WORD = f"(?=[{_PICTURE}])\\X|[0-9#*]\ufe0f?\u20e3|\\w[\\w\u200c\u200d]*|[^\\w\\s{_PICTURE}]+"
_UNSPACED = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]"  # Thai to Khmer, kana, Chinese

Objects = npt.NDArray[np.object_]


@dataclass(frozen=True)
class TextEncoder:
    """Text cut into words, sub-words or characters.

    A word is a run of letters and digits, or of other signs, or one emoji, however many code points it is written with
    (skin tones, flags, families); a character is a grapheme cluster (Unicode Standard Annex 29). Sub-words are what
    byte-pair merges (Sennrich et al. 2016, "Neural machine translation of rare words with subword units") make of the
    letters of a word.
    """

    level: Literal["words", "subwords", "characters"]
    lowercase: bool
    tokens: tuple[str, ...]
    merges: tuple[tuple[str, str], ...] = ()

    def check(self) -> None:
        """Refuse a vocabulary out of a file that no training makes."""
        tokens = _distinct(self.tokens)
        require(UNKNOWN not in tokens and "" not in tokens, "a token stands for others")
        require(not self.merges or self.level == "subwords", f"there are merges of {self.level}")
        merged = chain.from_iterable((a, b, a + b) for a, b in self.merges)
        require(tokens.issuperset(merged), "a merge is of tokens that it does not know")

    @staticmethod
    def learn(texts: Objects, kind: Text) -> TextEncoder:
        """The vocabulary of `texts` [N]; None is no text."""
        present = texts[~pd.isna(texts)]
        level = _level(present) if kind.level == "auto" else kind.level
        most = kind.size or {"words": WORDS, "subwords": SUBWORDS, "characters": CHARACTERS}[level]
        cutter = _cutter(level, kind.lowercase, {UNKNOWN: 0}, ())
        given: dict[str, Any] = {"vocab_size": most + 1, "special_tokens": [UNKNOWN], "show_progress": False}
        trainer = BpeTrainer(**given, limit_alphabet=most) if level == "subwords" else WordLevelTrainer(**given)
        cutter.train_from_iterator(iter(present), trainer, length=len(present))
        vocabulary = cutter.get_vocab()
        merges = _merges(cutter) if level == "subwords" else ()
        tokens = sorted((number, token) for token, number in vocabulary.items() if token != UNKNOWN)
        if not tokens:
            raise InputError(_("no text holds a word: expected at least one letter or sign in the training part"))
        return TextEncoder(level, kind.lowercase, tuple(token for _unused, token in tokens), merges)

    def encode(self, texts: Objects) -> Ragged:
        """The token numbers of every text [N]; none for None."""
        values, lengths = [], np.zeros(len(texts), dtype=np.int64)
        absent = pd.isna(texts)
        for first in range(0, len(texts), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            found = self._cutter.encode_batch_fast(
                ["" if no else t for t, no in zip(texts[part], absent[part], strict=True)]
            )
            ids = [encoding.ids for encoding in found]
            lengths[part] = [len(each) for each in ids]
            values.append(np.fromiter(chain.from_iterable(ids), np.int32, int(lengths[part].sum())))
        return _ragged(values, lengths)

    def cut(self, text: str) -> list[str]:
        """The tokens as they stand in the text (an accent in one letter with what it stands on), unknown ones too."""
        text = unicodedata.normalize("NFC", text)
        return [text[begin:end] for begin, end in self._cutter.encode(text).offsets]

    @cached_property
    def _cutter(self) -> Tokenizer:
        numbers = {token: k + 1 for k, token in enumerate(self.tokens)}
        return _cutter(self.level, self.lowercase, {UNKNOWN: 0, **numbers}, self.merges)


@dataclass(frozen=True)
class SymbolEncoder:
    """Strings in which every letter is a token."""

    tokens: tuple[str, ...]

    def check(self) -> None:
        """Refuse symbols of several letters."""
        require(all(len(token) == 1 for token in _distinct(self.tokens)), "a symbol has several letters")

    @staticmethod
    def learn(texts: Objects) -> SymbolEncoder:
        """The letters of `texts` [N]."""
        codes, _unused = _letters(texts)
        found, counts = np.unique(codes, return_counts=True)
        return SymbolEncoder(tuple(chr(code) for code in found[np.argsort(-counts, kind="stable")]))

    def encode(self, texts: Objects) -> Ragged:
        """The token numbers of every string [N]; none for None."""
        codes, lengths = _letters(texts)
        table = np.zeros(max([0, *map(ord, self.tokens)]) + 2, dtype=np.int32)  # the last for letters beyond all
        for number, token in enumerate(self.tokens, start=1):
            table[ord(token)] = number
        return _ragged([table[np.minimum(codes, len(table) - 1)]], lengths)

    def cut(self, text: str) -> list[str]:
        """The letters."""
        return list(text)


@dataclass(frozen=True)
class EventEncoder:
    """Lists of categorical values; a value is known again by its text."""

    tokens: tuple[str, ...]

    def check(self) -> None:
        """Refuse a vocabulary without a token, or with one twice."""
        _distinct(self.tokens)

    @staticmethod
    def learn(events: Ragged) -> EventEncoder:
        """The values of `events`, the rarest left out where there are more than 100,000; a missing one is none."""
        codes, distinct = pd.factorize(events.values)
        counts = np.bincount(codes[codes >= 0], minlength=len(distinct))
        order = np.argsort(-counts, kind="stable")[:EVENTS]
        return EventEncoder(tuple(str(distinct[k]) for k in order))

    def encode(self, events: Ragged) -> Ragged:
        """The token numbers of every list; a missing event is an unknown one."""
        codes, distinct = pd.factorize(events.values)
        known = {token: number for number, token in enumerate(self.tokens, start=1)}
        numbers = np.array([*(known.get(str(value), 0) for value in distinct), 0], dtype=np.int32)
        return Ragged(numbers[codes], events.offsets)

    def cut(self, events: npt.NDArray) -> list[str]:
        """The values as text."""
        return [str(value) for value in events]


def _distinct(tokens: tuple[str, ...]) -> set[str]:
    """The tokens of a vocabulary, of which there is one at least, and none twice."""
    found = set(tokens)
    require(0 < len(found) == len(tokens), "there is no token, or one twice")
    return found


def _level(texts: Objects) -> Literal["words", "characters"]:
    """Characters where a fifth of the letters are of a script that is written without blanks."""
    sample = pd.Series(texts[:_SAMPLE], dtype="str")
    unspaced, letters = sample.str.count(_UNSPACED).sum(), sample.str.count(r"\w").sum()
    return "characters" if unspaced > 0.2 * letters else "words"


def _cutter(level: str, lowercase: bool, numbers: dict[str, int], merges: tuple[tuple[str, str], ...]) -> Tokenizer:
    model = BPE(numbers, list(merges), unk_token=UNKNOWN) if level == "subwords" else WordLevel(numbers, UNKNOWN)
    cutter = Tokenizer(model)
    cutter.normalizer = normalizers.Sequence([normalizers.NFC(), *([normalizers.Lowercase()] if lowercase else [])])
    cutter.pre_tokenizer = (
        pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex(r"\X"), "isolated")])
        if level == "characters"
        else pre_tokenizers.Split(Regex(_WORD), "removed", invert=True)
    )
    return cutter


def _merges(cutter: Tokenizer) -> tuple[tuple[str, str], ...]:
    import json

    return tuple((a, b) for a, b in json.loads(cutter.to_str())["model"]["merges"])


def _letters(texts: Objects) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """The code points of all strings end to end, and how many each has."""
    strings: Iterator[str] = ("" if no else text for text, no in zip(texts, pd.isna(texts), strict=True))
    kept = list(strings)
    codes = np.frombuffer("".join(kept).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return codes, np.fromiter(map(len, kept), np.int64, len(kept))


def _ragged(values: list[npt.NDArray[np.int32]], lengths: npt.NDArray[np.int64]) -> Ragged:
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return Ragged(np.concatenate([np.zeros(0, np.int32), *values]), offsets)
