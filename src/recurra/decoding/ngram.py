"""A language model of words: n-grams with interpolated Kneser-Ney smoothing, and files in the ARPA format.

    P(w | h) = (c(h w) - D)+ / c(h) + D N(h .) / c(h) * P(w | h without its first word)

c counts occurrences for the longest n-grams, and different words before for shorter ones; N(h .) is the number of
different words after h; D = n1 / (n1 + 2 n2), n1 and n2 the n-grams that occur once and twice. A word that was never
seen shares the last discount. Source: Ney, Essen, Kneser (1994); Chen, Goodman (1999), section 2.7.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from recurra.errors import InputError
from recurra.language import _

BEGIN, END, UNKNOWN = "<s>", "</s>", "<unk>"
_LN10 = math.log(10.0)
_LEAST = -99.0  # a logarithm to base 10 that stands for never
Gram = tuple[str, ...]


@dataclass(frozen=True)
class NGrams:
    """The logarithms [base 10] of P of every n-gram that was seen, and the weight that its continuations back off with.

    >>> model = NGrams.learn(["go to work", "go home", "go to bed"], order=2)
    >>> model.score(("go",), "to") > model.score(("go",), "work")
    True
    """

    order: int
    arpa: str  # the model as a file in the ARPA format has it

    @classmethod
    def learn(cls, texts: Iterable[str], *, order: int = 3) -> NGrams:
        """From texts of words between blanks. Raises InputError for texts without a word."""
        sentences = [[BEGIN, *text.split(), END] for text in texts if text.split()]
        if not sentences:
            raise InputError(_("a language model needs texts, and all are empty"))
        probabilities, weights = _kneser_ney(sentences, order)
        return cls(order, _written(probabilities, weights, order))

    @classmethod
    def read(cls, text: str, source: str) -> NGrams:
        """Of a file in the ARPA format. Raises InputError where it is none, with the line."""
        order = max((int(found) for found in re.findall(r"^\\(\d+)-grams:", text, re.MULTILINE)), default=0)
        if "\\data\\" not in text or not order:
            raise InputError(
                _(
                    "{source} is no language model in the ARPA format (it has no \\data\\ and no \\1-grams:): expected "
                    "one as SRILM, KenLM or CMUCLMTK write them",
                    source=source,
                )
            )
        found = cls(order, text)
        _parsed(text, source)
        return found

    def check(self) -> None:
        """Refuse what is no model."""
        if not _parsed(self.arpa, "arpa")[0]:
            raise InputError(_("the language model has no word"))

    @cached_property
    def _tables(self) -> tuple[dict[Gram, float], dict[Gram, float]]:
        return _parsed(self.arpa, "arpa")

    @property
    def words(self) -> list[str]:
        """The words that it knows."""
        return sorted(gram[0] for gram in self._tables[0] if len(gram) == 1 and gram[0] not in (BEGIN, END, UNKNOWN))

    def score(self, context: tuple[str, ...], word: str) -> float:
        """log P(word | context), natural; the beginning of a sentence stands before the context."""
        probabilities, weights = self._tables
        history = (
            ((BEGIN, *context) if len(context) < self.order else context)[-(self.order - 1) :] if self.order > 1 else ()
        )
        total = 0.0
        while True:
            value = probabilities.get((*history, word))
            if value is not None:
                return (total + value) * _LN10
            if not history:
                return (total + probabilities.get((UNKNOWN,), _LEAST / 10)) * _LN10
            total += weights.get(history, 0.0)
            history = history[1:]

    def end(self, context: tuple[str, ...]) -> float:
        """log P(nothing more | context)."""
        return self.score(context, END)

    def perplexity(self, texts: Iterable[str]) -> float:
        """exp of the mean of -log P over the words of texts, their ends among them."""
        total, count = 0.0, 0
        for text in texts:
            words = tuple(text.split())
            total += sum(self.score(words[:k], word) for k, word in enumerate(words)) + self.end(words)
            count += len(words) + 1
        return math.exp(-total / max(count, 1))


def _kneser_ney(sentences: Sequence[Sequence[str]], order: int) -> tuple[dict[Gram, float], dict[Gram, float]]:
    """log10 P of every n-gram, and log10 of the weight with which its continuations are backed off."""
    occurrences: list[Counter[Gram]] = [Counter() for _n in range(order + 1)]
    for sentence in sentences:
        for n in range(1, order + 1):
            occurrences[n].update(tuple(sentence[k : k + n]) for k in range(len(sentence) - n + 1))
    counts: list[Counter[Gram]] = [Counter() for _n in range(order + 1)]
    counts[order] = occurrences[order]
    for n in range(1, order):
        counts[n] = Counter(gram[1:] for gram in occurrences[n + 1])
        counts[n].update({gram: c for gram, c in occurrences[n].items() if gram[0] == BEGIN and n > 1})
    if order == 1:
        counts[1] = Counter({gram: c for gram, c in occurrences[1].items() if gram != (BEGIN,)})
    vocabulary = {gram[0] for gram in occurrences[1]} - {BEGIN}
    uniform = 1.0 / (len(vocabulary) + 1)
    lower: dict[Gram, float] = {}
    weights: dict[Gram, float] = {}
    for n in range(1, order + 1):
        discount = _discount(counts[n])
        totals: dict[Gram, int] = defaultdict(int)
        different: dict[Gram, int] = defaultdict(int)
        for gram, c in counts[n].items():
            totals[gram[:-1]] += c
            different[gram[:-1]] += 1
        share = {h: discount * different[h] / totals[h] for h in totals}
        level = {
            gram: (c - discount) / totals[gram[:-1]]
            + share[gram[:-1]] * (lower.get(gram[1:], lower.get((UNKNOWN,), uniform)) if n > 1 else uniform)
            for gram, c in counts[n].items()
        }
        if n == 1:
            level[(UNKNOWN,)] = share[()] * uniform
            level.setdefault((BEGIN,), 10**_LEAST)
        else:
            weights |= {h: math.log10(value) for h, value in share.items()}
        lower |= level
    return {gram: math.log10(p) for gram, p in lower.items()}, weights


def _discount(counts: Counter[Gram]) -> float:
    often = Counter(counts.values())
    once, twice = often[1], often[2]
    return min(0.95, max(0.1, once / (once + 2 * twice))) if once else 0.5


def _written(probabilities: dict[Gram, float], weights: dict[Gram, float], order: int) -> str:
    levels = [sorted(gram for gram in probabilities if len(gram) == n) for n in range(1, order + 1)]
    lines = ["\\data\\", *(f"ngram {n}={len(level)}" for n, level in enumerate(levels, start=1))]
    for n, level in enumerate(levels, start=1):
        lines += ["", f"\\{n}-grams:"]
        for gram in level:
            weight = f"\t{weights[gram]:.6f}" if gram in weights else ""
            lines.append(f"{probabilities[gram]:.6f}\t{' '.join(gram)}{weight}")
    return "\n".join([*lines, "", "\\end\\", ""])


def _parsed(text: str, source: str) -> tuple[dict[Gram, float], dict[Gram, float]]:
    probabilities: dict[Gram, float] = {}
    weights: dict[Gram, float] = {}
    n = 0
    for number, line in enumerate(text.splitlines(), start=1):
        head = re.fullmatch(r"\\(\d+)-grams:\s*", line)
        if head:
            n = int(head[1])
            continue
        if not n or not line.strip() or line.startswith("\\"):
            n = 0 if line.startswith("\\end") else n
            continue
        cells = line.split()
        try:
            value, gram = float(cells[0]), tuple(cells[1 : 1 + n])
            weight = float(cells[1 + n]) if len(cells) > 1 + n else None
        except ValueError:
            gram, value, weight = (), 0.0, None
        if len(gram) != n or len(cells) > n + 2:
            raise InputError(
                _(
                    "line {number} of {source} is {line!r}: expected a logarithm, {n} words and perhaps a weight",
                    number=number,
                    source=source,
                    line=line[:60],
                    n=n,
                )
            )
        probabilities[gram] = value
        if weight is not None:
            weights[gram] = weight
    return probabilities, weights
