"""One linear model of all inputs together: the baseline that a network of several inputs must beat.

    outputs = intercepts + sum over the inputs of features w

The features are those of the models of one input: n-grams of tokens, summaries of series and sounds, numbers and
categories of columns, coarse images. All coefficients are fitted at once, with the penalties that each kind of feature
has alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recurra.data.encoders.reader import Fixed
from recurra.data.examples.ragged import Ragged
from recurra.evaluation.labelled.fixed_model import FixedModel, fixed_block
from recurra.evaluation.labelled.linear import FEATURES, MOST_COEFFICIENTS, STRENGTH, count_ratio_scale
from recurra.evaluation.labelled.logistic import fit_sigmoid, fit_softmax, label_weights
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.evaluation.labelled.ridge import fit_ridge
from recurra.evaluation.labelled.series_summary import SummaryModel, spread_of, standardised, summarise
from recurra.evaluation.shared.ngrams import MOST, fit_ngrams
from recurra.evaluation.shared.sparse import Sparse

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]
Part = NGramModel | SummaryModel | FixedModel
Inputs = Mapping[str, Ragged | Fixed]
Orders = Mapping[str, Sequence[int]]


@dataclass(frozen=True, eq=False)
class JointModel:
    """outputs = `intercepts` [K] + the outputs of all `parts`, whose own intercepts are 0."""

    parts: dict[str, Part]
    intercepts: Floats

    def outputs(self, encoded: Inputs) -> Floats:
        """Logits or values [N, K] of examples that have the inputs of the fit."""
        found = self.intercepts
        for name in sorted(self.parts):
            column, part = encoded[name], self.parts[name]
            found = found + part.outputs(column)  # pyright: ignore[reportArgumentType]  # each has its kind of input
        return found


@dataclass(frozen=True, eq=False)
class _Block:
    """The features [N, D] of an input, and its model once their coefficients [D, K] are known."""

    features: Sparse
    made: Callable[[Floats], Part]
    counted: bool = False  # n-grams, which are weighed by how much they tell of the labels


def fit_joint_classifier(
    inputs: Inputs, labels: npt.ArrayLike, classes: int, *, orders: Orders, class_weights: npt.ArrayLike | None = None
) -> JointModel:
    """Logistic regression for `labels` [N], 0 .. K-1, -1 where missing; `orders` are the n-grams of inputs of tokens.

    >>> column = Fixed(np.array([[-1.0], [1.0]], np.float32), np.ones(2, bool))
    >>> model = fit_joint_classifier({"column": column}, [0, 1], 2, orders={})
    >>> model.outputs({"column": column}).argmax(axis=1)
    array([0, 1])
    """
    labels = np.asarray(labels)
    known = labels >= 0
    blocks = _blocks(inputs, orders, classes)
    weights = None if class_weights is None else np.asarray(class_weights, dtype=np.float64)[labels[known]]
    x, scale = _weighed(blocks, known, labels[known])
    w, b = fit_softmax(x, labels[known], classes, weights=weights)
    return _model(blocks, w * scale[:, None], b)


def fit_joint_labels(
    inputs: Inputs, labels: npt.ArrayLike, *, orders: Orders, class_weights: npt.ArrayLike | None = None
) -> JointModel:
    """Logistic regression for K labels that hold or not, `labels` [N, K] of 1 and 0, NaN or -1 where missing."""
    truth = np.asarray(labels, dtype=np.float64)
    blocks = _blocks(inputs, orders, truth.shape[1])
    width = sum(block.features.shape[1] for block in blocks.values())
    coefficients, intercepts = np.zeros((width, truth.shape[1])), np.zeros(truth.shape[1])
    for k, column in enumerate(truth.T):
        known = column >= 0  # false for NaN
        if not known.any():
            continue
        y = column[known].astype(np.int64)
        weights = label_weights(y, None if class_weights is None else float(np.asarray(class_weights)[k]))
        x, scale = _weighed(blocks, known, y)
        w, intercepts[k] = fit_sigmoid(x, y, weights=weights)
        coefficients[:, k] = w * scale
    return _model(blocks, coefficients, intercepts)


def fit_joint_ridge(inputs: Inputs, values: npt.ArrayLike, *, orders: Orders) -> JointModel:
    """Ridge regression for `values` [N, K], NaN where missing."""
    truth = np.asarray(values, dtype=np.float64)
    blocks = _blocks(inputs, orders, truth.shape[1])
    features = sparse.hstack([block.features for block in blocks.values()], format="csr")
    return _model(blocks, *fit_ridge(features, truth))


def _blocks(inputs: Inputs, orders: Orders, outputs: int) -> dict[str, _Block]:
    most = min(MOST, max(1, MOST_COEFFICIENTS // (outputs * max(len(orders), 1))))
    found = {}
    for name in sorted(inputs):  # a model file keeps no other order
        column = inputs[name]
        if isinstance(column, Fixed):
            found[name] = _Block(*fixed_block(column))
        elif name in orders:
            found[name] = _of_tokens(column, orders[name], most, outputs)
        else:
            found[name] = _of_series(column, outputs)
    return found


def _of_tokens(tokens: Ragged, orders: Sequence[int], most: int, outputs: int) -> _Block:
    grams, none = fit_ngrams(tokens, orders=orders, most=most), np.zeros(outputs, np.float32)
    features = grams.matrix(tokens, values=FEATURES)
    return _Block(features, lambda w: NGramModel(grams, w.astype(np.float32), none, FEATURES), counted=True)


def _of_series(series: Ragged, outputs: int) -> _Block:
    summaries, none = summarise(series), np.zeros(outputs)
    mean, scale = spread_of(summaries)
    features = sparse.csr_matrix(standardised(summaries, mean, scale))
    return _Block(features, lambda w: SummaryModel(mean, scale, w, none))


def _weighed(blocks: Mapping[str, _Block], known: npt.NDArray[np.bool_], labels: Ints) -> tuple[Sparse, Floats]:
    """The features of the `known` examples side by side, each times a scale [D] that lightens its penalty."""
    parts = [block.features[known] for block in blocks.values()]
    scale = np.concatenate(
        [
            np.sqrt(STRENGTH) * count_ratio_scale(part, labels) if block.counted else np.ones(part.shape[1])
            for part, block in zip(parts, blocks.values(), strict=True)
        ]
    )
    return sparse.hstack(parts, format="csr") @ sparse.diags(scale), scale


def _model(blocks: Mapping[str, _Block], coefficients: Floats, intercepts: Floats) -> JointModel:
    ends = np.cumsum([block.features.shape[1] for block in blocks.values()])[:-1]
    shares = np.split(coefficients, ends)
    parts = {name: block.made(share) for (name, block), share in zip(blocks.items(), shares, strict=True)}
    return JointModel(parts, intercepts)
