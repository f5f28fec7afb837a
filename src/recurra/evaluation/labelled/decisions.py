"""Which class to say of given logits, so that a metric is large: log probability plus an offset for each class.

    class = argmax over k of z_k + offset_k,    offset_k = -t log(share_k),    0 <= t <= 3/2

With t = 0 the likeliest class is said, which serves accuracy; with t = 1 probabilities that are right are measured
against the classes' shares, which serves balanced accuracy (Bayes' rule for equal priors). The macro F1 wants something
between. t is chosen on examples that the model has not learnt from: of those within one standard error of the best
score, the nearest to what theory says.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recurra.evaluation.labelled.scores import score_classes
from recurra.evaluation.shared.bootstrap import resample

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

METRICS = {  # as it is asked for, and the column of the table
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "log_loss": "log loss",
}
_EXPECTED = {"balanced_accuracy": 1.0, "macro_f1": 0.5}  # t by theory, and half of it
_GRID = np.linspace(0.0, 1.5, 16)
_FEWEST, _MOST = 20, 20_000  # examples below which theory decides, and that are looked at
_DRAWS = 100


def fit_offset(logits: Floats, truth: Ints, metric: str, shares: Floats) -> Floats | None:
    """The offset [K] for logits [N, K] of held-out examples with classes `truth` [N] (-1: missing); None for none.

    `shares` [K] are those of the classes in training, as far as the model knows of them.

    >>> z = np.log([[0.8, 0.2], [0.85, 0.15], [0.9, 0.1], [0.95, 0.05]] * 20)
    >>> offset = fit_offset(z, np.array([1, 0, 0, 0] * 20), "balanced_accuracy", np.array([0.9, 0.1]))
    >>> (z + offset).argmax(axis=1)[:4].tolist()
    [1, 0, 0, 0]
    """
    if metric not in _EXPECTED:
        return None
    base = -np.log(np.maximum(shares, 1e-12))
    base = base - base.mean()
    expected = _EXPECTED[metric]
    known = np.flatnonzero(truth >= 0)
    known = known[np.linspace(0, len(known) - 1, min(len(known), _MOST)).astype(np.int64)] if len(known) else known
    if len(known) < _FEWEST or len(np.unique(truth[known])) < 2:
        return expected * base
    z, y = logits[known], truth[known]
    scores = {
        float(t): score_classes(y, _softmax(z), chosen=(z + t * base).argmax(axis=1))[METRICS[metric]] for t in _GRID
    }
    best = max(scores, key=lambda t: scores[t].value)
    drawn = resample({best: scores[best]}, draws=_DRAWS)[best]
    error = float(np.nanstd(drawn)) if len(drawn) else 0.0
    good = [t for t, score in scores.items() if score.value >= scores[best].value - error]
    return min(good, key=lambda t: abs(t - expected)) * base


def _softmax(z: Floats) -> Floats:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
