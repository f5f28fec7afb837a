"""Texts as numbers of sub-words and back, by byte-pair merges learnt from the training part.

A word begins with the sign U+2581, so that what is cut can be put together again; signs of punctuation stand alone, and
a text without blanks, as Chinese, is one word that the merges cut. Sennrich et al. (2016), "Neural machine translation
of rare words with subword units".
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

from recurra.checking import require
from recurra.data.examples.ragged import Ragged, offsets_of
from recurra.errors import InputError
from recurra.language import _

UNKNOWN, BEGIN, END = 0, 1, 2  # the numbers of the tokens that every vocabulary has
SPECIAL = ("<unk>", "<s>", "</s>")
_LEAST, _MOST = 200, 16_000  # sub-words
_LETTERS = 6_000  # different letters at most; rarer ones are unknown
_BLANK = "\u2581"


@dataclass(frozen=True)
class Subwords:
    """A vocabulary: `tokens[k]` has the number k; the first three are unknown, beginning and end.

    >>> subwords = Subwords.learn(["a fine film", "a dull film", "a fine day"] * 9)
    >>> subwords.texts(subwords.encode(["a fine day"]))
    ['a fine day']
    """

    tokens: tuple[str, ...]
    merges: tuple[tuple[str, str], ...]

    def check(self) -> None:
        """Refuse a vocabulary out of a file that no training makes."""
        known = set(self.tokens)
        require(self.tokens[:3] == SPECIAL and len(known) == len(self.tokens), "a vocabulary is not one of sub-words")
        merged = chain.from_iterable((a, b, a + b) for a, b in self.merges)
        require(known.issuperset(merged), "a merge is of tokens that it does not know")

    @staticmethod
    def learn(texts: Sequence[str], size: int | None = None) -> Subwords:
        """The sub-words of `texts`, `size` at most; by the amount of text unless given."""
        counts = Counter(chain.from_iterable(texts))
        letters = sum(1 for number in counts.values() if number > 1)
        if not letters:
            raise InputError(_("no letter occurs twice in the training part: expected texts in the columns"))
        size = size or usual_size(texts)
        cutter = _cutter(BPE(unk_token=SPECIAL[UNKNOWN]))
        trainer = BpeTrainer(
            vocab_size=max(size, len(SPECIAL) + min(letters, _LETTERS)),
            special_tokens=list(SPECIAL),
            limit_alphabet=min(letters, _LETTERS),
            min_frequency=2,
            show_progress=False,
        )
        cutter.train_from_iterator(iter(texts), trainer, length=len(texts))
        found = json.loads(cutter.to_str())["model"]
        tokens = tuple(sorted(found["vocab"], key=found["vocab"].__getitem__))
        return Subwords(tokens, tuple((a, b) for a, b in found["merges"]))

    def encode(self, texts: Sequence[str]) -> Ragged:
        """The token numbers of every text, without beginning and end."""
        rows = [each.ids for each in self._cutter.encode_batch(list(texts), add_special_tokens=False)]
        flat = np.fromiter(chain.from_iterable(rows), np.int32)
        return Ragged(flat, offsets_of(np.array([len(row) for row in rows], dtype=np.int64)))

    def unknown(self, texts: Sequence[str]) -> list[str]:
        """The letters of `texts` that it does not know, in the order of their first appearance."""
        letters = list(dict.fromkeys(chain.from_iterable(texts)))
        cut = self._cutter.encode_batch(letters, add_special_tokens=False)
        return [letter for letter, each in zip(letters, cut, strict=True) if UNKNOWN in each.ids]

    def pieces(self, text: str) -> list[tuple[str, str]]:
        """Each token of a text as it is shown, and the letters of the text that it stands for."""
        cut = self._cutter.encode(text, add_special_tokens=False)
        shown = []
        for number, (begin, end) in zip(cut.ids, cut.offsets, strict=True):
            letters = text[begin:end]
            shown.append((letters if number == UNKNOWN else self.tokens[number].replace(_BLANK, " "), letters))
        return shown

    def texts(self, rows: Ragged | Iterable[Sequence[int]]) -> list[str]:
        """Token numbers as texts again."""
        return [self.joined([self.tokens[k] for k in row]) for row in rows]

    @staticmethod
    def joined(tokens: Sequence[str]) -> str:
        """Tokens as a text."""
        return "".join(tokens).replace(_BLANK, " ").strip()

    @cached_property
    def _cutter(self) -> Tokenizer:
        numbers = {token: k for k, token in enumerate(self.tokens)}
        return _cutter(BPE(numbers, list(self.merges), unk_token=SPECIAL[UNKNOWN]))


def usual_size(texts: Sequence[str]) -> int:
    """How many sub-words suit so much text: with the square root of its words, of which a Chinese one has 1.5 letters.

    >>> usual_size(["one two three four"] * 250_000)
    8000
    """
    some = texts[:: max(1, len(texts) // 5_000)]
    words = sum(max(len(text.split()), len(text) / 6 if text.isascii() else len(text.encode()) / 4.5) for text in some)
    total = words * len(texts) / max(len(some), 1)
    return int(np.clip(8 * np.sqrt(total), _LEAST, _MOST))


def _cutter(model: BPE) -> Tokenizer:
    cutter = Tokenizer(model)
    cutter.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " ")])
    signs = pre_tokenizers.Split(Regex(r"\p{P}"), "isolated")
    cutter.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(_BLANK), signs])
    cutter.decoder = decoders.Metaspace(_BLANK)
    return cutter
