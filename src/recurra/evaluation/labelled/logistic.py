"""Logistic regression as plain arrays, whatever classes the training part happens to hold; scikit-learn's."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from recurra.evaluation.shared.sparse import Sparse

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

ITERATIONS = 200


def fit_softmax(
    x: Floats | Sparse, labels: Ints, classes: int, *, strength: float = 1.0, weights: Floats | None = None
) -> tuple[Floats, Floats]:
    """Coefficients [D, K] and intercepts [K] of K `classes` from features `x` [N, D] and `labels` [N], all known.

    argmin  |w|^2 / (2 strength) + sum of weight x log loss of softmax(x w + b); for two classes w and b are opposite.
    A class without an example gets no coefficient, and an intercept that makes it as rare as nothing among N + 1
    examples.

    >>> w, b = fit_softmax(np.array([[-1.0], [1.0]]), np.array([0, 2]), 3)
    >>> np.round(w, 2).tolist(), bool(b[1] < b[0])
    ([[-0.34, 0.0, 0.34]], True)
    """
    coefficients, intercepts = np.zeros((x.shape[1], classes)), np.zeros(classes)
    present = np.unique(labels)
    if len(present) > 1 and x.shape[1]:
        model = LogisticRegression(C=strength, max_iter=ITERATIONS)
        # Threads that wait for each other cost the optimiser's short vectors ten times what they save.
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore", ConvergenceWarning)  # short of the optimum it is a baseline all the same
            warnings.filterwarnings("ignore", message="The number of unique classes is greater", category=UserWarning)
            model.fit(x, labels, sample_weight=weights)
        w, b = model.coef_.T, model.intercept_
        if len(present) == 2:
            w, b = np.hstack([-w / 2, w / 2]), np.concatenate([-b / 2, b / 2])
        coefficients[:, present], intercepts[present] = w, b
    elif len(present) > 1:
        share = np.bincount(labels, weights=weights, minlength=classes)[present]
        intercepts[present] = np.log(share / share.sum())
    absent = np.setdiff1d(np.arange(classes), present)
    intercepts[absent] = (intercepts[present].min() if len(present) else 0.0) - np.log(len(labels) + 1)
    return coefficients, intercepts


def fit_sigmoid(
    x: Floats | Sparse, labels: Ints, *, strength: float = 1.0, weights: Floats | None = None
) -> tuple[Floats, float]:
    """Coefficients [D] and intercept of a label that holds (1) or not (0): the logit of its probability."""
    w, b = fit_softmax(x, labels, 2, strength=strength, weights=weights)
    return w[:, 1] - w[:, 0], float(b[1] - b[0])


def label_weights(labels: Ints, weight: float | None) -> Floats | None:
    """The weight [N] of each example of a label [N], where one that has it weighs `weight` as much as one without."""
    return None if weight is None else np.where(labels == 1, weight, 1.0)
