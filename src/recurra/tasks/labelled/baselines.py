"""The simple models that a model of labelled sequences is compared with, fitted on the same examples.

They are kept beside the networks, in the model file too, so that later data can be judged without the training data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.data.encoders.reader import TOKENS, Encoded, Encoder, Fixed, is_sequence
from recurra.data.encoders.standardising import ColumnEncoder
from recurra.data.encoders.tokens import SymbolEncoder, TextEncoder
from recurra.data.examples.ragged import Ragged
from recurra.evaluation.labelled.decisions import fit_offset
from recurra.evaluation.labelled.fixed_model import FixedModel
from recurra.evaluation.labelled.joint import (
    JointModel,
    fit_joint_classifier,
    fit_joint_labels,
    fit_joint_ridge,
)
from recurra.evaluation.labelled.joint_window import JointWindow, fit_joint_window
from recurra.evaluation.labelled.linear import fit_ngram_classifier, fit_ngram_labels
from recurra.evaluation.labelled.majority import Constant, fit_class_shares, fit_label_shares, fit_mean
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.evaluation.labelled.ridge import fit_ngram_ridge
from recurra.evaluation.labelled.series_summary import (
    SummaryModel,
    fit_summary_classifier,
    fit_summary_labels,
    fit_summary_ridge,
)
from recurra.evaluation.labelled.windows import (
    WIDTH,
    SymbolWindow,
    ValueWindow,
    fit_usual_tag,
    fit_window,
)
from recurra.tasks.labelled.data import LabelledData
from recurra.tasks.labelled.objective import Objective

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]
Model = Constant | NGramModel | SummaryModel | FixedModel | JointModel | SymbolWindow | ValueWindow | JointWindow

_MOST = 200_000  # examples that a linear model is fitted to; of more, as many spread evenly


@dataclass(frozen=True, eq=False)
class Baseline:
    """A simple model of the input `column`; a `JointModel` or `JointWindow` reads all inputs.

    Its outputs are on the scale of the networks'. Of classes `offset` [K] is its own (see `Objective`).
    """

    name: str
    column: str
    model: Model
    offset: Floats | None = None

    def objective(self, theirs: Objective) -> Objective:
        """How it chooses a class: as the networks do, by its own offset."""
        return replace(theirs, offset=self.offset)

    def outputs(self, encoded: Encoded) -> Floats:
        """[N, K], or [N_total, K] for every step."""
        column: Any = encoded[self.column]
        match self.model:
            case Constant():
                return self.model.outputs(len(column))
            case JointModel():
                return self.model.outputs(encoded)
            case JointWindow():
                return self.model.outputs(column, _beside(encoded))
            case _:
                return self.model.outputs(column)


def fit_baselines(data: LabelledData, linear: Baseline | None = None) -> tuple[Baseline, ...]:
    """Those that the inputs allow, fitted to the examples with a label, the simplest first.

    `linear` is what `fit_linear` made of these examples, where that is there already. The last one reads every input:
    whatever decides, a linear model has seen it too. Each chooses a class by an offset of its own, which is found as
    that of the networks is: on held-out examples, by the same model fitted without them.
    """
    if data.objective.per_step:
        return _of_steps(data, data.known)
    found = [_constant(data, data.known)]
    for fit in _linear_fits(data):
        there = None if linear is None else fit_joint if isinstance(linear.model, JointModel) else fit_ngrams_of
        made = linear if linear is not None and fit is there else fit(data, data.known)
        found.append(replace(made, offset=_offset_of(fit, data)))
    return tuple(found)


def fit_linear(data: LabelledData, numbers: Ints) -> Baseline:
    """The linear model that corrects the networks: of all inputs, where each is tokens or columns, else of n-grams."""
    return (fit_joint if _all_plain(data) and len(data.reader.encoders) > 1 else fit_ngrams_of)(data, numbers)


def _linear_fits(data: LabelledData) -> list[Callable[[LabelledData, Ints], Baseline]]:
    found: list[Callable[[LabelledData, Ints], Baseline]] = []
    if data.reader.series is not None:
        found.append(fit_summary)
    if data.reader.tokens is not None:
        found.append(fit_ngrams_of)
    return [*found, fit_joint] if not found or len(data.reader.encoders) > 1 else found


def _all_plain(data: LabelledData) -> bool:
    return all(isinstance(encoder, (*TOKENS, ColumnEncoder)) for encoder in data.reader.encoders.values())


def _offset_of(fit: Callable[[LabelledData, Ints], Baseline], data: LabelledData) -> Floats | None:
    objective = data.objective
    if objective.aim != "classes" or objective.metric in ("", "accuracy", "log_loss"):
        return None
    if not len(data.held):
        return fit_offset(np.zeros((0, objective.outputs)), np.zeros(0, np.int64), objective.metric, data.shares)
    trial = fit(data, np.setdiff1d(data.known, data.held))
    held: Encoded = {name: column.take(data.held) for name, column in data.encoded.items()}
    return fit_offset(trial.outputs(held), data.labels_of(data.held), objective.metric, data.shares)


def richest_tokens(data: LabelledData) -> str:
    """The input of tokens that has the most of them."""
    names = [name for name, encoder in data.reader.encoders.items() if isinstance(encoder, TOKENS)]
    return max(names, key=lambda name: len(_values(data.encoded[name])))


def _values(column: Ragged | Fixed) -> npt.NDArray:
    return column.values


def fit_ngrams_of(data: LabelledData, numbers: Ints) -> Baseline:
    """The linear model of the n-grams of some examples: of words and events of 1 and 2, of letters of 1 to 4.

    Of several inputs of tokens it reads the one that has the most.
    """
    column, objective = richest_tokens(data), data.objective
    numbers = _few(numbers)
    tokens, labels = data.steps_of(column, numbers), data.labels_of(numbers)
    encoder = data.reader.encoders[column]
    orders = _orders(encoder)
    if objective.aim == "classes":
        model = fit_ngram_classifier(tokens, labels, objective.outputs, orders=orders, class_weights=objective.weight)
    elif objective.aim == "labels":
        model = fit_ngram_labels(tokens, labels, orders=orders, class_weights=objective.weight)
    else:
        model = fit_ngram_ridge(tokens, labels, orders=orders)
    several = sum(isinstance(each, TOKENS) for each in data.reader.encoders.values()) > 1
    of = f" of {column}" if several else ""
    return Baseline(f"{_features_of(encoder)}{of} with {_regression(objective)}", column, model)


def fit_summary(data: LabelledData, numbers: Ints) -> Baseline:
    """The linear model of what a series does over time."""
    column, objective = data.reader.series, data.objective
    assert column is not None
    numbers = _few(numbers)
    series, labels = data.steps_of(column, numbers), data.labels_of(numbers)
    if objective.aim == "classes":
        model = fit_summary_classifier(series, labels, objective.outputs, class_weights=objective.weight)
    elif objective.aim == "labels":
        model = fit_summary_labels(series, labels, class_weights=objective.weight)
    else:
        model = fit_summary_ridge(series, labels)
    return Baseline(f"summary with {_regression(objective)}", column, model)


def fit_joint(data: LabelledData, numbers: Ints) -> Baseline:
    """The linear model of all inputs together."""
    encoders, objective = data.reader.encoders, data.objective
    numbers = _few(numbers)
    inputs: Encoded = {name: column.take(numbers) for name, column in data.encoded.items()}
    labels, weight = data.labels_of(numbers), objective.weight
    orders = {name: _orders(encoder) for name, encoder in encoders.items() if isinstance(encoder, TOKENS)}
    if objective.aim == "classes":
        model = fit_joint_classifier(inputs, labels, objective.outputs, orders=orders, class_weights=weight)
    elif objective.aim == "labels":
        model = fit_joint_labels(inputs, labels, orders=orders, class_weights=weight)
    else:
        model = fit_joint_ridge(inputs, labels, orders=orders)
    features = _listed([_features_of(encoder) for encoder in encoders.values()])
    return Baseline(f"{features} with {_regression(objective)}", next(iter(encoders)), model)


def _orders(encoder: Encoder) -> tuple[int, ...]:
    """The lengths of n-grams: of words and events 1 and 2, of letters 1 to 4."""
    letters = isinstance(encoder, SymbolEncoder) or (isinstance(encoder, TextEncoder) and encoder.level == "characters")
    return (1, 2, 3, 4) if letters else (1, 2)


def _features_of(encoder: Encoder) -> str:
    """What a linear model reads of an input."""
    if isinstance(encoder, TOKENS):
        return "k-mers" if isinstance(encoder, SymbolEncoder) else "n-grams"
    if is_sequence(encoder):
        return "summary"
    return "columns" if isinstance(encoder, ColumnEncoder) else "coarse image"


def _listed(features: Sequence[str]) -> str:
    """What a joint model reads; where it is the same of several inputs, it says that it reads them all."""
    kinds = list(dict.fromkeys(features))
    listed = " and ".join([", ".join(kinds[:-1]), kinds[-1]] if len(kinds) > 1 else kinds)
    return listed if len(kinds) == len(features) else f"{listed} of all inputs"


def _beside(encoded: Encoded) -> dict[str, Fixed]:
    return {name: column for name, column in encoded.items() if isinstance(column, Fixed)}


def _of_steps(data: LabelledData, numbers: Ints) -> tuple[Baseline, ...]:
    column, outputs = data.reader.sequences[0], data.objective.outputs
    sequence, tags = data.steps_of(column, numbers), data.labels_of(numbers)
    shares = _each_step(fit_class_shares(tags, outputs), sequence)
    found = [Baseline("most frequent tag", column, shares)]
    if data.reader.tokens is not None:
        found.append(Baseline("usual tag of each symbol", column, fit_usual_tag(sequence, tags, outputs)))
    beside = {name: fixed.take(numbers) for name, fixed in _beside(data.encoded).items()}
    features = _listed([f"window of {WIDTH}", *(_features_of(data.reader.encoders[name]) for name in beside)])
    window = fit_joint_window(sequence, beside, tags, outputs) if beside else fit_window(sequence, tags, outputs)
    return (*found, Baseline(f"{features} with {_regression(data.objective)}", column, window))


def _constant(data: LabelledData, numbers: Ints) -> Baseline:
    column, labels = next(iter(data.encoded)), data.labels_of(numbers)
    if data.objective.aim == "classes":
        return Baseline("most frequent class", column, fit_class_shares(labels, data.objective.outputs))
    if data.objective.aim == "labels":
        return Baseline("share of each label", column, fit_label_shares(labels))
    return Baseline("mean", column, fit_mean(labels))


def _regression(objective: Objective) -> str:
    return "ridge regression" if objective.aim == "numbers" else "logistic regression"


def _each_step(constant: Constant, sequence: Ragged) -> Model:
    """The same outputs for every step, as a window of one place that weighs nothing."""
    outputs = len(constant.values)
    if sequence.values.ndim == 1:
        return SymbolWindow(np.zeros(0, np.int64), np.zeros((1, 2, outputs)), constant.values)
    width = sequence.values.shape[1]
    return ValueWindow(np.zeros(width), np.ones(width), np.zeros((1, width + 1, outputs)), constant.values)


def _few(numbers: Ints) -> Ints:
    if len(numbers) <= _MOST:
        return numbers
    return numbers[np.linspace(0, len(numbers) - 1, _MOST).astype(np.int64)]
