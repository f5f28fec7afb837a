"""N-grams of token ids as sparse features, by whole-array arithmetic: no token is touched by Python.

An n-gram has one 64-bit key, whatever n and the size of the vocabulary:

    key(i_1 .. i_n) = (key(i_1 .. i_(n-1)) + i_n + 1) M  mod 2^64,    key of nothing = 0

with M the odd number nearest 2^64 / golden ratio (Knuth, The Art of Computer Programming 3, 6.4): multiples of it keep
the greatest distance from each other, so that pairs of ids below a million never share a key, and longer n-grams do by
chance only (a million different ones: 3 in 100 million). Order 1, 2, .. live in one sorted array of keys.

The memory of a million texts of 20 tokens is that of one order's keys, twice while they are sorted. N-grams beyond the
cap are forgotten, the rarest first; nothing else is stored of the training part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recurra.checking import require
from recurra.data.examples.ragged import Ragged
from recurra.errors import InputError
from recurra.evaluation.shared.sparse import Sparse
from recurra.language import _

Ints = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]
Values = Literal["binary", "counts", "normalised"]

MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
MOST = 2**18  # n-grams that are kept; with their keys and two classes' coefficients 3 MB of a model file
CHUNK = 2**21  # tokens that are turned into features at a time
_LONGEST = 64  # tokens of an n-gram in a file


@dataclass(frozen=True, eq=False)
class Occurrences:
    """Where known n-grams of one order stand: `row` [M] the sequence, `step` [M] the first token, `column` [M]."""

    order: int
    row: Ints
    step: Ints
    column: Ints


@dataclass(frozen=True, eq=False)
class NGrams:
    """The n-grams of a training part: their sorted `keys` [D], each a column of the features, and their `orders`."""

    keys: Keys
    orders: tuple[int, ...]

    def check(self) -> None:
        """Refuse keys that do not rise, and n-grams of no tokens or very many."""
        orders, keys = self.orders, self.keys
        require(bool(orders) and 1 <= min(orders) <= max(orders) <= _LONGEST, f"n-grams of {orders} tokens")
        require(list(orders) == sorted(set(orders)), f"n-grams of {orders} tokens")
        require(keys.ndim == 1 and bool((keys[1:] > keys[:-1]).all()), "the keys of n-grams do not rise")

    def __len__(self) -> int:
        return len(self.keys)

    def matrix(self, tokens: Ragged, *, values: Values = "binary") -> Sparse:
        """The features [N, D], float32.

        "binary": 1 where an n-gram occurs; "counts": how often; "normalised": 1 + log(how often), divided by the L2
        norm of the row, so that a long sequence weighs no more than a short one (Salton, Buckley 1988).
        """
        if values not in ("binary", "counts", "normalised"):
            raise InputError(_("values={values!r} must be one of 'binary', 'counts', 'normalised'", values=values))
        parts = [self._part(part, values) for part in _chunks(tokens)]
        empty = sparse.csr_matrix((0, len(self)), dtype=np.float32)
        return sparse.vstack(parts, format="csr") if parts else empty

    def occurrences(self, tokens: Ragged) -> Iterator[Occurrences]:
        """Every known n-gram of the sequences, order by order; steps are counted through all sequences' tokens."""
        rows = np.repeat(np.arange(len(tokens)), tokens.lengths)
        for order, steps, keys in _keys(tokens, self.orders):
            columns = np.searchsorted(self.keys, keys)
            columns[columns == len(self)] = 0
            known = self.keys[columns] == keys if len(self) else np.zeros(len(keys), dtype=bool)
            steps = steps[known]
            yield Occurrences(order, rows[steps], steps, columns[known])

    def _part(self, tokens: Ragged, values: Values) -> Sparse:
        places = [found.row * len(self) + found.column for found in self.occurrences(tokens)]
        cells, counts = np.unique(np.concatenate(places), return_counts=True)
        rows, columns = np.divmod(cells, max(len(self), 1))
        data = np.ones(len(cells), np.float32) if values == "binary" else counts.astype(np.float32)
        pointer = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(tokens)))])
        if values == "normalised":
            data = 1.0 + np.log(data)
            norms = np.sqrt(np.bincount(rows, weights=np.square(data), minlength=len(tokens)))
            data /= norms[rows].astype(np.float32)
        shape = (len(tokens), len(self))
        return sparse.csr_matrix((data, columns.astype(np.int32), pointer.astype(np.int32)), shape=shape)


def fit_ngrams(tokens: Ragged, *, orders: Sequence[int] = (1, 2), most: int = MOST) -> NGrams:
    """Learn the n-grams of token ids (integers, 0 and up): all of them, or the `most` frequent ones.

    `orders` are the lengths of the n-grams: (1, 2) for words, (1, .., k) for symbols. Raises InputError for ids that
    are not integers or are negative, and for an order below 1.

    >>> grams = fit_ngrams(Ragged.of([[3, 4, 3, 4], [4]]), orders=(1, 2))
    >>> len(grams), grams.matrix(Ragged.of([[3, 4, 4]]), values="counts").nnz
    (4, 3)
    """
    if not orders or min(orders) < 1:
        raise InputError(
            _("orders={orders} must be lengths of n-grams, 1 and up, such as (1, 2)", orders=tuple(orders))
        )
    if most < 1:
        raise InputError(_("most={most} must be at least 1: the number of n-grams that are kept", most=most))
    keys, counts = np.zeros(0, np.uint64), np.zeros(0, np.int64)
    for _unused, _unused, found in _keys(tokens, tuple(orders)):
        new, times = np.unique(found, return_counts=True)
        keys, counts = np.concatenate([keys, new]), np.concatenate([counts, times])
        if len(keys) > most:
            # the sort is stable: of equally frequent n-grams the shorter ones stay
            kept = np.argsort(-counts, kind="stable")[:most]
            keys, counts = keys[kept], counts[kept]
    return NGrams(np.sort(keys), tuple(orders))


def _keys(tokens: Ragged, orders: tuple[int, ...]) -> Iterator[tuple[int, Ints, Keys]]:
    """(order, first steps [M], keys [M]) of all n-grams that lie within a sequence, the shortest order first."""
    if not np.issubdtype(tokens.values.dtype, np.integer) and len(tokens.values):
        raise InputError(
            _("token ids are {dtype}, integers are expected: encode the tokens first", dtype=tokens.values.dtype)
        )
    if len(tokens.values) and tokens.values.min() < 0:
        raise InputError(_("token ids must be 0 and up, one is {values}", values=tokens.values.min()))
    ids = tokens.values.astype(np.uint64) + np.uint64(1)
    ends = np.repeat(tokens.offsets[1:], tokens.lengths)  # where each token's sequence ends
    steps = np.arange(len(ids))
    keys = np.zeros(len(ids), np.uint64)
    for order in range(1, max(orders) + 1):
        within = steps + order <= ends[steps]
        steps, keys = steps[within], keys[within]
        keys = (keys + ids[steps + order - 1]) * MULTIPLIER
        if order in orders:
            yield order, steps, keys


def _chunks(tokens: Ragged) -> Iterator[Ragged]:
    """Pieces of about CHUNK tokens, in order, views of the whole."""
    first = 0
    while first < len(tokens):
        start = tokens.offsets[first]
        last = max(first + 1, int(np.searchsorted(tokens.offsets, start + CHUNK, side="right")) - 1)
        yield Ragged(tokens.values[start : tokens.offsets[last]], tokens.offsets[first : last + 1] - start)
        first = last
