"""The simple models that a model of labelled sequences is compared with, fitted on the same examples.

They are kept beside the networks, in the model file too, so that later data can be evaluated without the training data.
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
from recurra.evaluation.labelled.fixed_model import FixedModel
from recurra.evaluation.labelled.joint import JointModel
from recurra.evaluation.labelled.joint_window import JointWindow
from recurra.evaluation.labelled.majority import Constant
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.evaluation.labelled.series_summary import SummaryModel
from recurra.evaluation.labelled.windows import WIDTH, SymbolWindow, ValueWindow
from recurra.objectives.objective import Objective
from recurra.tasks.labelled.data import LabelledData

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
        return theirs.choosing(self.offset)

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
    if not objective.wants_offset:
        return None
    if not len(data.held):
        return data.offset_of(np.zeros((0, objective.outputs)))
    trial = fit(data, np.setdiff1d(data.known, data.held))
    held: Encoded = {name: column.take(data.held) for name, column in data.encoded.items()}
    return data.offset_of(trial.outputs(held))


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
    model = objective.fit_ngrams(tokens, labels, _orders(encoder))
    several = sum(isinstance(each, TOKENS) for each in data.reader.encoders.values()) > 1
    of = f" of {column}" if several else ""
    return Baseline(f"{_features_of(encoder)}{of} with {objective.regression}", column, model)


def fit_summary(data: LabelledData, numbers: Ints) -> Baseline:
    """The linear model of what a series does over time."""
    column, objective = data.reader.series, data.objective
    assert column is not None
    numbers = _few(numbers)
    model = objective.fit_summary(data.steps_of(column, numbers), data.labels_of(numbers))
    return Baseline(f"summary with {objective.regression}", column, model)


def fit_joint(data: LabelledData, numbers: Ints) -> Baseline:
    """The linear model of all inputs together."""
    encoders, objective = data.reader.encoders, data.objective
    numbers = _few(numbers)
    inputs: Encoded = {name: column.take(numbers) for name, column in data.encoded.items()}
    orders = {name: _orders(encoder) for name, encoder in encoders.items() if isinstance(encoder, TOKENS)}
    model = objective.fit_joint(inputs, data.labels_of(numbers), orders)
    features = _listed([_features_of(encoder) for encoder in encoders.values()])
    return Baseline(f"{features} with {objective.regression}", next(iter(encoders)), model)


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
    column = data.reader.sequences[0]
    beside = {name: fixed.take(numbers) for name, fixed in _beside(data.encoded).items()}
    features = _listed([f"window of {WIDTH}", *(_features_of(data.reader.encoders[name]) for name in beside)])
    found = data.objective.fit_steps(data.steps_of(column, numbers), beside, data.labels_of(numbers), features)
    return tuple(Baseline(name, column, model) for name, model in found)


def _constant(data: LabelledData, numbers: Ints) -> Baseline:
    name, model = data.objective.constant(data.labels_of(numbers))
    return Baseline(name, next(iter(data.encoded)), model)


def _few(numbers: Ints) -> Ints:
    if len(numbers) <= _MOST:
        return numbers
    return numbers[np.linspace(0, len(numbers) - 1, _MOST).astype(np.int64)]
