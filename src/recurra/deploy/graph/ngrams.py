"""Which tokens the n-grams of a linear model consist of: its keys are hashes, and can be undone.

key(i_1 .. i_n) = (key(i_1 .. i_(n-1)) + i_n + 1) M mod 2^64, and an n-gram that was kept has all its beginnings kept,
since they occur as often. So key / M - 1 lies between the key of the beginning and the number of tokens beyond it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError
from recurra.evaluation.shared.ngrams import MULTIPLIER, NGrams

_INVERSE = np.uint64(pow(int(MULTIPLIER), -1, 1 << 64))


def tokens_of_ngrams(grams: NGrams, tokens: int) -> tuple[tuple[int, ...], ...]:
    """The tokens of every n-gram, in the order of the keys; there are `tokens` of them, 0 included.

    Raises InputError for keys that are no n-grams of so many tokens.

    >>> from recurra.data.examples.ragged import Ragged
    >>> from recurra.evaluation.shared.ngrams import fit_ngrams
    >>> sorted(tokens_of_ngrams(fit_ngrams(Ragged.of([[3, 4, 4]]), orders=(1, 2)), 5))
    [(3,), (3, 4), (4,), (4, 4)]
    """
    left = grams.keys * _INVERSE  # key of the beginning + last token + 1
    found: dict[int, tuple[int, ...]] = {}
    beginnings: dict[int, tuple[int, ...]] = {0: ()}
    for order in range(1, max(grams.orders) + 1):
        keys = np.array(sorted(beginnings), dtype=np.uint64)
        with np.errstate(over="ignore"):
            fresh = _next(left, keys, beginnings, tokens)
            if order not in grams.orders:  # lower orders are needed, although nothing is known of their n-grams
                raise InputError(
                    f"the linear model counts n-grams of {grams.orders} tokens: expected every order from 1 on"
                )
        beginnings = {}
        for place, gram in fresh.items():
            found[place] = gram
            beginnings[int(grams.keys[place])] = gram
        if not beginnings:
            break
    if len(found) < len(grams.keys):
        raise InputError(
            f"{len(grams.keys) - len(found)} n-grams of the linear model are not of the vocabulary's tokens: expected "
            "those of a model that was fitted to it"
        )
    return tuple(found[place] for place in range(len(grams.keys)))


def _next(
    left: npt.NDArray[np.uint64], keys: npt.NDArray[np.uint64], beginnings: dict[int, tuple[int, ...]], tokens: int
) -> dict[int, tuple[int, ...]]:
    """By its place, each n-gram that is a beginning and one token more."""
    before = left - np.uint64(1)
    at = np.searchsorted(keys, before, side="right") - 1  # -1 wraps round to the last key, as the numbers do
    last = before - keys[at]
    return {
        int(place): (*beginnings[int(keys[at[place]])], int(last[place])) for place in np.flatnonzero(last < tokens)
    }
