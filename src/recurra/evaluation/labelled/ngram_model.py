"""A linear model of n-grams as plain arrays, and what each token of a sequence adds to its outputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.checking import require
from recurra.data.examples.ragged import Ragged
from recurra.evaluation.shared.ngrams import NGrams, Values

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class NGramModel:
    """outputs = features(tokens) coefficients + intercepts: logits of K classes or labels, or K values.

    `coefficients` [D, K] belong to the columns of `grams` and `intercepts` are [K], both float32; `values` says what a
    feature is (`NGrams.matrix`).
    """

    grams: NGrams
    coefficients: Floats
    intercepts: Floats
    values: Values = "binary"

    def check(self) -> None:
        """Refuse coefficients of other n-grams than its own."""
        shape = (len(self.grams.keys), *self.intercepts.shape)
        require(self.coefficients.shape == shape, "the coefficients are of other n-grams")

    def outputs(self, tokens: Ragged) -> Floats:
        """The outputs [N, K], float64."""
        return self.grams.matrix(tokens, values=self.values) @ self.coefficients.astype(np.float64) + self.intercepts

    def contributions(self, tokens: Ragged) -> Floats:
        """What each token adds to each output [N_total, K], float64.

        What an n-gram adds is shared equally among the places where it stands, and there among its tokens. The
        contributions of a sequence add up to its outputs less the intercepts.
        """
        features = self.grams.matrix(tokens, values=self.values)
        counts = self.grams.matrix(tokens, values="counts")
        each = features.data / counts.data  # both hold the same cells in the same order
        rows = np.repeat(np.arange(len(tokens)), np.diff(counts.indptr))
        cells = rows * len(self.grams) + counts.indices
        shares = np.zeros((len(tokens.values), self.coefficients.shape[1]))
        for found in self.grams.occurrences(tokens):
            value = each[np.searchsorted(cells, found.row * len(self.grams) + found.column)] / found.order
            added = value[:, None] * self.coefficients[found.column]
            for place in range(found.order):
                shares[found.step + place] += added  # no step twice: an n-gram starts at a step once
        return shares
