"""Pairs as a training problem: batches of token numbers, time first, of pairs that are about as long."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from recurra.data.encoders.batching import read_and_told
from recurra.data.examples.ragged import Ragged
from recurra.data.pairs.pairs import Pairs
from recurra.data.pairs.subwords import BEGIN, END, Subwords

LONGEST = 200  # tokens of a side; what is longer is cut in training and when it is evaluated
_EVEN = 4  # of a batch's steps in training: fewer shapes, of which oneDNN takes milliseconds to prepare each product
_HELD_ROWS = 128


class Batch(NamedTuple):
    """source [S, B], lengths [B], tokens [T, B] that are read, targets [T, B] that follow each (-1: none)."""

    source: Tensor
    lengths: Tensor
    tokens: Tensor
    targets: Tensor


@dataclass(frozen=True, eq=False)
class EncodedPairs:
    """Pairs as token numbers."""

    sources: Ragged
    targets: Ragged

    @staticmethod
    def of(pairs: Pairs, source: Subwords, target: Subwords) -> EncodedPairs:
        """By the vocabularies of both sides."""
        assert pairs.targets is not None
        return EncodedPairs(source.encode(pairs.sources), target.encode(pairs.targets))

    def __len__(self) -> int:
        return len(self.sources)

    def batch(self, numbers: Tensor) -> Batch:
        """The pairs `numbers` [B]."""
        rows = numbers.numpy()
        source, lengths = padded([self.sources[k] for k in rows], _EVEN)
        tokens, told = read_and_told([self.targets[k][:LONGEST] for k in rows], BEGIN, END)
        rest = 0, 0, 0, -len(tokens) % _EVEN
        return Batch(source, lengths, pad(tokens, rest, value=END), pad(told, rest, value=-1))


def padded(rows: list[np.ndarray], even: int = 1) -> tuple[Tensor, Tensor]:
    """Rows of token numbers, each closed by the end, as [S, B] of a multiple of `even` steps, and their lengths [B]."""
    rows = [row[:LONGEST] for row in rows]
    lengths = np.array([len(row) + 1 for row in rows], dtype=np.int64)
    found = np.full((-(-int(lengths.max()) // even) * even, len(rows)), END, dtype=np.int64)
    for column, row in enumerate(rows):
        found[: len(row), column] = row
    return torch.from_numpy(found), torch.from_numpy(lengths)


class TranslationProblem:
    """The `training.Problem` of pairs: `training` and `held` are numbers of those that are learnt from and held out."""

    def __init__(
        self, network: nn.Module, data: EncodedPairs, training: Tensor, held: Tensor, device: torch.device
    ) -> None:
        self.network, self.device, self._data, self._training = network.to(device), device, data, training
        spread = data.sources.lengths + data.targets.lengths
        lengths = torch.from_numpy(np.minimum(spread, 2 * LONGEST))
        self.examples, self.lengths = len(training), lengths[training]
        self._held = list(held[lengths[held].argsort(stable=True)].split(_HELD_ROWS)) if len(held) else []

    def batch(self, numbers: Tensor) -> Batch:
        """The training pairs `numbers` [B]."""
        return self._read(self._training[numbers.long()])

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        """The mean cross-entropy of a target token, smoothed in training."""
        return network(*batch)

    def validate(self, network: nn.Module) -> float:
        """The mean cross-entropy of the held-out tokens, not smoothed; NaN where there are none."""
        total = count = 0.0
        for numbers in self._held:
            batch = self._read(numbers)
            tokens = float((batch.targets >= 0).sum())
            total, count = total + tokens * float(network(*batch)), count + tokens
        return total / count if count else math.nan

    def _read(self, numbers: Tensor) -> Batch:
        return Batch(*(part.to(self.device) for part in self._data.batch(numbers)))
