"""Which score of classes decides the verdict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def leading_of_classes(counts: Sequence[int] | npt.NDArray[np.integer]) -> str:
    """ "accuracy", or "balanced accuracy" where classes are very unequal, from the test `counts` of the classes.

    Very unequal: the most frequent class holds more than half-way between an equal share and everything, (1 + 1 / K) /
    2 with K classes that occur: three quarters for two classes, 55 % for ten. Saying that class always would then
    score more than half of what there is to gain.

    >>> leading_of_classes([60, 40]), leading_of_classes([80, 20])
    ('accuracy', 'balanced accuracy')
    """
    known = np.asarray(counts)[np.asarray(counts) > 0]
    if len(known) < 2:
        return "accuracy"
    return "balanced accuracy" if known.max() / known.sum() > (1 + 1 / len(known)) / 2 else "accuracy"
