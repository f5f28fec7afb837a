"""What a recommender has to beat: popularity, rules from item to item, neighbours, and n-grams.

Popularity; recent popularity (the latest events alone); Markov (what came directly after); sequential rules (what came
after, 1 / distance; Ludewig, Jannach 2018); item-kNN (items that occur together, cosine); session-kNN (V-SKNN of the
same paper: histories that share the latest items). All are sums over past events, hence one sparse product each.
N-grams back off from the longest context by Witten and Bell (1991).

Source: Ludewig, Jannach (2018), "Evaluation of session-based recommendation algorithms", UMUAI 28.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recurra.data.events.habits import FEW, LONG
from recurra.evaluation.ranking.prefixes import Prefixes, SparseTable
from recurra.evaluation.shared.ngrams import MULTIPLIER
from recurra.evaluation.shared.sparse import Sparse
from recurra.language import mark

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

REACH = 10  # events that a rule looks ahead
NEIGHBOURS = 100  # histories that vote
LATEST = 100  # events of a history that are compared, weighted linearly less the longer ago
MOST_HISTORIES = 20_000  # the latest of them are compared with
RECENT = 0.1  # share of the events that recent popularity counts
_ORDER = 0xD6E8FEB86659FD93  # where the hash of a context of one event begins; of two at twice that
ORDERS = 5  # events of the longest n-gram's context


@dataclass(frozen=True, eq=False)
class Histories:
    """What rankers learn from: codes [N] (from 1), where each history begins [U + 1], times [N] if they are known."""

    codes: Ints
    offsets: Ints
    times: npt.NDArray[np.float64] | None
    items: int

    def pairs(self, ahead: int) -> tuple[Ints, Ints]:
        """The codes of all events and of those so far ahead of them in the same history."""
        owners = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))
        both = owners[:-ahead] == owners[ahead:]
        first, second = self.codes[:-ahead][both], self.codes[ahead:][both]
        known = (first > 0) & (second > 0)
        return first[known], second[known]


@dataclass(frozen=True, eq=False)
class Popularity:
    """How often each item occurred [V], in all events or the latest."""

    counts: Floats
    recent: bool = False

    @classmethod
    def learn(cls, past: Histories, *, recent: bool = False) -> Popularity:
        """The latest tenth by time, of events without times by the end of their histories."""
        codes = past.codes
        if recent and past.times is not None and len(codes):
            codes = codes[past.times >= np.quantile(past.times, 1 - RECENT)]
        counts = np.bincount(codes[codes > 0] - 1, minlength=past.items).astype(np.float32)
        return cls(counts, recent)

    @property
    def name(self) -> str:
        """As tables have it."""
        return mark("recent popularity") if self.recent else mark("popularity")

    def scores(self, asked: Prefixes) -> Floats:
        """The same for every question."""
        return np.broadcast_to(self.counts, (len(asked), len(self.counts)))


@dataclass(frozen=True, eq=False)
class ItemRules:
    """Scores as a sum over past events: weight by how long ago, times a row of a table [V, V].

    `weights` [D] are those of the latest event, the one before, and so on; none for older ones.
    """

    kind: str
    table: SparseTable
    weights: Floats

    @classmethod
    def markov(cls, past: Histories) -> ItemRules:
        """What came directly after the latest item."""
        return cls(mark("Markov"), SparseTable.of(_rules(past, 1)), np.ones(1, np.float32))

    @classmethod
    def sequential(cls, past: Histories) -> ItemRules:
        """What came after the latest item, the nearer the more."""
        return cls(mark("sequential rules"), SparseTable.of(_rules(past, REACH)), np.ones(1, np.float32))

    @classmethod
    def item_knn(cls, past: Histories, *, nearest: int = NEIGHBOURS) -> ItemRules:
        """Items that the same histories hold, by cosine."""
        together = _together(past, nearest)
        weights = np.maximum(1 - 0.1 * np.arange(LATEST), 0.1)
        return cls(mark("item-kNN"), SparseTable.of(together), weights.astype(np.float32))

    @property
    def name(self) -> str:
        """As tables have it."""
        return self.kind

    def scores(self, asked: Prefixes) -> Floats:
        """One sparse product."""
        return np.asarray((asked.weighted(self.weights) @ self.table.matrix).todense(), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class SessionNeighbours:
    """V-SKNN: the histories most like this one vote for their items, an item that is everywhere counting less."""

    histories: SparseTable  # [S, V]
    rarity: Floats  # [V]

    kind: ClassVar[str] = mark("session-kNN")

    @classmethod
    def learn(cls, past: Histories) -> SessionNeighbours:
        """From the latest histories."""
        owners = np.repeat(np.arange(len(past.offsets) - 1), np.diff(past.offsets))
        known = past.codes > 0
        matrix = sparse.csr_matrix(
            (np.ones(int(known.sum()), np.float32), (owners[known], past.codes[known] - 1)),
            shape=(len(past.offsets) - 1, past.items),
        )
        matrix.data[:] = 1.0
        matrix = matrix[np.flatnonzero(np.diff(matrix.indptr) > 1)]
        matrix = matrix[-MOST_HISTORIES:]
        counts = np.asarray((matrix > 0).sum(axis=0)).ravel()
        rarity = np.log(max(matrix.shape[0], 1) / np.maximum(counts, 1)) + 1
        return cls(SparseTable.of(matrix), rarity.astype(np.float32))

    @property
    def name(self) -> str:
        """As tables have it."""
        return self.kind

    def scores(self, asked: Prefixes) -> Floats:
        """Two sparse products, with the nearest histories kept between them."""
        histories = self.histories.matrix
        if not histories.shape[0]:
            return np.zeros((len(asked), asked.items), np.float32)
        weights = np.maximum(1 - 0.1 * np.arange(LATEST), 0.0)[:10]
        alike = _nearest(asked.weighted(weights) @ histories.T.tocsr(), NEIGHBOURS)
        return np.asarray((alike @ histories).todense(), dtype=np.float32) * self.rarity


@dataclass(frozen=True, eq=False)
class NGramRanker:
    """What followed the last n events, n from `orders` down to nothing, each corrected by the next shorter one.

        p_n(j) = (count(context, j) + types(context) p_(n-1)(j)) / (count(context) + types(context))

    `keys` are the hashes of contexts, order by order, in the order of the rows of `counts`.
    """

    keys: npt.NDArray[np.uint64]
    counts: SparseTable
    shares: Floats
    depth: int

    kind: ClassVar[str] = mark("n-gram")

    @classmethod
    def learn(cls, past: Histories, depth: int = ORDERS) -> NGramRanker:
        """Every event but the first of a history is one that followed."""
        starts = np.repeat(past.offsets[:-1], np.diff(past.offsets))
        places = np.arange(len(past.codes))
        asked = Prefixes(past.codes, starts, places, past.items)
        target = past.codes
        lags = asked.lags(depth)
        rows, columns = [], []
        for order in range(1, depth + 1):
            there = (places - starts >= order) & (target > 0)
            rows.append(_keys(lags[there, :order]))
            columns.append(target[there] - 1)
        keys, codes = np.unique(np.concatenate(rows), return_inverse=True)
        counts = sparse.csr_matrix(
            (np.ones(len(codes), np.float32), (codes, np.concatenate(columns))), shape=(len(keys), past.items)
        )
        followed = target[(places > starts) & (target > 0)]
        shares = np.bincount(followed - 1, minlength=past.items) + 0.01
        return cls(keys, SparseTable.of(counts), (shares / shares.sum()).astype(np.float32), depth)

    @property
    def name(self) -> str:
        """As tables have it."""
        return self.kind

    def scores(self, asked: Prefixes) -> Floats:
        """Probabilities."""
        counts, lags = self.counts.matrix, asked.lags(self.depth)
        found = np.tile(self.shares, (len(asked), 1))
        long = asked.ends - asked.starts
        for order in range(1, self.depth + 1):
            if not len(self.keys):
                break
            keys = _keys(lags[:, :order])
            at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
            there = np.flatnonzero((self.keys[at] == keys) & (long >= order))
            rows = counts[at[there]]
            types = np.diff(rows.indptr).astype(np.float32)[:, None]
            total = np.asarray(rows.sum(axis=1), dtype=np.float32)
            found[there] = (np.asarray(rows.todense()) + types * found[there]) / (total + types)
        return found


@dataclass(frozen=True, eq=False)
class OwnHistory:
    """What followed the same last `order` items before in the very history that is asked about, of its last `depth`
    events; of order 0 how often each item occurred."""

    items: int
    depth: int = 200
    order: int = 1

    kinds: ClassVar[tuple[str, ...]] = (
        mark("frequency in the history itself"),
        mark("Markov of the history itself"),
        mark("Markov of the history itself, order 2"),
        mark("Markov of the history itself, order 3"),
    )

    @property
    def name(self) -> str:
        """As tables have it."""
        return self.kinds[self.order]

    def scores(self, asked: Prefixes) -> Floats:
        """Counts; how often an item occurred at all decides where nothing followed."""
        lags = asked.lags(max(min(self.depth, asked.longest), 2))
        found = np.zeros((len(asked), self.items + 1), dtype=np.float32)
        wide = lags.shape[1] - self.order
        same = (lags[:, self.order :] > 0) if self.order else np.zeros((len(lags), 0), dtype=bool)
        for k in range(self.order):
            same &= lags[:, k + 1 : k + 1 + wide] == lags[:, k : k + 1]
        rows, ago = np.nonzero(same)
        np.add.at(found, (rows, lags[rows, ago]), 1.0)
        rows, ago = np.nonzero(lags > 0)
        np.add.at(found, (rows, lags[rows, ago]), np.float32(1e-3))
        return found[:, 1:]


Ranked = Popularity | ItemRules | SessionNeighbours | NGramRanker | OwnHistory


def learn_rankers(past: Histories) -> tuple[Ranked, ...]:
    """All of them, from the simplest to the most elaborate; item-kNN and n-grams where they can be told apart."""
    found: list[Ranked] = [Popularity.learn(past)]
    if past.times is not None:
        found.append(Popularity.learn(past, recent=True))
    longest = int(np.diff(past.offsets).max(initial=0))
    orders = range(len(OwnHistory.kinds)) if past.items <= FEW and longest >= LONG else (1,)
    found += [OwnHistory(past.items, order=order) for order in orders]
    found += [ItemRules.markov(past), ItemRules.sequential(past), NGramRanker.learn(past)]
    if len(past.offsets) > 2:
        found += [ItemRules.item_knn(past), SessionNeighbours.learn(past)]
    return tuple(found)


def _rules(past: Histories, reach: int) -> Sparse:
    """[V, V]: how often each item came after another, 1 / distance."""
    table = sparse.csr_matrix((past.items, past.items), dtype=np.float32)
    longest = int(np.diff(past.offsets).max()) if len(past.offsets) > 1 else 0
    for ahead in range(1, min(reach, longest - 1) + 1):
        first, second = past.pairs(ahead)
        values = np.full(len(first), 1.0 / ahead, dtype=np.float32)
        table = table + sparse.csr_matrix((values, (first - 1, second - 1)), shape=table.shape)
    return table


def _together(past: Histories, nearest: int) -> Sparse:
    owners = np.repeat(np.arange(len(past.offsets) - 1), np.diff(past.offsets))
    known = past.codes > 0
    matrix = sparse.csr_matrix(
        (np.ones(int(known.sum()), np.float32), (owners[known], past.codes[known] - 1)),
        shape=(len(past.offsets) - 1, past.items),
    )
    matrix.data[:] = 1.0
    norms = np.sqrt(np.asarray(matrix.sum(axis=0)).ravel())
    scaled: Sparse = matrix @ sparse.diags(1 / np.maximum(norms, 1e-9))
    alike: Sparse = (scaled.T @ scaled).tocsr()
    alike.setdiag(0)
    alike.eliminate_zeros()
    return _nearest(alike, nearest)


def _nearest(matrix: Sparse, most: int) -> Sparse:
    """Only the `most` largest values of each row, without a loop over rows; of equal ones those of later columns."""
    matrix = matrix.tocsr()
    lengths = np.diff(matrix.indptr)
    if not len(lengths) or lengths.max() <= most:
        return matrix
    rows = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort([-matrix.indices, -matrix.data, rows])
    rank = np.arange(len(rows)) - np.repeat(matrix.indptr[:-1], lengths)
    kept = order[rank < most]
    return sparse.csr_matrix((matrix.data[kept], (rows[kept], matrix.indices[kept])), shape=matrix.shape)


def _keys(contexts: Ints) -> npt.NDArray[np.uint64]:
    """A hash of each context [n, order], another for another order."""
    keys = np.full(len(contexts), contexts.shape[1] * _ORDER % 2**64, dtype=np.uint64)
    for column in contexts.T:
        keys = (keys + column.astype(np.uint64) + np.uint64(1)) * MULTIPLIER
        keys ^= keys >> np.uint64(29)
    return keys
