"""Rows of one or several series as windows to be learnt: each series begins with a row of zeros, the start of all.

A window that a series does not fill is masked behind its end. Short series (`whole`) are learnt and evaluated from
their start on; long ones are evaluated by how they go on from real rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recurra.tasks.series.rows import Floats, Ints

HELD = 0.1  # of what is learnt from, its end, that stops the training and decides between methods
_ROWS, _LEAST, _MOST = 288, 4, 12  # real rows before a window that is evaluated, and their windows
ENOUGH = 100  # windows for which histories become shorter
MANY = 8  # series from which on one is generated from its start; else rows before the first are thrown away


@dataclass(frozen=True, eq=False)
class Stretches:
    """Scaled rows z [N, E] of several series, where each begins and ends [S + 1]."""

    z: Floats
    ends: Ints

    def __len__(self) -> int:
        return len(self.ends) - 1

    @property
    def lengths(self) -> Ints:
        """Of the series [S]."""
        return np.diff(self.ends)

    def part(self, number: int) -> Floats:
        """One series."""
        return self.z[self.ends[number] : self.ends[number + 1]]

    @staticmethod
    def of(parts: list[Floats]) -> Stretches:
        """From series one by one."""
        return Stretches(np.concatenate(parts), np.cumsum([0, *map(len, parts)]))

    def split(self, whole: bool, share: float = HELD) -> tuple[Stretches, Stretches]:
        """All but the held-out part, and that: the last of the series where they are `whole`, else the end of each."""
        parts = [self.part(k) for k in range(len(self))]
        if whole:
            cut = max(1, int((1 - share) * len(parts)))
            return Stretches.of(parts[:cut]), Stretches.of(parts[cut:] or parts[-1:])
        cuts = [max(2, int((1 - share) * len(part))) for part in parts]
        late = [part[cut:] for part, cut in zip(parts, cuts, strict=True) if len(part) - cut > 2]
        return Stretches.of([part[:cut] for part, cut in zip(parts, cuts, strict=True)]), Stretches.of(late or parts)


def is_whole(lengths: npt.NDArray[np.integer], window: int) -> bool:
    """Whether series are so short that each is evaluated from its start."""
    return len(lengths) >= MANY and float(np.median(lengths)) < 3 * window


class Windows:
    """Windows of at most `length` changes: one for a short series, one from every `every`-th row of a long one."""

    def __init__(self, found: Stretches, length: int, every: int, *, starts: bool) -> None:
        rows, begins, ends = [], [], []
        at = 0
        for k in range(len(found)):
            part = found.part(k)
            part = np.concatenate([np.zeros((1, part.shape[1])), part]) if starts else part
            last = max(0, len(part) - 1 - length)
            own = np.arange(0, last + 1, every)
            begins.append(at + own)
            ends.append(np.full(len(own), at + len(part)))
            rows.append(part)
            at += len(part)
        self._z = torch.from_numpy(np.concatenate(rows)).float()
        self._begins, self._ends = (torch.from_numpy(np.concatenate(each)) for each in (begins, ends))
        self._length = int(min(length, max(map(len, rows)) - 1))

    def __len__(self) -> int:
        return len(self._begins)

    def read(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Rows [T + 1, B, E] of some of them, and which of the T that follow are there [T, B]."""
        at = self._begins[numbers] + torch.arange(self._length + 1)[:, None]
        there = at < self._ends[numbers]
        return self._z[at.minimum(self._ends[numbers] - 1)], there[1:]


def history_of(window: int) -> int:
    """How many windows of real rows stand before one that is evaluated: as many are learnt at once."""
    return min(_MOST, max(_LEAST, _ROWS // window))


def pairs_of(
    found: Stretches, window: int, most: int, *, whole: bool, history: int | None = None
) -> tuple[Floats, Floats]:
    """Histories [N, H, E] of so many windows, fewer where series are short, and what really followed [N, window, E].

    Of `whole` series their start and their first rows.
    """
    if whole:
        fit = [found.part(k)[:window] for k in range(len(found)) if len(found.part(k)) >= window]
        real = np.stack(fit[:: max(1, len(fit) // most)]) if fit else np.zeros((0, window, found.z.shape[1]))
        return np.zeros((len(real), 1, real.shape[2])), real
    history = history_of(window) if history is None else history
    while True:
        before = history * window
        spans = zip(found.ends[:-1], found.ends[1:], strict=True)
        starts = np.concatenate([np.arange(a, b - before - window + 1) for a, b in spans]).astype(np.int64)
        if len(starts) >= ENOUGH or history == 1:
            break
        history -= 1
    starts = starts[:: max(1, len(starts) // most)]
    both = found.z[starts[:, None] + np.arange(before + window)]
    return both[:, :before], both[:, before:]
