"""Beam search: at every step the likeliest continuations of several beginnings, of all rows in one batch.

    score(y) = sum_t log p(y_t) / ((5 + T) / 6)^a                              Wu et al. (2016), a the length penalty

A row is done when none of its open beginnings can become better than the best that has ended. An n-gram of tokens that
a beginning holds already is not written again by it, so that nothing is repeated without end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol, Self, final

import torch
from torch import Tensor

from recurra.decoding.decoder import Decoder, Step
from recurra.errors import InputError
from recurra.language import _


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
    best                of every row the best score and tokens that have ended
    """

    network: Any
    numbers: Tensor
    tokens: Tensor
    scores: Tensor
    best: tuple[tuple[float, Tensor], ...]


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

    The network's state must be `Branching`. Ties go to the beginning that was better before, so that a row's result
    does not depend on the others.

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
        tokens = torch.full((rows, 1, 1), self.begin, dtype=torch.int64)
        none = (-math.inf, tokens[0, 0, :0])
        return Searched(encoded, torch.arange(rows), tokens, torch.zeros(rows, 1), (none,) * rows)

    def advance(self, step: Step, state: Searched) -> Searched:
        """One more token of every open beginning."""
        rows, width, steps = state.tokens.shape
        outputs, network = step(state.tokens[:, :, -1].flatten(), state.network)
        logs = (outputs if self.scored else outputs.float().log_softmax(-1)).view(rows, width, -1)
        for token in self.never:
            logs[..., token] = -math.inf
        if self.ngram:
            _forbid(logs, state.tokens, self.ngram)
        limits = self._limits(state.numbers)
        full = steps > limits
        if bool(full.any()):
            ends = logs[full][..., self.end]
            logs[full] = -math.inf
            logs[full, :, self.end] = ends
        classes = logs.shape[-1]
        total = (state.scores.unsqueeze(-1) + logs).flatten(1)
        scores, places = total.topk(min(2 * self.size, total.shape[1]), dim=1)
        parents, tokens = places // classes, places % classes
        ended = tokens == self.end
        best = self._ended(state, scores[:, : self.size], parents, ended[:, : self.size])
        going, order = scores.masked_fill(ended, -math.inf).topk(min(self.size, scores.shape[1]), dim=1)
        parents, tokens = parents.gather(1, order), tokens.gather(1, order)
        # The best that an open beginning can still become, if all that follows were certain and as long as may be.
        bound = going[:, 0] / self._length(limits)
        known = torch.tensor([best[int(k)][0] for k in state.numbers])
        open_rows = ((bound > known) & (going[:, 0] > -math.inf) & ~full).nonzero()[:, 0]
        parents, tokens, going = parents[open_rows], tokens[open_rows], going[open_rows]
        width_after = tokens.shape[1]
        if len(open_rows):
            network = network.take((open_rows.unsqueeze(1) * width + parents).flatten(), width_after)
        before = state.tokens[open_rows].gather(1, parents.unsqueeze(-1).expand(-1, -1, steps))
        return Searched(
            network,
            state.numbers[open_rows],
            torch.cat([before, tokens.unsqueeze(-1)], dim=-1),
            going,
            best,
        )

    def done(self, state: Searched) -> bool:
        """No row is open."""
        return not len(state.numbers)

    def finish(self, state: Searched) -> list[Tensor]:
        """The best tokens of each row; those of the best beginning where none has ended."""
        return [tokens for _, tokens in state.best]

    def _ended(
        self, state: Searched, scores: Tensor, parents: Tensor, ended: Tensor
    ) -> tuple[tuple[float, Tensor], ...]:
        """The best of each row, with those that end now."""
        best = list(state.best)
        length = self._length(state.tokens.shape[2])
        for row, place in ended.nonzero().tolist():
            number, value = int(state.numbers[row]), float(scores[row, place]) / length
            if value > best[number][0]:
                best[number] = value, state.tokens[row, int(parents[row, place]), 1:]
        return tuple(best)

    def _length(self, tokens: Any) -> Any:
        return ((5 + tokens) / 6) ** self.penalty

    def _limits(self, numbers: Tensor) -> Tensor:
        """How many tokens each of these rows may have."""
        if isinstance(self.most, int):
            return torch.full((len(numbers),), self.most)
        return torch.tensor(self.most)[numbers]


def _forbid(logs: Tensor, tokens: Tensor, ngram: int) -> None:
    """In place: no token may end an n-gram that its row [B, K, t] holds already."""
    steps = tokens.shape[2]
    if steps < ngram + 1:
        return
    windows = tokens[:, :, :-1].unfold(2, ngram - 1, 1)  # those that have a token after them
    same = (windows == tokens[:, :, None, steps - ngram + 1 :]).all(-1)
    row, beam, place = same.nonzero(as_tuple=True)
    logs[row, beam, tokens[row, beam, place + ngram - 1]] = -math.inf
