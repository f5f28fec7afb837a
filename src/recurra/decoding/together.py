"""Networks that decode together: the mean of their probabilities (an ensemble)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

import torch
from torch import Tensor


class Stepping(Protocol):
    """One network's state: a step at a time, and rows of it that go on (see `decoding.beam.Branching`)."""

    def step(self, tokens: Tensor) -> Tensor:
        """The last tokens [R] -> logits [R, V] of the next."""
        ...

    def take(self, rows: Tensor, width: int) -> Self:
        """Go on with some rows [R'], of each source `width` one after the other."""
        ...


class Together:
    """The states of several networks as one."""

    def __init__(self, states: Sequence[Stepping]) -> None:
        self._states = list(states)

    def take(self, rows: Tensor, width: int) -> Self:
        """See `decoding.beam.Branching`."""
        self._states = [state.take(rows, width) for state in self._states]
        return self

    def logits(self, tokens: Tensor) -> Tensor:
        """The last tokens [R] -> logits of the next [R, V], or the logarithm of the mean probability of several."""
        every = [each.step(tokens) for each in self._states]
        return every[0] if len(every) == 1 else torch.stack([each.softmax(-1) for each in every]).mean(0).log()

    @staticmethod
    def step(tokens: Tensor, state: Together) -> tuple[Tensor, Together]:
        """The same as a `decoding.decoder.Step`."""
        return state.logits(tokens), state
