"""Sequences that stand whole within others: phrases of one sentence, pieces of one recording of events.

A run of steps is known by its polynomial hash, h(i, j) = sum over k of x_k B^(j - 1 - k) modulo 2^64, of which a table
of prefixes gives any run at once (Karp, Rabin 1987, "Efficient randomized pattern-matching algorithms").
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recurra.data.examples.ragged import Ragged

Ints = npt.NDArray[np.int64]
_BASE = np.uint64(0x9E3779B97F4A7C15)
_COMMON, _LONG = 20, 8  # a run within more sequences than this ties them together only if it has so many steps
_LARGEST = 0.1  # of all examples that one group may hold: more are tied together by chance


def contained(inner: Ragged, outer: Ragged, least: int) -> tuple[Ints, Ints]:
    """Pairs of numbers (of `inner`, of `outer`): the first stands whole within the second, or is equal to it.

    Of equal sequences of `inner` the first stands for all. Shorter ones than `least` steps are passed over.

    >>> pairs = contained(Ragged.of([[2, 3], [9, 9]]), Ragged.of([[1, 2, 3], [3, 2]]), least=2)
    >>> [part.tolist() for part in pairs]
    [[0], [0]]
    """
    none = np.zeros(0, dtype=np.int64)
    lengths = inner.lengths
    asked = np.flatnonzero(lengths >= least)
    if not len(asked) or not len(outer.values):
        return none, none
    own, theirs = Hashes(inner.values), Hashes(outer.values)
    starts = inner.offsets[:-1][asked]
    heads = np.unique(own.of(starts, least))
    ends = np.repeat(outer.offsets[1:], outer.lengths)
    places = np.arange(len(outer.values))
    places = places[places + least <= ends]
    places = places[_among(theirs.of(places, least), heads)]  # where one of the first sequences may begin
    owner = np.searchsorted(outer.offsets, places, side="right") - 1
    room = outer.offsets[owner + 1] - places
    found: list[tuple[Ints, Ints]] = []
    for length in np.unique(lengths[asked]):
        rows = asked[lengths[asked] == length]
        hashes, first = np.unique(own.of(inner.offsets[:-1][rows], int(length)), return_index=True)
        fits = np.flatnonzero(room >= length)
        there = theirs.of(places[fits], int(length))
        at = np.minimum(np.searchsorted(hashes, there), len(hashes) - 1)
        same = hashes[at] == there
        found.append((rows[first[at[same]]], owner[fits[same]]))
    pairs = np.unique(np.stack([np.concatenate(part) for part in zip(*found, strict=True)], axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def related_groups(sequences: list[tuple[Ragged, int]], prints: Ints) -> Ints:
    """Groups [N] of examples that repeat one another: equal fingerprints [N], or a sequence within another one's.

    `sequences` are the inputs of tokens, each with the steps below which a sequence says nothing.
    """
    from scipy.sparse.csgraph import connected_components  # half a second to import

    groups = np.unique(prints, return_inverse=True)[1].astype(np.int64)
    count = len(prints)
    rows, columns = [np.arange(count)], [np.arange(count)]
    for tokens, least in sequences:
        inner, outer = contained(tokens, tokens, least)
        within = np.bincount(inner, minlength=count)
        told = (within[inner] <= _COMMON) | (tokens.lengths[inner] >= max(_LONG, least))
        rows.append(inner[told])
        columns.append(outer[told])
    first = np.unique(groups, return_index=True)[1]
    rows.append(first[groups])
    columns.append(np.arange(count))
    ones = np.ones(sum(map(len, rows)), dtype=np.int8)
    graph = sparse.coo_matrix((ones, (np.concatenate(rows), np.concatenate(columns))), shape=(count, count))
    wider = connected_components(graph, directed=False)[1].astype(np.int64)
    return wider if np.bincount(wider).max() <= max(_LARGEST * count, np.bincount(groups).max()) else groups


class Hashes:
    """The hash of any run of steps."""

    def __init__(self, values: npt.NDArray) -> None:
        steps = values.astype(np.uint64) + np.uint64(1)
        powers = np.ones(len(steps) + 1, dtype=np.uint64)
        np.multiply.accumulate(np.full(len(steps), _BASE), out=powers[1:])
        # h(0, j) = B^j sum over k < j of x_k B^-(k + 1): B is odd, and has an inverse modulo 2^64.
        inverse = np.uint64(pow(int(_BASE), -1, 1 << 64))
        inverses = np.multiply.accumulate(np.full(len(steps), inverse)) if len(steps) else steps
        self._powers = powers
        self._sums = np.concatenate([np.zeros(1, np.uint64), np.add.accumulate(steps * inverses)])

    def of(self, starts: Ints, length: int) -> npt.NDArray[np.uint64]:
        """Those of the runs of `length` steps from `starts` on."""
        difference = self._sums[starts + length] - self._sums[starts]
        return difference * self._powers[starts + length]


def _among(values: npt.NDArray[np.uint64], known: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Whether each of some values is among `known`, which rise."""
    at = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return known[at] == values
