"""The likeliest unit of every frame, repetitions joined, blanks taken out (Graves et al. 2006, section 3.2)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BLANK = 0


def best_path(scores: npt.NDArray[np.floating]) -> list[int]:
    """The units of scores [T, K], of which unit 0 is the blank.

    >>> best_path(np.eye(3)[[1, 1, 0, 1, 2, 2, 0]])
    [1, 1, 2]
    """
    path = scores.argmax(axis=1) if len(scores) else np.zeros(0, dtype=np.int64)
    return collapsed(path.tolist())


def collapsed(path: list[int]) -> list[int]:
    """A path of units, frame by frame, as what it spells."""
    return [unit for unit, before in zip(path, [BLANK, *path], strict=False) if unit not in (BLANK, before)]


def frames_needed(units: npt.ArrayLike) -> int:
    """The fewest frames in which units can be spelled: one each, and a blank between two that are alike.

    >>> frames_needed([1, 1, 2]), frames_needed([])
    (4, 0)
    """
    given = np.asarray(units)
    return len(given) + int((given[1:] == given[:-1]).sum())
