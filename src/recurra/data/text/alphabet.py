"""Symbols of a text: its characters, or sub-words of them. Joined again they are the text, blanks and all.

Symbol `symbols[k]` has the number k + 1; 0 is every character that the text learnt from did not hold.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from tokenizers import Regex, Tokenizer, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

from recurra.checking import require
from recurra.errors import InputError
from recurra.language import _, listing

UNKNOWN = "[UNK]"
REPLACED = "\ufffd"  # how the unknown symbol is shown
Level = Literal["characters", "subwords"]

_SUBWORDS = 4_000
_PIECE = (
    r" ?[\p{L}\p{M}]+| ?\p{N}+|\n+|[^\S\n]+(?=\s|$)|[^\S\n]| ?[^\s\p{L}\p{M}\p{N}]+"  # a word takes its blank along
)
_AT_ONCE = 1 << 16  # characters that are cut together


@dataclass(frozen=True)
class Alphabet:
    """The symbols of a text, the most frequent first; of sub-words `merges` say how characters were joined.

    Sub-words: byte-pair merges (Sennrich et al. 2016, "Neural machine translation of rare words with subword units").

    >>> alphabet = Alphabet.learn("to be or not to be", "characters")
    >>> alphabet.text(alphabet.encode("not to be"))
    'not to be'
    """

    level: Level
    symbols: tuple[str, ...]
    merges: tuple[tuple[str, str], ...] = ()

    def check(self) -> None:
        """Refuse an alphabet out of a file that no text makes."""
        known = set(self.symbols)
        require(0 < len(known) == len(self.symbols) and "" not in known, "there is no symbol, or one twice")
        short = self.level == "subwords" or all(len(symbol) == 1 for symbol in self.symbols)
        require(short and (self.level == "subwords" or not self.merges), "a character is several letters")
        require(all({a, b, a + b} <= known for a, b in self.merges), "a merge is of symbols that it does not know")

    @staticmethod
    def learn(text: str, level: Level, *, most: int | None = None) -> Alphabet:
        """The symbols of a text; of sub-words there are `most` at most, 4,000 unless given."""
        if level == "characters":
            codes, counts = np.unique(_codes(text), return_counts=True)
            return Alphabet(level, tuple(chr(code) for code in codes[np.argsort(-counts, kind="stable")]))
        cutter = _cutter({UNKNOWN: 0}, ())
        trainer: Any = BpeTrainer(
            vocab_size=(most or _SUBWORDS) + 1, special_tokens=[UNKNOWN], show_progress=False, min_frequency=2
        )
        cutter.train_from_iterator(_pieces(text), trainer)
        found = sorted((number, symbol) for symbol, number in cutter.get_vocab().items() if symbol != UNKNOWN)
        merges = tuple((a, b) for a, b in json.loads(cutter.to_str())["model"]["merges"])
        return Alphabet(level, tuple(symbol for _, symbol in found), merges)

    @property
    def size(self) -> int:
        """How many numbers there are, the unknown one among them."""
        return len(self.symbols) + 1

    def encode(self, text: str) -> npt.NDArray[np.int64]:
        """The numbers of a text's symbols."""
        if self.level == "characters":
            codes = _codes(text)
            table = np.zeros(max(map(ord, self.symbols)) + 2, dtype=np.int64)  # the last for characters beyond all
            table[[ord(symbol) for symbol in self.symbols]] = np.arange(1, self.size)
            return table[np.minimum(codes, len(table) - 1)]
        ids = [np.array(each.ids, dtype=np.int64) for each in self._cutter.encode_batch_fast(_pieces(text))]
        return np.concatenate([np.zeros(0, dtype=np.int64), *ids])

    def text(self, numbers: npt.NDArray[np.integer]) -> str:
        """Symbols joined again; unknown ones are \ufffd."""
        names = (REPLACED, *self.symbols)
        return "".join(names[number] for number in numbers.tolist())

    def lengths(self, numbers: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """The characters of each symbol [N]."""
        return np.array([1, *map(len, self.symbols)])[numbers]

    def refuse_unknown(self, prompt: str) -> None:
        """Raise InputError for a prompt with characters that the text learnt from did not hold."""
        known = set("".join(self.symbols))
        wrong = list(dict.fromkeys(letter for letter in prompt if letter not in known))
        if wrong:
            shown = listing(f"{letter!r} (U+{ord(letter):04X})" for letter in wrong[:5])
            raise InputError(
                _(
                    "the prompt holds {shown}{more}, which the training text does not: use some of its "
                    "{known} characters",
                    shown=shown,
                    more=_(" and others") if len(wrong) > 5 else "",
                    known=len(known),
                )
            )

    @cached_property
    def _cutter(self) -> Tokenizer:
        return _cutter({UNKNOWN: 0, **{symbol: k + 1 for k, symbol in enumerate(self.symbols)}}, self.merges)


def chosen_level(text: str) -> Level:
    """Characters up to some millions of them; sub-words of longer texts, in which characters take long to learn."""
    return "characters" if len(text) <= 20_000_000 else "subwords"


def refuse_poor(text: str, least: int) -> None:
    """Raise InputError for a text that is too short, or holds a single symbol."""
    if len(text) < least:
        raise InputError(
            _(
                "the text has {text:,} characters: expected at least {least:,}, to train and to evaluate on",
                text=len(text),
                least=least,
            )
        )
    if len(set(text[:100_000])) < 2 and len(set(text)) < 2:
        raise InputError(
            _("the text holds a single symbol, {text!r}, again and again: there is nothing to learn", text=text[0])
        )


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _cutter(numbers: dict[str, int], merges: tuple[tuple[str, str], ...]) -> Tokenizer:
    cutter = Tokenizer(BPE(numbers, list(merges), unk_token=UNKNOWN))
    cutter.pre_tokenizer = pre_tokenizers.Split(Regex(_PIECE), "isolated")
    return cutter


def _pieces(text: str) -> list[str]:
    """The text in parts that end at line ends, where it has them."""
    cuts = [0]
    while cuts[-1] < len(text):
        end = text.rfind("\n", cuts[-1], cuts[-1] + _AT_ONCE) + 1
        cuts.append(end if end > cuts[-1] else min(len(text), cuts[-1] + _AT_ONCE))
    return [text[begin:end] for begin, end in pairwise(cuts)]
