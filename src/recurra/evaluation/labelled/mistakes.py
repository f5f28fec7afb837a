"""Where a model errs: by class, by pair of classes, by label, by output."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.evaluation.labelled.ranks import auc
from recurra.evaluation.labelled.scores import HALF, score_values
from recurra.evaluation.shared.bootstrap import ratio

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

MOST_CLASSES = 25  # whose confusion is given whole
MOST_PAIRS = 50


def per_class(truth: Ints, probabilities: Floats, names: Sequence[object], chosen: Ints | None = None) -> pd.DataFrame:
    """A row per class: class, count, precision, recall, f1, auc (against the rest); NaN where not defined.

    `chosen` [N] are the classes that are said, by default the likeliest ones.
    """
    said = probabilities.argmax(axis=1) if chosen is None else chosen
    one_hot = truth[:, None] == np.arange(len(names))
    return _by_column(one_hot, said[:, None] == np.arange(len(names)), probabilities, names)


def per_label(truth: Floats, probabilities: Floats, names: Sequence[object]) -> pd.DataFrame:
    """The same for labels [N, K] that hold or not, each where it is known (not NaN); said from one half up."""
    return _by_column(truth, probabilities >= HALF, probabilities, names)


def per_output(truth: Floats, values: Floats, names: Sequence[object]) -> pd.DataFrame:
    """A row per output: output, count, and its scores."""
    rows = []
    for k, name in enumerate(names):
        known = ~np.isnan(truth[:, k])
        scores = score_values(truth[known, k : k + 1], values[known, k : k + 1])
        rows.append({"output": name, "count": int(known.sum()), **{key: score.value for key, score in scores.items()}})
    return pd.DataFrame(rows)


def confusion(truth: Ints, predicted: Ints, names: Sequence[object]) -> pd.DataFrame:
    """How often each class was taken for each: truth, predicted, count.

    Up to 25 classes all pairs, zeros included; of more the 50 most frequent confusions of one class with another.

    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), ["no", "yes"])["count"].tolist()
    [1, 1, 0, 1]
    """
    k = len(names)
    labels = np.empty(k, dtype=object)
    labels[:] = list(names)
    if k <= MOST_CLASSES:
        counts = np.bincount(truth * k + predicted, minlength=k * k)
        pairs = np.arange(k * k)
    else:
        wrong = truth != predicted
        pairs, counts = np.unique(truth[wrong] * k + predicted[wrong], return_counts=True)
        most = np.argsort(-counts, kind="stable")[:MOST_PAIRS]
        pairs, counts = pairs[most], counts[most]
    return pd.DataFrame({"truth": labels[pairs // k], "predicted": labels[pairs % k], "count": counts})


def _by_column(truth: npt.NDArray, said: npt.NDArray, score: Floats, names: Sequence[object]) -> pd.DataFrame:
    known = ~np.isnan(truth.astype(np.float64))
    true, said = known & (truth == 1), known & said
    right, held, claimed = (true & said).sum(axis=0), true.sum(axis=0), said.sum(axis=0)
    areas = [auc(true[known[:, k], k], score[known[:, k], k])[0] for k in range(len(names))]
    return pd.DataFrame(
        {
            "class": list(names),
            "count": held,
            "precision": ratio(right, claimed),
            "recall": ratio(right, held),
            "f1": ratio(2 * right, held + claimed),
            "auc": areas,
        }
    )
