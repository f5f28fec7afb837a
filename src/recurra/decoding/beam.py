"""Beam search: at every step the likeliest continuations of several beginnings, of all rows in one batch.

    score(y) = sum_t log p(y_t) / ((5 + T) / 6)^a                              Wu et al. (2016), a the length penalty

A row is done when none of its open beginnings can become better than the best that has ended. An n-gram of tokens that
a beginning holds already is not written again by it, so that nothing is repeated without end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol, Self, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recurra.decoding.decoder import Decoder, Step
from recurra.errors import InputError
from recurra.kernels.best import best_of_rows, log_sums
from recurra.language import _

Ints = npt.NDArray[np.int64]


class Branching(Protocol):
    """A network's state of which rows can be taken: a hypothesis goes on in several ways, and others are dropped."""

    def take(self, rows: Tensor, width: int) -> Self:
        """Rows [R'] of the present ones, in the order in which they go on; `width` in a row are of one source."""
        ...


@dataclass(frozen=True, eq=False)
class Searched:
    """B rows that are open, K beginnings each.

    numbers  [B]        of the open rows among all
    tokens   [B, K, t]  that are written
    scores   [B, K]     log probabilities
    limits   [B]        tokens that each row may have
    best                of every row the best score and tokens that have ended
    """

    network: Any
    numbers: Ints
    tokens: Ints
    scores: npt.NDArray[np.float32]
    limits: Ints
    best: tuple[tuple[float, Ints], ...]


MOST_SIZE = 1_000
MOST_PENALTY = 10  # beyond it nothing but length would count


