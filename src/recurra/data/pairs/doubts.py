"""What is doubtful about pairs of texts, changed only where asked: swapped sides, untranslated texts, duplicates.

A pair is taken for swapped where the letters of its source are those of the targets and the other way round: the
difference of log p(letters | side), by counts of letter trigrams, is at least a nat per letter on both sides.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from recurra.data.examples.cells import describe
from recurra.data.pairs.pairs import Pairs, folded
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.errors import InputError
from recurra.formatting import percent
from recurra.language import _
from recurra.options import option

_SAME = 0.5  # share of untranslated pairs from which on the columns are no translation
_SAMPLE, _SHORT = 5_000, 8  # pairs that letters are counted in; letters below which a text says nothing of its language
_MARGIN = 0.5  # nats a letter
_RATIO, _LONG = 6.0, 40  # times as long is one side as is usual, and letters from which on that is odd


def refuse_same(pairs: Pairs, source: str, target: str) -> None:
    """Raise InputError where most texts are not translated."""
    assert pairs.targets is not None
    same = np.mean([a == b for a, b in zip(pairs.sources, pairs.targets, strict=True)])
    if same > _SAME:
        raise InputError(
            _(
                "{share} of the texts in {target!r} are those in {source!r}: expected a translation; name the "
                "columns with {from_option} and {to_option}",
                share=percent(float(same), 0),
                source=source,
                target=target,
                from_option=option("source"),
                to_option=option("translation"),
            )
        )


def doubts(pairs: Pairs, rows: np.ndarray) -> list[Fact]:
    """One fact for each kind of doubt, with row numbers of the file, of which `rows` [N] are those of the pairs."""
    assert pairs.targets is not None
    both = list(zip(pairs.sources, pairs.targets, strict=True))
    found = []
    same = [k for k, (a, b) in enumerate(both) if folded(a) == folded(b) and len(a) > 3]
    if same:
        found.append(Fact("untranslated", _("the same text on both sides in {rows}", rows=_of(rows, same))))
    swapped = swapped_pairs(pairs)
    if swapped:
        told = _(
            "the sides look swapped in {rows}: exchange them with {fix}, or leave these rows out with {drop}",
            rows=_of(rows, swapped),
            fix=option("swapped", "fix"),
            drop=option("swapped", "drop"),
        )
        found.append(Fact("swapped", told, option("swapped")))
    keys = [(folded(a), folded(b)) for a, b in both]
    repeated = len(keys) - len(set(keys))
    if repeated:
        found.append(Fact("duplicates", _("{pairs} that occurred before", pairs=counted(repeated, "pair"))))
    ratios = np.array([math.log((len(b) + 1) / (len(a) + 1)) for a, b in both])
    long = np.array([max(len(a), len(b)) >= _LONG for a, b in both])
    odd = np.flatnonzero(long & (np.abs(ratios - np.median(ratios)) > math.log(_RATIO))).tolist()
    if odd:
        found.append(Fact("unequal lengths", _("one side is far longer than usual in {rows}", rows=_of(rows, odd))))
    return found


def without_swapped(pairs: Pairs, rows: np.ndarray, how: str) -> tuple[Pairs, np.ndarray, list[Fact]]:
    """The pairs with the sides exchanged where they look swapped ("fix"), or without these ("drop"), and their rows."""
    if how not in ("keep", "drop", "fix"):
        raise InputError(_("{option}: expected keep, drop or fix", option=option("swapped", how)))
    swapped = [] if how == "keep" else swapped_pairs(pairs)
    if not swapped:
        return pairs, rows, []
    told = _of(rows, swapped)
    if how == "drop":
        kept = np.setdiff1d(np.arange(len(pairs)), swapped)
        fact = Fact("dropped", _("{rows}: the sides look swapped", rows=told), option("swapped"))
        return pairs.take(kept), rows[kept], [fact]
    assert pairs.targets is not None
    wrong = set(swapped)
    sides = [
        (b, a) if k in wrong else (a, b) for k, (a, b) in enumerate(zip(pairs.sources, pairs.targets, strict=True))
    ]
    sources, targets = zip(*sides, strict=True)
    return Pairs(sources, targets), rows, [Fact("swapped", _("exchanged in {rows}", rows=told), option("swapped"))]


def swapped_pairs(pairs: Pairs) -> list[int]:
    """The numbers of the pairs whose sides look swapped."""
    assert pairs.targets is not None
    every = max(1, len(pairs) // _SAMPLE)
    own, other = _grams(pairs.sources[::every]), _grams(pairs.targets[::every])
    sizes = len(set(own) | set(other))
    of_own, of_other = math.log(sum(own.values()) + sizes), math.log(sum(other.values()) + sizes)

    def leans(text: str) -> float:
        """How much more the letters are those of a target, a letter."""
        grams = _cut(text)
        if len(grams) < _SHORT:
            return 0.0
        score = sum(math.log(other[g] + 1) - math.log(own[g] + 1) for g in grams) / len(grams)
        return score + of_own - of_other

    usual = (
        [leans(text) for text in pairs.sources[::every][:200]],
        [leans(text) for text in pairs.targets[::every][:200]],
    )
    if np.median(usual[1]) - np.median(usual[0]) < 2 * _MARGIN:  # sides of one language: nothing tells them apart
        return []
    return [
        k
        for k, (a, b) in enumerate(zip(pairs.sources, pairs.targets, strict=True))
        if leans(a) > _MARGIN and leans(b) < -_MARGIN
    ]


def _grams(texts: Sequence[str]) -> Counter[str]:
    return Counter(gram for text in texts for gram in _cut(text))


def _cut(text: str) -> list[str]:
    text = f" {text.lower()} "
    if any("\u3040" <= letter <= "\u9fff" for letter in text):
        return [letter for letter in text if not letter.isspace()]
    return [text[k : k + 3] for k in range(len(text) - 2)]


def _of(rows: np.ndarray, numbers: list[int]) -> str:
    return describe(rows[np.array(numbers)].tolist())
