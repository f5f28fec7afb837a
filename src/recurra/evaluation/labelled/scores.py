"""Scores of classes, tags, labels and values as functions of sums over examples (`bootstrap.Score`).

All take truths and the model's probabilities or values as arrays in which every row counts: missing truths of classes
and tags (-1) are to be left out before (`known_rows`), single missing labels and values are NaN. A score that is not
defined (a class that never occurs, truths that are all equal) is NaN.

Accuracy, balanced accuracy (mean recall of the classes that occur), macro F1 (mean over the classes that occur or are
predicted), ROC-AUC (macro, one against the rest), log loss, Brier score (sum over the classes of squared differences),
calibration error (expected, of the likeliest class, in the bins of `reliability`: Naeini, Cooper, Hauskrecht 2015);
micro F1 and subset accuracy for labels; MAE, RMSE, R2, Spearman's and Pearson's correlation for values (means over
outputs).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recurra.data.encoders.standardising import unit_of
from recurra.evaluation.labelled.ranks import macro_auc, spearman
from recurra.evaluation.labelled.reliability import equal_mass_bins, top_class
from recurra.evaluation.shared.bootstrap import Score, linear, mean_score, ratio
from recurra.evaluation.shared.sparse import Sparse

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

LEAST_PROBABILITY = float(np.finfo(np.float64).eps)  # a log loss stays finite; as scikit-learn
HALF = 0.5


def score_classes(truth: Ints, probabilities: Floats, *, chosen: Ints | None = None) -> dict[str, Score]:
    """Scores of classes `truth` [N] (0 .. K-1) given probabilities [N, K]; of tags likewise, a row per step.

    `chosen` [N] are the classes that are said, by default the likeliest ones.

    >>> found = score_classes(np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]))
    >>> round(found["accuracy"].value, 3), round(found["log loss"].value, 3)
    (0.667, 0.415)
    """
    n, k = probabilities.shape
    one_hot = (truth[:, None] == np.arange(k)).astype(np.float64)
    confidence, right = top_class(probabilities, truth)
    said = probabilities.argmax(axis=1) if chosen is None else chosen
    counts = _counts(truth, said, k)
    of_truth = probabilities[np.arange(n), truth]
    ranked = one_hot[:, 1:] if k == 2 else one_hot  # of two classes one tells all
    return {
        "accuracy": mean_score(said == truth),
        "balanced accuracy": Score(counts, _balanced),
        "macro F1": Score(counts, _macro_f1),
        "ROC-AUC": macro_auc(ranked, probabilities[:, 1:] if k == 2 else probabilities),
        "log loss": mean_score(-np.log(np.clip(of_truth, LEAST_PROBABILITY, 1.0))),
        "Brier": mean_score(np.square(probabilities - one_hot).sum(axis=1)),
        "calibration error": _calibration_error(confidence, right),
    }


def score_labels(truth: Floats, probabilities: Floats) -> dict[str, Score]:
    """Scores of K labels [N, K] (1, 0; NaN: missing) given the probability of each; a label is said from one half up.

    Log loss is over single labels; subset accuracy over the examples with all labels known.
    """
    known = ~np.isnan(truth)
    held = np.where(known, truth, 0.0)
    said = np.where(known, probabilities >= HALF, 0.0)
    counts = np.stack([held * said, held, said], axis=-1).reshape(len(truth), -1)
    whole = known.all(axis=1).astype(np.float64)
    exact = whole * (said == held).all(axis=1)
    p = np.clip(np.where(truth == 1, probabilities, 1.0 - probabilities), LEAST_PROBABILITY, 1.0)
    losses = np.stack([np.where(known, -np.log(p), 0.0).sum(axis=1), known.sum(axis=1)], axis=1)
    return {
        "macro AUC": macro_auc(truth, probabilities),
        "macro F1": Score(counts, _macro_f1),
        "micro F1": Score(counts, _micro_f1),
        "subset accuracy": Score(np.stack([exact, whole], axis=1), _first_by_second),
        "log loss": Score(losses, _first_by_second),
    }


def score_values(truth: Floats, values: Floats) -> dict[str, Score]:
    """Scores of values [N, K] against truths [N, K] (NaN: missing); MAE and RMSE are in the unit of the target."""
    known = ~np.isnan(truth)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, truth, 0.0).sum(axis=0) / count
    y, f = np.where(known, truth - centre, 0.0), np.where(known, values - centre, 0.0)
    unit = unit_of(np.concatenate([y, f]))
    y, f = y / unit, f / unit
    error = y - f
    parts = [known, y, y**2, f, f**2, y * f, np.abs(error), error**2]
    moments = np.stack(parts, axis=1).reshape(len(truth), -1).astype(np.float64)
    outputs = truth.shape[1]

    def score(of) -> Score:
        def mean_over_outputs(sums: Floats) -> Floats:
            return np.mean(of(*np.moveaxis(sums.reshape(*sums.shape[:-1], len(parts), outputs), -2, 0)), axis=-1)

        return Score(moments, mean_over_outputs)

    return {
        "R2": score(lambda n, y, yy, f, ff, yf, a, ee: 1.0 - ratio(ee, yy - ratio(y**2, n))),
        "MAE": score(lambda n, y, yy, f, ff, yf, a, ee: unit * ratio(a, n)),
        "RMSE": score(lambda n, y, yy, f, ff, yf, a, ee: unit * np.sqrt(ratio(ee, n))),
        "Spearman": _mean_spearman(truth, values),
        "Pearson": score(_pearson),
    }


def known_rows(truth: npt.NDArray) -> npt.NDArray[np.bool_]:
    """Which rows hold a truth: not -1 for classes [N], at least one not NaN for labels and values [N, K]."""
    return np.asarray(truth >= 0) if truth.ndim == 1 else np.asarray(~np.isnan(truth).all(axis=1))


def _counts(truth: Ints, predicted: Ints, classes: int) -> Sparse:
    """For each class: right, true, predicted [N, 3 K]; three ones a row at most."""
    rows = np.arange(len(truth))
    right = rows[truth == predicted]
    places = (np.concatenate([right, rows, rows]), np.concatenate([3 * truth[right], 3 * truth + 1, 3 * predicted + 2]))
    found = sparse.csr_matrix((np.ones(len(places[0])), places), shape=(len(truth), 3 * classes))
    return found.toarray() if classes <= 4 else found  # so few columns are quicker as they are


def _by_class(sums: Floats) -> tuple[Floats, Floats, Floats]:
    right, true, predicted = np.moveaxis(sums.reshape(*sums.shape[:-1], -1, 3), -1, 0)
    return right, true, predicted


def _balanced(sums: Floats) -> Floats:
    right, true, _ = _by_class(sums)
    recall = ratio(right, true)
    return ratio(np.nansum(recall, axis=-1), (true > 0).sum(axis=-1).astype(np.float64))


def _macro_f1(sums: Floats) -> Floats:
    right, true, predicted = _by_class(sums)
    f1 = ratio(2.0 * right, true + predicted)
    return ratio(np.nansum(f1, axis=-1), (true + predicted > 0).sum(axis=-1).astype(np.float64))


def _micro_f1(sums: Floats) -> Floats:
    right, true, predicted = (part.sum(axis=-1) for part in _by_class(sums))
    return ratio(2.0 * right, true + predicted)


def _first_by_second(sums: Floats) -> Floats:
    return ratio(sums[..., 0], sums[..., 1])


def _calibration_error(confidence: Floats, right: npt.NDArray[np.bool_]) -> Score:
    """Sum over the bins of |sum of confidence - right|, over N; the bins stay those of the whole."""
    bins = equal_mass_bins(confidence)
    width = int(bins.max()) + 1 if len(bins) else 1
    gaps = np.zeros((len(bins), width + 1))
    gaps[np.arange(len(bins)), bins] = confidence - right
    gaps[:, width] = 1.0
    return Score(gaps, lambda sums: ratio(np.abs(sums[..., :-1]).sum(axis=-1), sums[..., -1]))


def _pearson(n: Floats, y: Floats, yy: Floats, f: Floats, ff: Floats, yf: Floats, a: Floats, ee: Floats) -> Floats:
    covariance = yf - ratio(y * f, n)
    variances = (yy - ratio(y**2, n)) * np.where((constant := ff - ratio(f**2, n)) > 1e-12 * ff, constant, 0.0)
    return ratio(covariance, np.sqrt(np.maximum(variances, 0.0)))


def _mean_spearman(truth: Floats, values: Floats) -> Score:
    found, influence = [], np.zeros(len(truth))
    for y, f in zip(truth.T, values.T, strict=True):
        known = np.flatnonzero(~np.isnan(y))
        score = spearman(y[known], f[known])
        found.append(score.value)
        influence[known] += score.sums[:, 0] * len(truth) / max(len(known), 1)
    return linear(float(np.mean(found)), influence / len(found), -1.0, 1.0)