@final
@dataclass(frozen=True)
class Beam(Decoder[Searched]):
    """From the token `begin` on up to `end`, which is not given back.

    size     beginnings that go on
    most     tokens at most, the same for every row or one number for each
    penalty  of lengths, a: 0 prefers short sequences, 1 nearly the mean log probability
    ngram    how many tokens may not occur twice in the same order; 0 allows it
    never    tokens that are never written
    scored   whether a step gives what each token adds to the score (none above 0), and not logits

    The network's state must be `Branching`, and the outputs of its steps float32 that nobody else reads: what may not
    be written is written over in them. Ties go to the beginning that was better before, so that a row's result does
    not depend on the others.

    >>> import torch
    >>> class Nothing:
    ...     def take(self, rows, width):
    ...         return self
    >>> table = torch.tensor([[0.0, 0.6, 0.4, 0.0], [0.0, 0.0, 0.3, 0.7], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 1.0]])
    >>> def step(tokens, state):  # 2 is less likely than 1, but what follows it is certain
    ...     return table[tokens].log(), state
    >>> Beam(begin=0, end=3, size=2, penalty=0.0).decode(step, Nothing(), rows=1)[0].tolist()
    [1]
    """

    begin: int
    end: int
    size: int = 5
    penalty: float = 1.0
    most: int | tuple[int, ...] = 200
    ngram: int = 4
    never: tuple[int, ...] = ()
    scored: bool = False

    def __post_init__(self) -> None:
        every = (self.most,) if isinstance(self.most, int) else self.most
        for name, value in (("size", self.size), ("most", min(every, default=1))):
            if value < 1:
                raise InputError(_("{name} is {value}: expected a whole number of at least 1", name=name, value=value))
        if self.size > MOST_SIZE:
            raise InputError(
                _("size is {value}: expected at most {most:,} hypotheses", value=self.size, most=MOST_SIZE)
            )
        if not 0 <= self.penalty <= MOST_PENALTY:
            raise InputError(
                _("penalty is {penalty}: expected a number from 0 to {most}", penalty=self.penalty, most=MOST_PENALTY)
            )

    def start(self, encoded: Branching, rows: int) -> Searched:
        """One beginning in every row."""
        tokens = np.full((rows, 1, 1), self.begin, dtype=np.int64)
        limits = np.broadcast_to(np.asarray(self.most, dtype=np.int64), (rows,))
        none = -math.inf, np.zeros(0, np.int64)
        return Searched(encoded, np.arange(rows), tokens, np.zeros((rows, 1), np.float32), limits, (none,) * rows)

    def advance(self, step: Step, state: Searched) -> Searched:
        """One more token of every open beginning.

        What is as large as the vocabulary is the engine's: the sum that makes logits probabilities, and the best of
        each beginning, among which are the best of all.
        """
        rows, width, steps = state.tokens.shape
        outputs, network = step(torch.from_numpy(state.tokens[:, :, -1].ravel()), state.network)
        logs = outputs.detach().float().contiguous().numpy()
        before = state.scores.ravel() if self.scored else state.scores.ravel() - log_sums(logs)
        full = steps > state.limits
        self._refuse(logs.reshape(rows, width, -1), state.tokens, full)
        most = min(2 * self.size, logs.shape[1])
        written = best_of_rows(logs, np.empty((rows * width, most), np.int64))
        total = (before[:, None] + logs[np.arange(rows * width)[:, None], written]).reshape(rows, -1)
        every = np.arange(rows)[:, None]
        places = np.argsort(-total, axis=1, kind="stable")[:, : 2 * self.size]
        scores, parents, tokens = total[every, places], places // most, written.reshape(rows, -1)[every, places]
        ended = tokens == self.end
        best = self._ended(state, scores[:, : self.size], parents, ended[:, : self.size])
        open_scores = np.where(ended, -np.inf, scores)
        order = np.argsort(-open_scores, axis=1, kind="stable")[:, : self.size]
        going, parents, tokens = open_scores[every, order], parents[every, order], tokens[every, order]
        # The best that an open beginning can still become, if all that follows were certain and as long as may be.
        bound = going[:, 0] / self._length(state.limits)
        known = np.array([best[k][0] for k in state.numbers.tolist()])
        left = np.flatnonzero((bound > known) & (going[:, 0] > -np.inf) & ~full)
        parents, tokens = parents[left], tokens[left]
        if len(left):
            network = network.take(torch.from_numpy((left[:, None] * width + parents).ravel()), tokens.shape[1])
        written = state.tokens[left[:, None], parents]
        return Searched(
            network,
            state.numbers[left],
            np.concatenate([written, tokens[..., None]], axis=-1),
            going[left].astype(np.float32),
            state.limits[left],
            best,
        )

    def done(self, state: Searched) -> bool:
        """No row is open."""
        return not len(state.numbers)

    def finish(self, state: Searched) -> list[Tensor]:
        """The best tokens of each row; none where no beginning has ended."""
        return [torch.from_numpy(tokens) for _, tokens in state.best]

    def _refuse(self, logs: npt.NDArray[np.float32], tokens: Ints, full: npt.NDArray[np.bool_]) -> None:
        """In place: what may not be written next [B, K, V]."""
        for token in self.never:
            logs[..., token] = -np.inf
        if self.ngram:
            _forbid(logs, tokens, self.ngram)
        if full.any():
            ends = logs[full][..., self.end]
            logs[full] = -np.inf
            logs[full, :, self.end] = ends

    def _ended(self, state: Searched, scores: Any, parents: Ints, ended: Any) -> tuple[tuple[float, Ints], ...]:
        """The best of each row, with those that end now."""
        if not ended.any():
            return state.best
        best = list(state.best)
        length = self._length(state.tokens.shape[2])
        for row, place in np.argwhere(ended).tolist():
            number, value = int(state.numbers[row]), float(scores[row, place]) / length
            if value > best[number][0]:
                best[number] = value, state.tokens[row, parents[row, place], 1:]
        return tuple(best)

    def _length(self, tokens: Any) -> Any:
        return ((5 + tokens) / 6) ** self.penalty


def _forbid(logs: npt.NDArray[np.float32], tokens: Ints, ngram: int) -> None:
    """In place: no token may end an n-gram that its row [B, K, t] holds already."""
    count = tokens.shape[2] - ngram + 1  # places at which one may begin that has a token after it
    if count < 2:
        return
    same = np.ones((*tokens.shape[:2], count), dtype=bool)
    for k in reversed(range(ngram - 1)):  # the last token first: mostly it is a new one
        same &= tokens[..., k : k + count] == tokens[..., count + k, None]
        if not same.any():
            return
    row, beam, place = np.nonzero(same)
    logs[row, beam, tokens[row, beam, place + ngram - 1]] = -np.inf
