"""What a generator has by heart: passages of what it made that stand word for word in what it learnt from.

A run of n symbols is known again by its hash (`data.examples.containment`). Held-out text, evaluated alike, says how
much of that is the language's own: set phrases occur in both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.data.examples.containment import Hashes

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Passage:
    """`length` symbols that stand at `place` in what was made and at `source` in what was learnt from."""

    place: int
    source: int
    length: int


def copied_share(made: Ints, learnt: Ints, run: int) -> float:
    """The share of the symbols of `made` that lie in a run of `run` symbols of `learnt`; NaN where it is shorter."""
    if len(made) < run or len(learnt) < run:
        return float("nan")
    return float(_covered(_starts(made, learnt, run), len(made), run).mean())


def prints_of(learnt: Ints, run: int) -> npt.NDArray[np.uint64]:
    """Hashes of the runs of `run` symbols end to end in a sequence, by which it is known again."""
    return np.unique(Hashes(learnt).of(np.arange(0, max(0, len(learnt) - run + 1), run), run))


def known_share(text: Ints, prints: npt.NDArray[np.uint64], run: int) -> float:
    """About which share of a text stands in the sequence of these `prints`: of its runs, one in `run` is among them."""
    if len(text) < run or not len(prints):
        return 0.0
    own = Hashes(text).of(np.arange(len(text) - run + 1), run)
    at = np.minimum(np.searchsorted(prints, own), len(prints) - 1)
    return float(min(1.0, run * (prints[at] == own).mean()))


def passages(made: Ints, learnt: Ints, *, least: int, most: int = 5) -> list[Passage]:
    """The longest passages of `made` that stand in `learnt`, none within another, at least `least` symbols long."""
    if len(made) < least or len(learnt) < least:
        return []
    own, theirs = Hashes(made), Hashes(learnt)
    places = np.arange(len(learnt) - least + 1)
    hashes = theirs.of(places, least)
    order = np.argsort(hashes, kind="stable")
    starts = np.flatnonzero(_starts(made, learnt, least))
    wanted = own.of(starts, least)
    low = np.searchsorted(hashes[order], wanted, side="left")
    found: list[Passage] = []
    end = 0
    for start, first, value in zip(starts.tolist(), low.tolist(), wanted, strict=True):
        if start + least <= end:
            continue  # within the passage before
        best = Passage(start, 0, 0)
        for at in order[first : first + 50]:
            if hashes[at] != value:
                break
            length = _same(made[start:], learnt[at:])
            if length > best.length:
                best = Passage(start, int(at), length)
        if best.length >= least:
            found.append(best)
            end = start + best.length
    return sorted(found, key=lambda passage: -passage.length)[:most]


def _starts(made: Ints, learnt: Ints, run: int) -> npt.NDArray[np.bool_]:
    """Whether a run of `learnt` begins at each place of `made`."""
    theirs = np.unique(Hashes(learnt).of(np.arange(len(learnt) - run + 1), run))
    own = Hashes(made).of(np.arange(len(made) - run + 1), run)
    at = np.minimum(np.searchsorted(theirs, own), len(theirs) - 1)
    return theirs[at] == own


def _covered(starts: npt.NDArray[np.bool_], size: int, run: int) -> npt.NDArray[np.bool_]:
    edges = np.zeros(size + 1, dtype=np.int64)
    at = np.flatnonzero(starts)
    np.add.at(edges, at, 1)
    np.add.at(edges, at + run, -1)
    return edges.cumsum()[:size] > 0


def _same(a: Ints, b: Ints) -> int:
    """How many symbols two sequences have in common from their beginning."""
    n = min(len(a), len(b))
    different = np.flatnonzero(a[:n] != b[:n])
    return int(different[0]) if len(different) else n
