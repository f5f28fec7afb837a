"""What is asked of a recommender: of each of M questions the events that came before, and perhaps what came next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recurra.evaluation.shared.sparse import Sparse

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

CHUNK = 2**22  # scores in memory at a time


@dataclass(frozen=True, eq=False)
class Prefixes:
    """The events `codes[starts[m] : ends[m]]` of question m; codes [N] count items from 1, 0 is an unknown one."""

    codes: Ints
    starts: Ints
    ends: Ints
    items: int  # V

    def __len__(self) -> int:
        return len(self.starts)

    def part(self, places: slice | Ints) -> Prefixes:
        """Some of the questions."""
        return replace(self, starts=self.starts[places], ends=self.ends[places])

    def chunks(self) -> Iterator[slice]:
        """All questions in parts of which scores fit the memory."""
        size = max(1, CHUNK // max(self.items, 1))
        for first in range(0, len(self), size):
            yield slice(first, min(first + size, len(self)))

    def lags(self, depth: int) -> Ints:
        """The last `depth` codes [M, depth], the latest first; 0 where there is none."""
        places = self.ends[:, None] - 1 - np.arange(depth)
        inside = places >= self.starts[:, None]
        return np.where(inside, self.codes[np.where(inside, places, 0)], 0)

    @property
    def longest(self) -> int:
        """The events of the longest one."""
        return int((self.ends - self.starts).max()) if len(self) else 0

    def weighted(self, weights: npt.NDArray[np.floating]) -> Sparse:
        """[M, V]: of each item the weight of its latest event, `weights` [D] by how many events ago; older are out."""
        lags = self.lags(min(len(weights), max(self.longest, 1)))
        rows, ago = np.nonzero(lags > 0)
        columns = lags[rows, ago] - 1
        order = np.lexsort([ago, columns, rows])
        rows, columns, ago = rows[order], columns[order], ago[order]
        first = np.ones(len(rows), dtype=bool)
        first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
        values = np.asarray(weights, dtype=np.float32)[ago[first]]
        return sparse.csr_matrix((values, (rows[first], columns[first])), shape=(len(self), self.items))


class Ranker(Protocol):
    """A method that ranks items: scores [M, V], of which higher is sooner."""

    @property
    def name(self) -> str:
        """What it is called in tables."""
        ...

    def scores(self, asked: Prefixes) -> Floats:
        """The scores of all items for some questions."""
        ...


@dataclass(frozen=True, eq=False)
class SparseTable:
    """A sparse matrix [rows, columns] in compressed rows, as a model file keeps it."""

    indptr: Ints
    indices: npt.NDArray[np.int32]
    values: Floats
    columns: int

    @classmethod
    def of(cls, matrix: Sparse) -> SparseTable:
        """From any sparse matrix."""
        rows = matrix.tocsr()
        return cls(
            rows.indptr.astype(np.int64), rows.indices.astype(np.int32), rows.data.astype(np.float32), rows.shape[1]
        )

    @property
    def matrix(self) -> Sparse:
        """As scipy has it."""
        shape = (len(self.indptr) - 1, self.columns)
        return sparse.csr_matrix((self.values, self.indices, self.indptr), shape=shape)

    def check(self) -> None:
        """Refuse rows and columns that there are not."""
        from recurra.checking import require

        require(len(self.indptr) > 0 and self.indptr[0] == 0, "a table does not begin at 0")
        require(bool((np.diff(self.indptr) >= 0).all()) and self.indptr[-1] == len(self.indices), "rows of a table")
        require(len(self.indices) == len(self.values), "values of a table")
        inside = not len(self.indices) or (self.indices.min() >= 0 and self.indices.max() < self.columns)
        require(bool(inside), "columns of a table")


def everything(codes: Ints, offsets: Ints) -> tuple[Ints, Ints]:
    """Of all events [N] the start of their history, and how many of it came before."""
    starts = np.repeat(offsets[:-1], np.diff(offsets))
    return starts, np.arange(len(codes)) - starts
