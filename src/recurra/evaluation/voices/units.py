"""A text out of pieces of recordings: of each symbol the one whose neighbours fit best, joined where frames are alike.

    cost = 1 for each neighbour that is another symbol + join * distance of the frames that meet, 0 where they had met

Source: Hunt, Black (1996), "Unit selection in a concatenative speech synthesis system using a large speech database".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from recurra.data.examples.ragged import Ragged

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]

_CANDIDATES = 24
_JOIN = 0.3


@dataclass(frozen=True, eq=False)
class Units:
    """Recordings as frames [N_total, C], and the symbols in them: number, recording, first frame, frames of each."""

    frames: npt.NDArray[np.float32]
    symbols: Ints
    recordings: Ints
    starts: Ints
    durations: Ints
    speakers: Ints

    @classmethod
    def learn(cls, frames: Ragged, symbols: Sequence[Ints], durations: Sequence[Ints], speakers: Ints) -> Units:
        """Of frames [T, C] of recordings, their symbols [U], the frames of each [U], and their speakers [N]."""
        starts = [np.cumsum(each) - each + first for each, first in zip(durations, frames.offsets[:-1], strict=True)]
        owners = np.repeat(np.arange(len(symbols)), [len(each) for each in symbols])
        return cls(
            frames.values.astype(np.float32),
            np.concatenate(symbols),
            owners,
            np.concatenate(starts),
            np.concatenate(durations),
            speakers[owners],
        )

    def say(self, symbols: Ints, speaker: int) -> tuple[npt.NDArray[np.float32], Ints]:
        """Frames [T, C] of symbols [U], all of which were learnt, and how many of them each has [U]."""
        ways = [self._candidates(symbols, k, speaker) for k in range(len(symbols))]
        cost = self._strange(symbols, 0, ways[0])
        came = []
        for k in range(1, len(symbols)):
            joined = cost[:, None] + _JOIN * self._apart(ways[k - 1], ways[k])
            came.append(joined.argmin(axis=0))
            cost = joined.min(axis=0) + self._strange(symbols, k, ways[k])
        at = int(cost.argmin())
        chosen = [int(ways[-1][at])]
        for k in range(len(symbols) - 2, -1, -1):
            at = int(came[k][at])
            chosen.append(int(ways[k][at]))
        chosen.reverse()
        parts = [self.frames[self.starts[u] : self.starts[u] + self.durations[u]] for u in chosen]
        return np.concatenate(parts), self.durations[chosen]

    def _candidates(self, symbols: Ints, k: int, speaker: int) -> Ints:
        every = self._places.get((int(symbols[k]), speaker))
        if every is None:
            every = self._places.get((int(symbols[k]), -1), np.zeros(0, np.int64))
        order = np.argsort(self._strange(symbols, k, every), kind="stable")
        return every[order[:_CANDIDATES]]

    def _strange(self, symbols: Ints, k: int, units: Ints) -> Floats:
        before, after = self._neighbours
        left = symbols[k - 1] if k else -1
        right = symbols[k + 1] if k + 1 < len(symbols) else -1
        return (before[units] != left).astype(float) + (after[units] != right)

    def _apart(self, first: Ints, second: Ints) -> Floats:
        ends = self.frames[np.maximum(self.starts[first] + self.durations[first] - 1, 0)]
        begins = self.frames[np.minimum(self.starts[second], len(self.frames) - 1)]
        apart = np.sqrt(np.square(ends[:, None] - begins).mean(axis=2))
        return np.where(first[:, None] + 1 == second, 0.0, apart)

    @cached_property
    def _neighbours(self) -> tuple[Ints, Ints]:
        same = self.recordings[1:] == self.recordings[:-1]
        before = np.concatenate([[-1], np.where(same, self.symbols[:-1], -1)])
        after = np.concatenate([np.where(same, self.symbols[1:], -1), [-1]])
        return before, after

    @cached_property
    def _places(self) -> dict[tuple[int, int], Ints]:
        found: dict[tuple[int, int], list[int]] = {}
        for u, (symbol, speaker) in enumerate(zip(self.symbols.tolist(), self.speakers.tolist(), strict=True)):
            found.setdefault((symbol, speaker), []).append(u)
            found.setdefault((symbol, -1), []).append(u)
        return {key: np.array(places) for key, places in found.items()}


@dataclass(frozen=True, eq=False)
class MeanSounds:
    """Of each symbol the mean frame [K, C], and the mean number of frames [K]."""

    frames: npt.NDArray[np.float32]
    durations: npt.NDArray[np.float64]

    @classmethod
    def learn(cls, units: Units, count: int) -> MeanSounds:
        """Of `count` symbols; one that does not occur sounds as all together."""
        usual = units.frames.mean(axis=0)
        owners = np.repeat(units.symbols, units.durations)
        lasting = np.concatenate(
            [np.arange(s, s + d) for s, d in zip(units.starts.tolist(), units.durations.tolist(), strict=True)]
        )
        sums = np.zeros((count, units.frames.shape[1]))
        np.add.at(sums, owners, units.frames[lasting])
        number = np.bincount(owners, minlength=count)[:, None]
        often = np.bincount(units.symbols, minlength=count)
        long = np.bincount(units.symbols, weights=units.durations, minlength=count) / np.maximum(often, 1)
        frames = np.where(number > 0, sums / np.maximum(number, 1), usual)
        return cls(frames.astype(np.float32), np.where(often > 0, long, units.durations.mean()))

    def say(self, symbols: Ints) -> tuple[npt.NDArray[np.float32], Ints]:
        """Frames [T, C] of symbols [U], and how many of them each has [U]."""
        durations = np.maximum(np.rint(self.durations[symbols]), 1).astype(np.int64)
        return np.repeat(self.frames[symbols], durations, axis=0), durations
