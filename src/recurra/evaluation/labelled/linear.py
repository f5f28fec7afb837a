"""N-grams with logistic regression: the baseline that classifiers of texts and symbols must beat.

Each feature is multiplied by how much it tells of the classes, its naive-Bayes log-count ratio, before the regression
(Wang and Manning 2012, "Baselines and bigrams", who take two classes and a linear support vector machine):

    p_k = smoothing + number of the examples of class k that hold an n-gram,    q_k = the same over all others
    r_k = log((p_k / |p_k|_1) / (q_k / |q_k|_1)),    scale = root mean square of r_k over the classes
    logits = (scale x) w + b,    w, b = argmin  |w|^2 / (2 STRENGTH) + sum of the log losses

The sign of r is of no account to a regression with a symmetric penalty, so one scale serves any number of classes; for
two it is |r|. It amounts to a penalty of 1 / scale^2 on the coefficient of x: what occurs equally often in all
classes, and what occurs once, is held near zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recurra.data.examples.ragged import Ragged
from recurra.errors import InputError
from recurra.evaluation.labelled.logistic import fit_sigmoid, fit_softmax, label_weights
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.evaluation.shared.ngrams import MOST, fit_ngrams
from recurra.evaluation.shared.sparse import Sparse
from recurra.language import _

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

SMOOTHING = 0.5
STRENGTH = (
    8.0  # sentences of film reviews: 78.7 % at 8 and at 16, 78.9 % at 2 and 4, but a log loss 2 to 7 % higher there
)
FEATURES = "normalised"
MOST_COEFFICIENTS = 2**22  # of all classes; the optimiser holds twenty vectors of so many numbers


def fit_ngram_classifier(
    tokens: Ragged,
    labels: npt.ArrayLike,
    classes: int,
    *,
    orders: Sequence[int] = (1, 2),
    class_weights: npt.ArrayLike | None = None,
    most: int = MOST,
) -> NGramModel:
    """Learn the logits of K `classes` from token ids and `labels` [N] (0 .. K-1, -1: missing, left out).

    `orders` are the lengths of the n-grams, `class_weights` [K] the weight of an example of each class, `most` the
    number of n-grams kept. A class without an example gets no coefficient, and an intercept that makes it as rare as
    nothing among N + 1 examples. Raises InputError where no label is known or the lengths differ.

    >>> texts = Ragged.of([[1, 2], [1, 3], [4, 2], [4, 3]])
    >>> fit_ngram_classifier(texts, [0, 0, 1, 1], 2).outputs(texts).argmax(axis=1)
    array([0, 0, 1, 1])
    """
    labels = np.asarray(labels)
    _check(tokens, labels.shape)
    known = labels >= 0
    if not known.any():
        raise InputError(_("labels holds no known class: at least one label from 0 up is needed"))
    grams = fit_ngrams(tokens.take(known), orders=orders, most=min(most, max(1, MOST_COEFFICIENTS // classes)))
    features, labels = grams.matrix(tokens.take(known), values=FEATURES), labels[known]
    weights = None if class_weights is None else np.asarray(class_weights, dtype=np.float64)[labels]
    scale = count_ratio_scale(features, labels)
    w, b = fit_softmax(_scaled(features, scale), labels, classes, strength=STRENGTH, weights=weights)
    return NGramModel(grams, (w * scale[:, None]).astype(np.float32), b.astype(np.float32), FEATURES)


def fit_ngram_labels(
    tokens: Ragged,
    labels: npt.ArrayLike,
    *,
    orders: Sequence[int] = (1, 2),
    class_weights: npt.ArrayLike | None = None,
    most: int = MOST,
) -> NGramModel:
    """Learn the logits of K labels that hold or not, each for itself, from `labels` [N, K] (1, 0; NaN or -1: missing).

    `class_weights` [K] is the weight of an example that has the label against one that has not; else as
    `fit_ngram_classifier`. An output is the logit of a sigmoid.
    """
    truth = np.asarray(labels, dtype=np.float64)
    _check(tokens, truth.shape[:1])
    count = truth.shape[1]
    grams = fit_ngrams(tokens, orders=orders, most=min(most, max(1, MOST_COEFFICIENTS // count)))
    features = grams.matrix(tokens, values=FEATURES)
    coefficients = np.zeros((len(grams), count), np.float32)
    intercepts = np.zeros(count, np.float32)
    for k in range(count):
        known = truth[:, k] >= 0  # false for NaN
        if not known.any():
            continue
        x, y = features[known], truth[known, k].astype(np.int64)
        scale = count_ratio_scale(x, y)
        weights = label_weights(y, None if class_weights is None else float(np.asarray(class_weights)[k]))
        w, b = fit_sigmoid(_scaled(x, scale), y, strength=STRENGTH, weights=weights)
        coefficients[:, k], intercepts[k] = w * scale, b
    return NGramModel(grams, coefficients, intercepts, FEATURES)


def count_ratio_scale(features: Sparse, labels: Ints) -> Floats:
    """The root mean square over the classes of the log-count ratios [D]; an example counts where a feature is not 0.

    Each class counts against all others together; with one class only, every scale is 1.
    """
    present, numbers = np.unique(labels, return_inverse=True)
    if len(present) < 2:
        return np.ones(features.shape[1])
    classes = np.repeat(numbers, np.diff(features.indptr))
    cells = classes * features.shape[1] + features.indices
    sums = np.bincount(cells, minlength=len(present) * features.shape[1]).reshape(len(present), -1)
    p, q = sums + SMOOTHING, sums.sum(axis=0) - sums + SMOOTHING
    r = np.log(p / p.sum(axis=1, keepdims=True)) - np.log(q / q.sum(axis=1, keepdims=True))
    return np.sqrt(np.mean(r**2, axis=0))


def _scaled(features: Sparse, scale: Floats) -> Sparse:
    data = features.data * scale[features.indices].astype(np.float32)
    return sparse.csr_matrix((data, features.indices, features.indptr), shape=features.shape)


def _check(tokens: Ragged, shape: tuple[int, ...]) -> None:
    if shape != (len(tokens),):
        raise InputError(
            _(
                "labels has shape {shape}, but there are {n_tokens} sequences: give one row for each",
                shape=shape,
                n_tokens=len(tokens),
            )
        )
