"""The contract of decoders: what is produced a step at a time, each step from what was produced before.

A decoder knows a network only by its step : inputs of one step and a state to outputs and the next
state. What an encoder has read of the source is the state that it starts from.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

State = TypeVar("State")
Step = Callable[[Tensor, Any], tuple[Tensor, Any]]  # inputs [B] of one step, state -> outputs [B, K], next state


class Decoder(ABC, Generic[State]):
    """Abstract: `start`, then `advance` until `done`, then `finish`."""

    @abstractmethod
    def start(self, encoded: Any, rows: int) -> State:
        """The state before the first step; `encoded` is the network's state for so many rows, None for none."""

    @abstractmethod
    def advance(self, step: Step, state: State) -> State:
        """One more step of every row."""

    @abstractmethod
    def done(self, state: State) -> bool:
        """Whether nothing is left to be produced."""

    @abstractmethod
    def finish(self, state: State) -> list[Tensor]:
        """What was produced, of each row."""

    @torch.no_grad()
    def decode(self, step: Step, encoded: Any, rows: int) -> list[Tensor]:
        """All of it."""
        state = self.start(encoded, rows)
        while not self.done(state):
            state = self.advance(step, state)
        return self.finish(state)
