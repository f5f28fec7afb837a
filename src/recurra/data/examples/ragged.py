"""Sequences of different lengths, end to end in one array: no padding, no list of arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError
from recurra.language import _

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ragged:
    """N sequences in `values` [sum of T_i, ...]; sequence i is `values[offsets[i] : offsets[i + 1]]` [T_i, ...].

    `offsets` [N + 1] are int64, start at 0 and end at the number of steps. A sequence may be empty. Raises InputError
    for offsets that do not fit the values.

    >>> words = Ragged(np.array([5, 6, 7]), np.array([0, 2, 2, 3]))
    >>> words.lengths.tolist(), words[0].tolist(), words.take([2, 0]).values.tolist()
    ([2, 0, 1], [5, 6], [7, 5, 6])
    """

    values: npt.NDArray
    offsets: Ints

    def __post_init__(self) -> None:
        offsets = self.offsets
        if offsets.ndim != 1 or not len(offsets) or offsets[0] != 0 or offsets[-1] != len(self.values):
            raise InputError(
                _(
                    "offsets of shape {shape} must be a vector from 0 to the number of steps ({n_values})",
                    shape=offsets.shape,
                    n_values=len(self.values),
                )
            )
        if (falls := np.flatnonzero(np.diff(offsets) < 0)).size:
            raise InputError(
                _(
                    "offsets must not fall: offsets[{place}]={offset} is smaller",
                    place=falls[0] + 1,
                    offset=offsets[falls[0] + 1],
                )
            )

    @classmethod
    def of(cls, sequences: Iterable[npt.ArrayLike]) -> Ragged:
        """Put sequences [T_i, ...] end to end; empty ones do not change the type of the others."""
        arrays = [np.asarray(sequence) for sequence in sequences]
        offsets = np.concatenate([[0], np.cumsum([len(array) for array in arrays], dtype=np.int64)]).astype(np.int64)
        filled = [array for array in arrays if len(array)] or arrays[:1]
        return cls(np.concatenate(filled) if filled else np.zeros(0), offsets)

    @property
    def lengths(self) -> Ints:
        """The number of steps of each sequence [N]."""
        return np.diff(self.offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, number: int) -> npt.NDArray:
        """Sequence `number` [T_i, ...], a view; negative numbers count from the end."""
        start = range(len(self))[number]
        return self.values[self.offsets[start] : self.offsets[start + 1]]

    def take(self, numbers: npt.ArrayLike) -> Ragged:
        """The sequences with these numbers (or where a mask [N] is true), in this order; a copy."""
        chosen = np.asarray(numbers)
        if not chosen.size:
            chosen = chosen.astype(np.int64)
        starts, lengths = self.offsets[:-1][chosen], self.lengths[chosen]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        places = np.repeat(starts - offsets[:-1], lengths)
        places += np.arange(len(places))
        return Ragged(self.values[places], offsets)


def offsets_of(lengths: npt.NDArray[np.integer]) -> Ints:
    """Where sequences of these lengths [N] begin when they lie end to end, and where the last one ends [N + 1]."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets
