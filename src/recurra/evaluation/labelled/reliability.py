"""Whether probabilities are as right as they say: confidence beside the share that was right, bin by bin."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

BINS = 15
EACH = 50  # examples that a bin holds at least: of fewer the share that is right says little


def bins_for(count: int) -> int:
    """How many bins so many examples are put into: 15, or fewer of about 50 each."""
    return min(BINS, max(1, count // EACH))


def equal_mass_bins(confidence: Floats, bins: int | None = None) -> Ints:
    """The bin [N], 0 and up, of each confidence [N]: `bins` (`bins_for` so many) of about equal count.

    Equal confidences share a bin.

    >>> equal_mass_bins(np.array([0.9, 0.6, 0.6, 0.8]), bins=2)
    array([1, 0, 0, 1])
    """
    if not len(confidence):
        return np.zeros(0, dtype=np.int64)
    bins = bins_for(len(confidence)) if bins is None else bins
    inner = np.quantile(confidence, np.arange(1, bins) / bins)
    return np.unique(np.searchsorted(inner, confidence, side="right"), return_inverse=True)[1]


def top_class(probabilities: Floats, truth: Ints) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The probability [N] of the likeliest class of each example, and whether it is the truth."""
    top = probabilities.argmax(axis=-1)
    return np.take_along_axis(probabilities, top[..., None], axis=-1)[..., 0], top == truth


def reliability(confidence: Floats, right: npt.ArrayLike, bins: int | None = None) -> pd.DataFrame:
    """A row per bin: bin, confidence (mean), right (share, 0 to 1), count; 15 bins, or fewer of about 50 examples.

    `confidence` [N] is what was said, 0 to 1, and `right` [N] whether it came true: for classes the likeliest one
    (`top_class`), for labels each label's probability.
    """
    frame = pd.DataFrame({"confidence": confidence, "right": np.asarray(right, dtype=np.float64)})
    groups = frame.groupby(equal_mass_bins(np.asarray(confidence), bins))
    table = groups.mean().assign(count=groups.size())
    table.index.name = "bin"
    return table.reset_index()
