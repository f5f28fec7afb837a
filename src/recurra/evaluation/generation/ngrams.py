"""N-grams of symbols with interpolated smoothing: what a generator of sequences is compared with, and mixed with.

    Witten-Bell   p_k(s | c) = (n(c s) + T(c) p_{k-1}(s | c')) / (n(c) + T(c))
    Kneser-Ney    p_k(s | c) = max(n(c s) - D, 0) / n(c) + D T(c) / n(c) p_{k-1}(s | c')

c are the k symbols before, c' the same without the first, n counts, T(c) how many different symbols follow c; below all
is 1 / V. Kneser-Ney counts at lower orders before how many different symbols a sequence stands, and D = n_1 / (n_1 + 2
n_2) of each order, or 1 / 2 where nothing counts once or twice: nothing is impossible. Witten and Bell (1991); Kneser
and Ney (1995); Chen and Goodman (1999), "An empirical study of smoothing techniques for language modeling".

All contexts of all positions are looked up together: a sequence of k + 1 symbols is a number, the place of its first k
among those that there are times V plus its last symbol, and the numbers of an order are sorted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from recurra.checking import require
from recurra.language import mark

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Smoothing = Literal["witten-bell", "kneser-ney"]

_AT_ONCE = 1 << 20  # probabilities that are computed together


@dataclass(frozen=True, eq=False)
class Order:
    """The sequences of one length: their numbers, ascending, how often each counts, and the discount D."""

    codes: Ints
    counts: Ints
    discount: float

    def check(self) -> None:
        """Refuse what no counting makes."""
        require(len(self.codes) == len(self.counts) > 0, "an order has other counts than sequences")
        require(bool((np.diff(self.codes) > 0).all() and (self.counts > 0).all()), "its sequences are not in order")
        require(0 <= self.discount < 1, f"a discount is {self.discount}")


@dataclass(frozen=True, eq=False)
class NGrams:
    """Probabilities of the next of `size` symbols from up to len(orders) - 1 symbols before.

    >>> model = NGrams.learn(np.array([0, 1, 0, 1, 0, 1, 2]), 3, order=2, smoothing="witten-bell")
    >>> model.distributions(model.contexts(np.array([0, 1])), np.array([1]))[0].round(2)  # after the symbol 0
    array([0.1 , 0.85, 0.05])
    """

    size: int
    smoothing: Smoothing
    orders: tuple[Order, ...]

    def check(self) -> None:
        """Refuse orders that do not belong together."""
        require(self.size > 0 and len(self.orders) > 0, "it has no symbol, or no order")
        places = 1
        for order in self.orders:
            require(
                int(order.codes[0]) >= 0 and int(order.codes[-1]) < places * self.size, "a sequence has no beginning"
            )
            places = len(order.codes)

    @property
    def name(self) -> str:
        """As tables have it: "5-grams (Witten-Bell)"."""
        title = {"witten-bell": "Witten-Bell", "kneser-ney": "Kneser-Ney"}[self.smoothing]
        return f"{len(self.orders)}-grams ({title})" if len(self.orders) > 1 else mark("single symbols")

    @staticmethod
    def learn(symbols: npt.NDArray[np.integer], size: int, *, order: int, smoothing: Smoothing) -> NGrams:
        """Count `symbols` [N] below `size`; an `order` of 5 looks at four symbols before."""
        symbols = symbols.astype(np.int64)
        places = np.zeros(len(symbols), dtype=np.int64)  # of the context, of what is before each symbol
        raw: list[tuple[Ints, Ints]] = []
        before: list[Ints] = []  # which sequence of the order below each one ends with
        ends: Ints | None = None
        for length in range(1, order + 1):
            first = length - 1  # the first symbol with so many before it
            if first >= len(symbols):
                break
            codes, at, inverse, counts = np.unique(
                places[first:] * size + symbols[first:], return_index=True, return_inverse=True, return_counts=True
            )
            if ends is not None:
                before.append(ends[at + 1])
            raw.append((codes, counts))
            ends = inverse
            places = np.concatenate([np.zeros(length, dtype=np.int64), inverse[:-1]])
        orders = []
        for k, (codes, counts) in enumerate(raw):
            if smoothing == "kneser-ney" and k < len(before):
                counts = np.maximum(np.bincount(before[k], minlength=len(codes)), 1)
            once, twice = int((counts == 1).sum()), int((counts == 2).sum())
            orders.append(Order(codes, counts, once / (once + 2 * twice) if once and twice else 0.5))
        return NGrams(size, smoothing, tuple(orders))

    def probabilities(self, symbols: npt.NDArray[np.integer]) -> Floats:
        """Of each symbol [N], given those before it."""
        symbols = symbols.astype(np.int64)
        found = np.full(len(symbols), 1.0 / self.size)
        for places, order in zip(self._contexts(symbols), self.orders, strict=True):
            code = places * self.size + symbols
            at = np.minimum(np.searchsorted(order.codes, code), len(order.codes) - 1)
            count = np.where((order.codes[at] == code) & (places >= 0), order.counts[at], 0)
            found = self._smoothed(order, places, count, found)
        return found

    def contexts(self, symbols: npt.NDArray[np.integer]) -> list[Ints]:
        """What `distributions` asks of a sequence, to be computed once for many calls."""
        return self._contexts(np.append(symbols.astype(np.int64), 0))

    def distributions(self, contexts: list[Ints], positions: Ints) -> Floats:
        """At `positions` [n] of a sequence, from 0 to N, the probabilities of all symbols [n, V] given those before."""
        every = np.empty((len(positions), self.size))
        rows_at_once = max(1, _AT_ONCE // self.size)
        for first in range(0, len(positions), rows_at_once):
            part = positions[first : first + rows_at_once]
            found = np.full((len(part), self.size), 1.0 / self.size)
            for context, order in zip(contexts, self.orders, strict=True):
                places = context[part]
                low, high = self._range(order, places)
                rows = np.repeat(np.arange(len(part)), high - low)
                children = np.arange(len(rows)) - np.repeat(np.cumsum(high - low) - high, high - low)
                count = np.zeros((len(part), self.size))
                count[rows, order.codes[children] % self.size] = order.counts[children]
                found = self._smoothed(order, places, count, found)
            every[first : first + len(part)] = found
        return every

    def tempered(self, symbols: npt.NDArray[np.integer], power: float) -> Floats:
        """Of each symbol [N], by distributions to a `power`, normalised again."""
        contexts, found = self.contexts(symbols), np.empty(len(symbols))
        rows_at_once = max(1, _AT_ONCE // self.size)
        for first in range(0, len(symbols), rows_at_once):
            at = np.arange(first, min(first + rows_at_once, len(symbols)))
            p = self.distributions(contexts, at) ** power
            found[at] = p[np.arange(len(at)), symbols[at]] / p.sum(axis=1)
        return found

    def depths(self, symbols: npt.NDArray[np.integer]) -> Ints:
        """How many symbols before each [N] have been seen together, 0 to len(orders) - 1."""
        return np.sum([places >= 0 for places in self._contexts(symbols.astype(np.int64))], axis=0) - 1

    def _contexts(self, symbols: Ints) -> list[Ints]:
        """Of each length from 0: the place of the context before every symbol; -1 where it never came."""
        places = np.zeros(len(symbols), dtype=np.int64)
        found = [places]
        for order in self.orders[:-1]:
            code = np.where(places >= 0, places * self.size + symbols, -1)[:-1]
            at = np.minimum(np.searchsorted(order.codes, code), len(order.codes) - 1)
            places = np.append(-1, np.where(order.codes[at] == code, at, -1))[: len(symbols)]
            found.append(places)
        return found

    def _range(self, order: Order, places: Ints) -> tuple[Ints, Ints]:
        """Where the sequences begin and end that continue the contexts at `places`."""
        low = np.searchsorted(order.codes, places * self.size)
        high = np.searchsorted(order.codes, (places + 1) * self.size)
        return np.where(places >= 0, low, 0), np.where(places >= 0, high, 0)

    def _smoothed(self, order: Order, places: Ints, count: npt.NDArray, lower: Floats) -> Floats:
        """An order's probabilities from counts [n] or [n, V] and those of the order below."""
        low, high = self._range(order, places)
        sums = np.append(0, np.cumsum(order.counts))
        total, types = (sums[high] - sums[low]).astype(np.float64), (high - low).astype(np.float64)
        if lower.ndim == 2:
            total, types = total[:, None], types[:, None]
        some = np.maximum(total, 1.0)
        if self.smoothing == "witten-bell":
            found = (count + types * lower) / (some + types)
        else:
            found = (np.maximum(count - order.discount, 0.0) + order.discount * types * lower) / some
        return np.where(total > 0, found, lower)


def best_ngrams(learnt: npt.NDArray[np.integer], held: npt.NDArray[np.integer], size: int, *, most: int = 8) -> NGrams:
    """The smoothing and the order, from 2 to `most`, that give `held` the largest likelihood after `learnt`."""
    best, least = NGrams.learn(learnt, size, order=1, smoothing="witten-bell"), np.inf
    for smoothing in ("witten-bell", "kneser-ney"):
        before = np.inf
        for order in range(2, most + 1):
            model = NGrams.learn(learnt, size, order=order, smoothing=smoothing)
            loss = -float(np.log(model.probabilities(held)).mean())
            if loss < least:
                best, least = model, loss
            if loss >= before:
                break
            before = loss
    return best
