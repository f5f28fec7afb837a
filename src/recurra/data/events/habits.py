"""What somebody does after the same context, counted within a history while it goes on: games, routines.

    n_e(c, j) <- d n_e(c, j) + [j came next]             of context c of expert e: the last k items, or items and words
    p_e(j)    =  (n_e(c, j) + a) / sum_i (n_e(c, i) + a)
    w_e       <- (1 - s) w_e p_e(what came) / Z + s / E   exponential weights with a share for those that may come back
    p(j)      =  sum_e w_e p_e(j)

A network reads all of them beside each event; by itself it would need far more histories to learn to count.

Source: Herbster, Warmuth (1998), "Tracking the best expert", Machine Learning 32.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.checking import require
from recurra.language import mark

Ints = npt.NDArray[np.int64]
Floats32 = npt.NDArray[np.float32]

MIXED = mark("Markov chains of the history itself, mixed")

FEW, LONG = 12, 100  # items, and events of a history, from which on it can be counted by itself
_DECAY = 0.95  # of a context's counts whenever it occurs
_PRIOR = 1.5  # counts of a context that has not occurred, over all items
_SHARE = 0.02
_DEPTH, _JOINED = 4, 2  # items of the longest context; of items and words together
_CONTEXTS = 512  # of an expert, at most
_ROOM = 2**23  # counts in memory at a time


@dataclass(frozen=True)
class Expert:
    """Contexts of the last `depth` steps, each of which is one of `kinds`: items, words, or both."""

    what: str
    depth: int
    kinds: int

    @property
    def contexts(self) -> int:
        """How many there are."""
        return self.kinds**self.depth


@dataclass(frozen=True)
class Habits:
    """V `items`, which have codes from 1, and of a column `words` beside them (0: none) so many; `column` names it."""

    items: int
    column: str = ""
    words: int = 0

    def check(self) -> None:
        """Refuse more items than are counted."""
        require(1 <= self.items <= FEW and 0 <= self.words <= FEW, "habits")

    @property
    def experts(self) -> tuple[Expert, ...]:
        """By the last items, by items and words, by words."""
        kinds = [("items", self.items, _DEPTH)]
        if self.words:
            kinds += [("both", self.items * (self.words + 1), _JOINED), ("words", self.words + 1, _JOINED)]
        every = [Expert(what, depth, n) for what, n, most in kinds for depth in range(what != "items", most + 1)]
        return tuple(expert for expert in every if expert.contexts <= _CONTEXTS)

    @property
    def width(self) -> int:
        """K: the probabilities of every expert, and those of their mixture, which are the last V."""
        return (len(self.experts) + 1) * self.items

    def of(self, codes: Ints, words: Ints, offsets: Ints) -> Floats32:
        """What is expected after every event [N, K]; `words` [N] are 0 where there is none."""
        found = np.empty((len(codes), self.width), dtype=np.float32)
        lengths = np.diff(offsets)
        for users in self._blocks(lengths):
            rows, own = Counted(self, len(users)), lengths[users]
            for step in range(int(own.max(initial=0))):
                there = np.flatnonzero(own > step)
                places = offsets[users[there]] + step
                found[places] = rows.after(there, codes[places], words[places])
        return found

    def _blocks(self, lengths: Ints) -> Iterator[Ints]:
        """Histories of about the same length, as many as fit into the memory."""
        size = max(1, _ROOM // (sum(expert.contexts for expert in self.experts) * self.items))
        order = np.argsort(-lengths, kind="stable")
        for first in range(0, len(order), size):
            yield order[first : first + size]


class Counted:
    """The counts of some histories, each in a row of its own."""

    def __init__(self, habits: Habits, rows: int) -> None:
        self.habits, experts, items = habits, habits.experts, habits.items
        self._counts = [np.zeros((rows, expert.contexts, items), np.float32) for expert in experts]
        self._weights = np.full((rows, len(experts)), 1 / len(experts), np.float32)
        self._said = np.full((rows, len(experts), items), 1 / items, np.float32)  # of what comes next
        self._at = np.full((rows, len(experts)), -1, np.int64)  # contexts; -1: not known yet
        self._steps = np.zeros((rows, _DEPTH, 2), np.int64)  # items and words, the latest first; item 0: none

    def after(self, rows: Ints, codes: Ints, words: Ints) -> Floats32:
        """What is expected [k, K] after one more event of different rows [k]."""
        items, experts = self.habits.items, self.habits.experts
        seen = np.flatnonzero(codes > 0)
        at, came = rows[seen], codes[seen] - 1
        if len(at):
            truth = self._said[at, :, came]
            weights = self._weights[at] * truth
            weights /= weights.sum(axis=1, keepdims=True)
            self._weights[at] = (1 - _SHARE) * weights + _SHARE / len(experts)
            for k, counts in enumerate(self._counts):
                known = self._at[at, k] >= 0
                row, context = at[known], self._at[at[known], k]
                counts[row, context] *= _DECAY
                counts[row, context, came[known]] += 1.0
        self._steps[rows, 1:] = self._steps[rows, :-1]
        self._steps[rows, 0, 0], self._steps[rows, 0, 1] = codes, words
        steps = self._steps[rows]
        for k, (expert, counts) in enumerate(zip(experts, self._counts, strict=True)):
            context, known = self._contexts(expert, steps)
            found = counts[rows, context] + _PRIOR / items
            found /= found.sum(axis=1, keepdims=True)
            found[~known] = 1 / items
            self._said[rows, k], self._at[rows, k] = found, np.where(known, context, -1)
        return np.concatenate([self._said[rows].reshape(len(rows), -1), self.mixed(rows)], axis=1)

    def mixed(self, rows: Ints) -> Floats32:
        """What the mixture expects next [k, V]."""
        return np.einsum("re,rev->rv", self._weights[rows], self._said[rows])

    def forget(self, rows: Ints) -> None:
        """Begin anew."""
        for counts in self._counts:
            counts[rows] = 0.0
        self._weights[rows], self._said[rows] = 1 / self._weights.shape[1], 1 / self.habits.items
        self._at[rows], self._steps[rows] = -1, 0

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything, by name: what is written to them is the state."""
        counts = {f"habits {k}": each for k, each in enumerate(self._counts)}
        rest = {"weights": self._weights, "said": self._said, "at": self._at, "steps": self._steps}
        return counts | {f"habits {name}": each for name, each in rest.items()}

    def _contexts(self, expert: Expert, steps: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """The number of the context that the latest steps [k, D, 2] are, and whether they are long enough."""
        context = np.zeros(len(steps), dtype=np.int64)
        known = np.asarray((steps[:, : expert.depth, 0] > 0).all(axis=1))
        for ago in range(expert.depth):
            items, words = np.maximum(steps[:, ago, 0] - 1, 0), steps[:, ago, 1]
            both = items * (self.habits.words + 1) + words
            context = context * expert.kinds + {"items": items, "words": words, "both": both}[expert.what]
        return context, known
