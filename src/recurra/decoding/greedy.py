"""Greedy decoding: at every step the likeliest token, until the one that ends a sequence, or so many steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from recurra.decoding.decoder import Decoder, Step
from recurra.errors import InputError
from recurra.language import _


@dataclass(frozen=True, eq=False)
class Written:
    """The last tokens [B], the network's state, the tokens [t, B] so far, and which rows [B] have ended."""

    last: Tensor
    network: Any
    tokens: tuple[Tensor, ...]
    ended: Tensor


@final
@dataclass(frozen=True)
class Greedy(Decoder[Written]):
    """From the token `begin` on, at most `most` tokens, up to `end`, which is not given back.

    >>> import torch
    >>> def count_up(token, state):  # the next token is one more
    ...     return torch.nn.functional.one_hot(token + 1, 6).float(), state
    >>> [row.tolist() for row in Greedy(begin=0, end=4).decode(count_up, None, rows=2)]
    [[1, 2, 3], [1, 2, 3]]
    """

    begin: int
    end: int
    most: int = 1000

    def __post_init__(self) -> None:
        if self.most < 1:
            raise InputError(_("most is {most}: expected a whole number of at least 1", most=self.most))

    def start(self, encoded: Any, rows: int) -> Written:
        """`begin` in every row."""
        first = torch.full((rows,), self.begin, dtype=torch.int64)
        return Written(first, encoded, (), torch.zeros(rows, dtype=torch.bool))

    def advance(self, step: Step, state: Written) -> Written:
        """The likeliest token of every row; one that has ended stays at `end`."""
        outputs, network = step(state.last, state.network)
        tokens = outputs.argmax(dim=-1).masked_fill(state.ended, self.end)
        return Written(tokens, network, (*state.tokens, tokens), state.ended | (tokens == self.end))

    def done(self, state: Written) -> bool:
        """All rows have ended, or are as long as they may be."""
        return len(state.tokens) >= self.most or bool(state.ended.all())

    def finish(self, state: Written) -> list[Tensor]:
        """The tokens of each row before its end."""
        if not state.tokens:
            return [state.last[:0] for _ in state.last]
        every = torch.stack(state.tokens, dim=1)
        return [row[: int((row != self.end).sum())] for row in every]
