"""Sessions of a server as rows of one stream of a model: what several of them step at a time is one kernel call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt

from recurra.errors import InputError
from recurra.tasks.streaming import EstimatorStream

State = dict[str, npt.NDArray[Any]]


class Slots(ABC):
    """`count` rows, each of which may be a session's. Not for several threads at a time."""

    def __init__(self, count: int) -> None:
        self.count = count

    @abstractmethod
    def begin(self, slot: int, series: str | None) -> None:
        """Let a slot begin anew. Raises InputError for a series where there are none."""

    @abstractmethod
    def together(self, slots: Sequence[int], rows: Sequence[Any]) -> list[Any]:
        """A row of each slot, and what is said after it. Raises InputError for rows that cannot be read; nothing has
        happened then.
        """  # fmt: skip

    @property
    @abstractmethod
    def streams(self) -> EstimatorStream:
        """The stream whose rows they are."""

    def step(self, slots: Sequence[int], rows: Sequence[Any]) -> list[Any]:
        """As `together`, but a row that cannot be read is refused alone: in its place stands the error."""
        try:
            return self.together(slots, rows)
        except _UNREADABLE as error:
            if len(slots) == 1:
                return [error]
        found: list[Any] = []
        for slot, row in zip(slots, rows, strict=True):
            found += self.step([slot], [row])
        return found

    def state(self, slot: int) -> State:
        """Of one slot."""
        return self.streams.row_state(slot)

    def put(self, slot: int, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """What `state` gave; raises ModelFileError for anything else."""
        self.streams.put_row_state(slot, state)

    def coverage(self) -> dict[float, float]:
        """Of forecasts: the share of truths within the intervals of each level, of all sessions."""
        return {}


# What a row, or a state that somebody made up, may raise beside an InputError.
_UNREADABLE = (InputError, ValueError, TypeError, IndexError, KeyError, OverflowError)
