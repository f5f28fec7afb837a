"""What to say without looking at the example: the shares of the classes, the mean value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Constant:
    """The same outputs [K] for every example."""

    values: Floats

    def outputs(self, count: int) -> Floats:
        """The outputs [count, K]."""
        return np.tile(self.values, (count, 1))


def fit_class_shares(labels: npt.ArrayLike, classes: int) -> Constant:
    """Logits whose softmax are the shares of the classes 0 .. K-1 among labels of any shape (-1: missing).

    One example is shared out among all classes beforehand, so that none is impossible.

    >>> int(fit_class_shares([0, 0, 1, -1], 2).outputs(1).argmax())
    0
    """
    labels = np.asarray(labels)
    counts = np.bincount(labels[labels >= 0].ravel(), minlength=classes) + 1.0 / classes
    return Constant(np.log(counts / counts.sum()))


def fit_label_shares(labels: npt.ArrayLike) -> Constant:
    """Logits whose sigmoid are the shares of examples [N, K] that have each label (1, 0; NaN or -1: missing)."""
    truth = np.asarray(labels, dtype=np.float64)
    having, lacking = (truth == 1).sum(axis=0) + 0.5, (truth == 0).sum(axis=0) + 0.5
    return Constant(np.log(having / lacking))


def fit_mean(values: npt.ArrayLike) -> Constant:
    """The mean [K] of values [N, K], NaN where missing; 0 where none is known."""
    truth = np.asarray(values, dtype=np.float64)
    return Constant(np.nansum(truth, axis=0) / np.maximum((~np.isnan(truth)).sum(axis=0), 1))


def fit_median(values: npt.ArrayLike) -> Constant:
    """The median [K] of values [N, K], NaN where missing; 0 where none is known."""
    truth = np.asarray(values, dtype=np.float64)
    columns = [column[~np.isnan(column)] for column in truth.T]
    return Constant(np.array([np.median(column) if len(column) else 0.0 for column in columns]))
