"""A linear model of what is no sequence: the numbers and categories of columns, and images seen from afar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recurra.checking import check_standardising, require
from recurra.data.encoders.reader import Fixed
from recurra.evaluation.labelled.series_summary import spread_of, standardised
from recurra.evaluation.shared.sparse import Sparse

Floats = npt.NDArray[np.floating]

CELLS = 8  # along each side of an image, whose means are its features
MOST_CATEGORIES = 4096  # of a column that have a coefficient, the most frequent ones; all others share that of unknown


@dataclass(frozen=True, eq=False)
class FixedModel:
    """outputs = features `coefficients` [D, K] + `intercepts` [K].

    Features are the numbers, less `mean` and divided by `scale` [M], and a 1 for the category of each column: one of
    `sizes` codes from 1 up, or 0, unknown.
    """

    mean: Floats
    scale: Floats
    sizes: tuple[int, ...]
    coefficients: Floats
    intercepts: Floats

    def check(self) -> None:
        """Refuse coefficients of other numbers and categories than it has."""
        check_standardising(self.mean, self.scale)
        require(all(size >= 0 for size in self.sizes), f"columns of {self.sizes} categories")
        width = len(self.mean) + sum(self.sizes) + len(self.sizes)
        require(self.coefficients.shape == (width, *self.intercepts.shape), "the coefficients are of other features")

    def outputs(self, fixed: Fixed) -> Floats:
        """Logits or values [N, K]."""
        return fixed_features(fixed, self.mean, self.scale, self.sizes) @ self.coefficients + self.intercepts

    def contributions(self, fixed: Fixed) -> Floats:
        """What each number and each category of columns adds to the outputs [N, M + C, K].

        Measured against an example whose numbers are all 0 (the training part's mean) and whose categories are unknown.
        """
        numbers = fixed.values.astype(np.float64) / self.scale[1:]  # the first says whether the input is there
        shares = [numbers[:, :, None] * self.coefficients[1 : len(self.scale)]]
        first = len(self.mean)
        for k, size in enumerate(self.sizes):
            assert fixed.codes is not None
            codes = np.where(fixed.codes[:, k] <= size, fixed.codes[:, k], 0)
            own = self.coefficients[first : first + size + 1]
            shares.append((own[codes] - own[0])[:, None])
            first += size + 1
        return np.concatenate(shares, axis=1)


def fixed_block(fixed: Fixed) -> tuple[Sparse, Callable[[Floats], FixedModel]]:
    """The features [N, D] of an input, and its model, with intercepts of 0, of their coefficients [D, K]."""
    (mean, scale), sizes = spread_of(numbers_of(fixed)), sizes_of(fixed)
    features = fixed_features(fixed, mean, scale, sizes)
    return features, lambda w: FixedModel(mean, scale, sizes, w, np.zeros(w.shape[1]))


def fixed_features(fixed: Fixed, mean: Floats, scale: Floats, sizes: tuple[int, ...]) -> Sparse:
    """The features [N, D] of a `FixedModel`."""
    numbers = sparse.csr_matrix(standardised(numbers_of(fixed), mean, scale))
    return sparse.hstack([numbers, _categories(fixed, sizes)], format="csr")


def numbers_of(fixed: Fixed) -> Floats:
    """Whether an input is there, and its numbers [N, M]: of images the means of `CELLS` x `CELLS` cells per channel."""
    values = fixed.values.astype(np.float64)
    if values.ndim == 4:
        values = _coarse(_coarse(values, 2), 3).reshape(len(values), -1)
    return np.hstack([fixed.there[:, None].astype(np.float64), values])


def sizes_of(fixed: Fixed) -> tuple[int, ...]:
    """How many categories of each column get a coefficient."""
    if fixed.codes is None:
        return ()
    return tuple(np.minimum(fixed.codes.max(axis=0, initial=0), MOST_CATEGORIES).tolist())


def _categories(fixed: Fixed, sizes: tuple[int, ...]) -> Sparse:
    """A 1 for the code of each column [N, sum of (size + 1)]."""
    codes = np.zeros((len(fixed), 0), np.int64) if fixed.codes is None else fixed.codes
    widths = np.array(sizes, dtype=np.int64) + 1
    columns = np.where(codes < widths, codes, 0) + np.cumsum(widths) - widths
    pointer = np.arange(len(fixed) + 1) * len(sizes)
    shape = (len(fixed), int(widths.sum()))
    return sparse.csr_matrix((np.ones(columns.size), columns.ravel(), pointer), shape=shape)


def _coarse(images: Floats, axis: int) -> Floats:
    """The means of `CELLS` stretches of an axis; of a shorter axis, some of its places several times."""
    starts = np.arange(CELLS) * images.shape[axis] // CELLS
    sums = np.add.reduceat(images, starts, axis=axis)
    widths = np.maximum(np.diff(starts, append=images.shape[axis]), 1)
    return sums / np.expand_dims(widths, tuple(range(1, images.ndim - axis)))
