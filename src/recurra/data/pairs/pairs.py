"""Pairs of texts as an estimator learns from them, and which of them belong together."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix

Ints = npt.NDArray[np.int64]
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True, eq=False)
class Pairs:
    """N source texts, and their targets where these are known."""

    sources: tuple[str, ...]
    targets: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.sources)

    def take(self, rows: Ints) -> Self:
        """Some of them."""
        kept = rows.tolist()
        targets = None if self.targets is None else tuple(self.targets[k] for k in kept)
        return type(self)(tuple(self.sources[k] for k in kept), targets)

    def digest(self) -> str:
        """Another one wherever a text differs."""
        digest = hashlib.blake2b(digest_size=16)
        for side in (self.sources, self.targets or ()):
            digest.update(b"%d texts " % len(side))
            for text in side:
                data = text.encode("utf-8", "surrogatepass")
                digest.update(b"%d " % len(data) + data)
        return digest.hexdigest()


def folded(text: str) -> str:
    """A text without case, blanks and punctuation; where nothing else is left, as it is.

    >>> folded("A fine  film!"), folded("...")
    ('afinefilm', '...')
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _SIGNS.sub("", plain) or plain


def components(pairs: Pairs) -> Ints:
    """The number [N] of the group of each pair: pairs with an equal side, by whatever chain, are of one group.

    A sentence with three translations would otherwise be learnt from with one and evaluated with another.

    >>> components(Pairs(("a", "b", "a", "d"), ("x", "y", "y", "z"))).tolist()
    [0, 0, 0, 1]
    """
    from scipy.sparse.csgraph import connected_components  # half a second to import

    count = len(pairs)
    sides = [pairs.sources] if pairs.targets is None else [pairs.sources, pairs.targets]
    rows, columns, offset = [], [], count
    for side in sides:
        numbers: dict[str, int] = {}
        for row, text in enumerate(side):
            rows.append(row)
            columns.append(offset + numbers.setdefault(folded(text), len(numbers)))
        offset += len(numbers)
    edges = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(offset, offset))
    _, labels = connected_components(edges, directed=False)
    return np.unique(labels[:count], return_inverse=True)[1].astype(np.int64)


def fingerprints(pairs: Pairs) -> Ints:
    """The different fingerprints of the sources, in rising order."""
    return np.unique(prints(pairs.sources))


def prints(texts: Sequence[str]) -> Ints:
    """A number for each text [N], equal for texts that are `folded` alike."""
    made: Any = [int.from_bytes(blake2b(folded(t).encode(), digest_size=8).digest(), "little") for t in texts]
    return np.array(made, dtype=np.uint64).view(np.int64)
