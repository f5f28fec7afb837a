"""Ridge regression as plain arrays, with the penalty that serves a held-out fifth best; scikit-learn's.

    w, b = argmin  |y - x w - b|^2 + penalty |w|^2

and the same on k-mers or n-grams: the baseline that regressors of texts and symbols must beat.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import Ridge
from threadpoolctl import threadpool_limits

from recurra.data.examples.ragged import Ragged
from recurra.errors import InputError
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.evaluation.shared.ngrams import MOST, fit_ngrams
from recurra.evaluation.shared.sparse import Sparse
from recurra.language import _

Floats = npt.NDArray[np.floating]

PENALTIES = tuple(10.0**power for power in (-2, -1.5, -1, -0.5, 0, 0.5, 1, 2, 3))  # squared features add up to about 1
HELD_OUT = 5  # one in so many examples chooses the penalty
LEAST_EXAMPLES = 10  # fewer choose none


def fit_ridge(x: Floats | Sparse, values: npt.ArrayLike, *, seed: int = 0) -> tuple[Floats, Floats]:
    """Coefficients [D, K] and intercepts [K] from features `x` [N, D] and `values` [N, K], NaN where missing.

    Each output has its own penalty, and counts the examples where it is known; without any it is 0.
    """
    truth = np.asarray(values, dtype=np.float64)
    coefficients, intercepts = np.zeros((x.shape[1], truth.shape[1])), np.zeros(truth.shape[1])
    for k, y in enumerate(truth.T):
        known = np.flatnonzero(~np.isnan(y))
        if not len(known):
            continue
        if not x.shape[1]:
            intercepts[k] = y[known].mean()
            continue
        with threadpool_limits(1):
            model = _solve(x[known], y[known], _choose(x[known], y[known], seed))
        coefficients[:, k], intercepts[k] = model.coef_, model.intercept_
    return coefficients, intercepts


def fit_ngram_ridge(
    tokens: Ragged, values: npt.ArrayLike, *, orders: Sequence[int] = (1, 2, 3), most: int = MOST
) -> NGramModel:
    """Learn the values [N, K] of sequences (NaN: missing) from the n-grams of their token ids; outputs are values.

    For words orders (1, 2) serve best, for symbols (1, .., k). Raises InputError where the lengths differ.

    >>> dna = Ragged.of([[0, 1], [0, 0], [1, 1], [1, 0]] * 10)
    >>> model = fit_ngram_ridge(dna, [[3.0], [1.0], [1.0], [1.0]] * 10)
    >>> model.outputs(dna.take([0, 1])).round(1).tolist()
    [[3.0], [1.0]]
    """
    truth = np.asarray(values, dtype=np.float64)
    if truth.ndim != 2 or len(truth) != len(tokens):
        raise InputError(
            _(
                "values has shape {shape}, but there are {n_tokens} sequences: expected [N, K]",
                shape=truth.shape,
                n_tokens=len(tokens),
            )
        )
    grams = fit_ngrams(tokens, orders=orders, most=most)
    w, b = fit_ridge(grams.matrix(tokens, values="normalised"), truth)
    return NGramModel(grams, w.astype(np.float32), b.astype(np.float32), "normalised")


def _choose(x: Floats | Sparse, y: Floats, seed: int) -> float:
    """The penalty with the smallest squared error on every fifth example of a random order."""
    if len(y) < LEAST_EXAMPLES:
        return 1.0
    order = np.random.default_rng(seed).permutation(len(y))
    held, rest = order[::HELD_OUT], np.delete(order, np.s_[::HELD_OUT])

    def error(penalty: float) -> float:
        return float(np.square(y[held] - _solve(x[rest], y[rest], penalty).predict(x[held])).mean())

    return min(PENALTIES, key=error)


def _solve(x: Floats | Sparse, y: Floats, penalty: float) -> Ridge:
    solver = "cholesky" if isinstance(x, np.ndarray) else "sparse_cg"
    return Ridge(alpha=penalty, solver=solver, tol=1e-5).fit(x, y)
