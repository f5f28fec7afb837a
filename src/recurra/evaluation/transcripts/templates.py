"""The text of the nearest recording that was learnt from, after dynamic time warping: isolated words before networks.

    D(i, j) = d(i, j) + min(D(i-1, j), D(i, j-1), D(i-1, j-1)),  distance = D(I, J) / (I + J)

d is the Euclidean distance of two normalised frames. Source: Sakoe, Chiba (1978), "Dynamic programming algorithm
optimization for spoken word recognition"; all templates are compared at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.checking import require
from recurra.data.examples.ragged import Ragged

Floats = npt.NDArray[np.floating]

MOST = 600  # templates
FRAMES = 60  # of a template and of what is compared with it; longer ones are thinned out


@dataclass(frozen=True, eq=False)
class Templates:
    """Recordings [N] as thinned frames, and their texts."""

    frames: npt.NDArray[np.float32]  # end to end [sum of T, C]
    offsets: npt.NDArray[np.int64]  # [N + 1]
    texts: tuple[str, ...]

    def check(self) -> None:
        """Refuse numbers of frames and texts that do not belong together."""
        require(len(self.texts) == len(self.offsets) - 1, "templates and texts differ in number")
        _ = Ragged(self.frames, self.offsets)

    @classmethod
    def learn(cls, normal: Ragged, texts: Sequence[str], *, most: int = MOST, seed: int = 0) -> Templates:
        """Of normalised frames: of every text as many as of any other, at random, at most `most` together."""
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(texts))
        often: dict[Any, int] = {}
        rank = np.empty(len(texts), dtype=np.int64)
        for k in order.tolist():
            rank[k] = often[texts[k]] = often.get(texts[k], -1) + 1
        chosen = np.sort(order[np.argsort(rank[order], kind="stable")][:most])
        kept = Ragged.of([_thinned(normal[int(k)]) for k in chosen])
        return cls(kept.values.astype(np.float32), kept.offsets, tuple(texts[int(k)] for k in chosen))

    def nearest(self, normal: Ragged) -> list[str]:
        """The text of the nearest template of each recording."""
        every = Ragged(self.frames, self.offsets)
        lengths = every.lengths
        longest = int(lengths.max())
        padded = np.zeros((longest, len(every), self.frames.shape[1]), np.float32)
        for k in range(len(every)):
            padded[: lengths[k], k] = every[k]
        squares = np.square(padded).sum(axis=2)
        found = []
        for n in range(len(normal)):
            frames = _thinned(normal[n])
            found.append(self.texts[int(_distances(frames, padded, squares, lengths).argmin())] if len(frames) else "")
        return found


def _distances(frames: Floats, padded: Floats, squares: Floats, lengths: npt.NDArray[np.int64]) -> Floats:
    """Of frames [I, C] to all templates [N]; `padded` [J, N, C]."""
    own = np.square(frames).sum(axis=1)
    products = np.einsum("ic,jnc->ijn", frames, padded, optimize=True)
    d = np.sqrt(np.maximum(own[:, None, None] + squares - 2 * products, 0.0))  # [I, J, N]
    row = np.cumsum(d[0], axis=0)
    for i in range(1, len(frames)):
        best = row.copy()
        best[1:] = np.minimum(row[1:], row[:-1])
        after = np.empty_like(row)
        after[0] = d[i, 0] + best[0]
        for j in range(1, len(row)):
            after[j] = d[i, j] + np.minimum(best[j], after[j - 1])
        row = after
    return row[lengths - 1, np.arange(len(lengths))] / (len(frames) + lengths)


def _thinned(frames: Floats) -> Floats:
    """At most `FRAMES` frames: the means of as many equal stretches."""
    if len(frames) <= FRAMES:
        return frames
    edges = np.linspace(0, len(frames), FRAMES + 1).astype(np.int64)
    return np.add.reduceat(frames, edges[:-1], axis=0) / np.diff(edges)[:, None]
