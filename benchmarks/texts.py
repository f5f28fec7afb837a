"""Texts as numbers for labelled_epoch.py and its peers, and the settings that all of them share. NumPy alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

EMBEDDING, HIDDEN, BATCH, EPOCHS = 128, 64, 64, 3
LEARNING_RATE, SPREAD = 2e-3, 0.3  # of Adam; the standard deviation of the first embedding

Ints = npt.NDArray[np.int64]


class Texts(NamedTuple):
    """Token numbers below `size` end to end, 0 being unknown; text i is `tokens[offsets[i] : offsets[i + 1]]`.

    `labels` [N] are 0 and 1; the texts `train` are learnt from, `test` are not.
    """

    tokens: Ints
    offsets: Ints
    labels: Ints
    train: Ints
    test: Ints
    size: int

    def rows(self, numbers: Ints) -> list[Ints]:
        """Some texts, each [T]."""
        return [self.tokens[self.offsets[k] : self.offsets[k + 1]] for k in numbers]

    def lengths(self, numbers: Ints) -> Ints:
        """Their lengths."""
        return self.offsets[numbers + 1] - self.offsets[numbers]


def padded(rows: list[Ints], steps: int) -> Ints:
    """[B, T] of token numbers plus one; 0 after the end.

    >>> padded([np.array([4, 0]), np.array([7])], 2).tolist()
    [[5, 1], [8, 0]]
    """
    out = np.zeros((len(rows), steps), dtype=np.int64)
    for place, row in enumerate(rows):
        out[place, : len(row)] = row + 1
    return out
