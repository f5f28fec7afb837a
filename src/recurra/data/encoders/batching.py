"""Batches of encoded examples: as long as their longest, time first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recurra.data.encoders.reader import Encoded, Fixed
from recurra.data.examples.ragged import Ragged


class Padded(NamedTuple):
    """An input of a batch.

    values   [T, B] or [T, B, F] of a sequence, zero after its end; [B, ...] of what is none
    lengths  [B], steps of each row; of what is no sequence, 1 where it is there and 0 where it is missing
    codes    [B, C], category codes of columns
    """

    values: Tensor
    lengths: Tensor
    codes: Tensor | None = None

    def to(self, device: torch.device) -> Padded:
        """On another device."""
        codes = None if self.codes is None else self.codes.to(device)
        return Padded(self.values.to(device), self.lengths.to(device), codes)


class Steps(NamedTuple):
    """Sequences end to end as tensors: `values` [N_total, ...] and where each begins, `offsets` [N + 1]."""

    values: Tensor
    offsets: Tensor

    @staticmethod
    def of(ragged: Ragged) -> Steps:
        """The same memory."""
        return Steps(torch.from_numpy(np.ascontiguousarray(ragged.values)), torch.from_numpy(ragged.offsets))

    def padded(self, numbers: Tensor, fill: float = 0) -> Padded:
        """The sequences `numbers` [B] side by side, `fill` after their ends."""
        first = self.offsets[numbers]
        lengths = self.offsets[numbers + 1] - first
        steps = torch.arange(max(1, int(lengths.max()) if len(lengths) else 1)).unsqueeze(1)
        if not len(self.values):
            shape = (len(steps), len(numbers), *self.values.shape[1:])
            return Padded(torch.full(shape, fill, dtype=self.values.dtype), lengths)
        # Every place after a row's end is read from its last step, which is there, and then filled.
        places = first + torch.minimum(steps, (lengths - 1).clamp(min=0))
        values = self.values[places.clamp(max=len(self.values) - 1)]
        ended = (steps >= lengths).view(*places.shape, *([1] * (values.dim() - 2)))
        return Padded(values.masked_fill_(ended, fill), lengths)


class Batches:
    """Encoded examples, of which some are read together by their numbers."""

    def __init__(self, encoded: Encoded) -> None:
        self.steps = {name: Steps.of(column) for name, column in encoded.items() if isinstance(column, Ragged)}
        self.fixed = {
            name: (
                torch.from_numpy(column.values),
                torch.from_numpy(column.there).long(),
                None if column.codes is None else torch.from_numpy(column.codes),
            )
            for name, column in encoded.items()
            if isinstance(column, Fixed)
        }
        self.names = list(encoded)

    def read(self, numbers: Tensor) -> dict[str, Padded]:
        """The examples `numbers` [B], an input by its name."""
        numbers = numbers.long()
        return {
            name: self.steps[name].padded(numbers) if name in self.steps else self._fixed(name, numbers)
            for name in self.names
        }

    def _fixed(self, name: str, numbers: Tensor) -> Padded:
        values, there, codes = self.fixed[name]
        return Padded(values[numbers], there[numbers], None if codes is None else codes[numbers])


def moved(batch: Mapping[str, Padded], device: torch.device) -> dict[str, Padded]:
    """A batch on another device."""
    return {name: padded.to(device) for name, padded in batch.items()}


def read_and_told(rows: Sequence[npt.NDArray[np.integer]], begin: int, end: int) -> tuple[Tensor, Tensor]:
    """Token numbers of B rows as a decoder learns them: tokens [T, B] that it reads, and those that follow each.

    It reads `begin` first and tells `end` last; after that there is nothing to tell: -1.

    >>> [part.T.tolist() for part in read_and_told([np.array([5, 6]), np.array([7])], 1, 2)]
    [[[1, 5, 6], [1, 7, 2]], [[5, 6, 2], [7, 2, -1]]]
    """
    steps = max(map(len, rows)) + 1
    tokens = np.full((steps, len(rows)), end, dtype=np.int64)
    told = np.full((steps, len(rows)), -1, dtype=np.int64)
    tokens[0] = begin
    for column, row in enumerate(rows):
        tokens[1 : len(row) + 1, column] = row
        told[: len(row), column] = row
        told[len(row), column] = end
    return torch.from_numpy(tokens), torch.from_numpy(told)


def like_with_like(lengths: Tensor, steps: int, rows: int) -> list[Tensor]:
    """The numbers of `lengths` [N] in batches of about equal length, of at most `rows` rows and `steps` padded steps.

    >>> [batch.tolist() for batch in like_with_like(torch.tensor([3, 1, 2, 9]), 9, 10)]
    [[1, 2, 0], [3]]
    """
    order = lengths.argsort(stable=True)
    ordered = lengths[order].tolist()
    batches, first = [], 0
    for k, length in enumerate(ordered):
        # Ascending: the latest is the longest of its batch.
        if k > first and ((k + 1 - first) * length > steps or k - first >= rows):
            batches.append(order[first:k])
            first = k
    return [*batches, order[first:]] if len(ordered) else []
