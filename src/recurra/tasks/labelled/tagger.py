"""The tagger: a label for every step of a sequence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils import column_or_1d
from torch import nn

from recurra.data.encoders.reader import Encoded
from recurra.data.examples.examples import Examples, is_one_series
from recurra.data.examples.inputs import Kind, Symbols, Text
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.splits import Rows
from recurra.data.labels.label_values import called
from recurra.data.labels.labels import Tags
from recurra.errors import InputError
from recurra.nn.own import Loss
from recurra.nn.sequence import SequenceOptions
from recurra.tasks.labelled.class_weights import checked_smoothing, settings_of, weight_of_classes
from recurra.tasks.labelled.estimator import SequenceEstimator
from recurra.tasks.labelled.model_file import FittedState
from recurra.tasks.labelled.objective import Objective
from recurra.tasks.labelled.refusals import steps_to_tag
from recurra.training import TrainingOptions

Floats = npt.NDArray[np.floating]


class SequenceTagger(SequenceEstimator):
    """Tags every step: residues of a protein, words of a sentence, moments of a recording.

    As `SequenceClassifier`, with a label for each step: y holds for each example a string as long as the sequence, a
    list of labels or an array [T]. Exactly one input is a sequence; others (columns, images) are told to every step.

    A table X [N, F] with one label per row is read as N sequences of one step of F features each; where all of y are
    strings of F > 1 letters, as N sequences of F steps.

    >>> from recurra import SequenceTagger
    >>> model = SequenceTagger(members=1).fit(["AABBA", "BAB"] * 20, ["xxyyx", "yxy"] * 20)
    >>> model.predict(["ABBA"])
    ['xyyx']
    """

    KIND = "sequence tagger"

    def __init__(
        self,
        *,
        inputs: Mapping[str, Kind] | None = None,
        optional: Collection[str] = (),
        cell: str = "gru",
        members: int = 3,
        network: SequenceOptions | Mapping[str, Any] | Callable[..., nn.Module] | None = None,
        training: TrainingOptions | Mapping[str, Any] | None = None,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        label_smoothing: float = 0.0,
        empty: str = "refuse",
        loss: Loss | None = None,
        seed: int = 0,
        device: str = "auto",
        verbose: bool | None = None,
    ) -> None:
        self.inputs = inputs
        self.optional = optional
        self.cell = cell
        self.members = members
        self.network = network
        self.training = training
        self.class_weight = class_weight
        self.label_smoothing = label_smoothing
        self.empty = empty
        self.loss = loss
        self.seed = seed
        self.device = device
        self.verbose = verbose

    def predict_proba(self, X: Any) -> list[Floats]:
        """For each example the probability of every tag at every step [T, K], in the order of `classes_`."""
        outputs, encoded = self._outputs(X)
        every = Ragged(self.model_.objective.decoded(outputs), self._steps(encoded).offsets)
        return [every[k] for k in range(len(every))]

    def score(self, X: Any, y: Any) -> float:
        """The share of all steps whose tag is right."""
        outputs, encoded = self._outputs(X)
        truth = self._encode_labels(self._arranged_labels(y), encoded)
        known = truth.values >= 0
        if not known.any():
            raise InputError("y holds no tag: expected at least one to compare with")
        return float((outputs.argmax(axis=-1) == truth.values)[known].mean())

    @staticmethod
    def _own_settings(kept: FittedState) -> dict[str, Any]:
        return settings_of(kept.model.objective.weight, kept.model.objective.smoothing, kept.labels)

    def _read_labels(self, y: Any, rows: Rows | None = None) -> Tags:
        return Tags.of(y, what=called(y, rows))

    def _encode_labels(self, y: Any, encoded: Encoded, rows: Rows | None = None) -> Ragged:
        return self.labels_.encode(y, self._steps(encoded).lengths, what=called(y, rows))

    def _whole_truth(self, labels: Any, y: Any, examples: Examples, rows: Rows) -> Ragged:
        return labels.encode(y, steps_to_tag(examples), what=called(y, rows))

    def _objective(self, truth: npt.NDArray | Ragged, encoded: Encoded) -> Objective:
        assert isinstance(truth, Ragged)
        weight = weight_of_classes(self.class_weight, self.labels_, truth.values)
        return Objective("tags", len(self.labels_), weight, checked_smoothing(self.label_smoothing))

    def _strata(self, y: Any) -> npt.NDArray | None:
        return None

    def _predicted(self, outputs: Floats, encoded: Encoded, step: int | None) -> npt.NDArray[np.int64]:
        steps = self._steps(encoded)
        if step is not None:
            return outputs[steps.offsets[:-1] + step].argmax(axis=-1)
        sums = np.zeros((len(steps), outputs.shape[1]))
        np.add.at(sums, np.repeat(np.arange(len(steps)), steps.lengths), outputs)
        return sums.argmax(axis=-1)

    def _decode(self, outputs: Floats, encoded: Encoded) -> Any:
        codes = outputs.argmax(axis=-1)
        if self.single_:
            return self.classes_[codes]
        return self.labels_.decode(Ragged(codes, self._steps(encoded).offsets))

    def _arranged(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Of a table with one label per row, every row as a sequence of one step."""
        self.single_ = is_one_series(X, self.inputs) and _is_flat(_array(y), (*np.shape(_array(X)), 1, 1)[1])
        if not self.single_:
            return X, y
        labels = column_or_1d(y, warn=True) if y is not None else None
        if labels is None:
            raise InputError(
                "a tagger requires y to be passed, but the target y is None: give the tags of each example"
            )
        return X, labels.reshape(-1, 1)

    def _understood(self, examples: Examples) -> Examples:
        """Strings are tagged letter by letter; words to be tagged come as lists."""
        kinds: dict[str, Kind] = {
            name: Symbols() if isinstance(kind, Text) else kind for name, kind in examples.kinds.items()
        }
        return Examples(examples.columns, kinds)

    def _read_table(self, X: npt.NDArray) -> npt.NDArray:
        return X[:, None, :] if self.single_ else X

    def _arranged_labels(self, y: Any) -> Any:
        return np.asarray(y).reshape(-1, 1) if self.single_ else y

    def _steps(self, encoded: Encoded) -> Ragged:
        """The sequence whose steps are tagged."""
        sequences = [column for column in encoded.values() if isinstance(column, Ragged)]
        if len(sequences) != 1:
            raise InputError(
                f"the inputs {', '.join(map(repr, encoded))} hold {len(sequences)} sequences: expected exactly one, "
                "whose steps are tagged; name it with inputs="
            )
        return sequences[0]

    def _fitted_attributes(self) -> None:
        self.classes_ = self.labels_.values


def _array(values: Any) -> Any:
    """What only says that it can become an array (`__array__`) as one, all else as it is."""
    plain = isinstance(values, np.ndarray | pd.Series | pd.DataFrame) or not hasattr(values, "__array__")
    return values if plain else np.asarray(values)


def _is_flat(y: Any, steps: int) -> bool:
    """Whether y holds one label per row, and not a row of them: strings of so many steps are tags, a letter each."""
    if y is None:
        return True
    if steps > 1 and len(np.shape(y)) == 1 and len(y) and all(isinstance(row, str) and len(row) == steps for row in y):
        return False
    if isinstance(y, list | tuple):
        return bool(len(y)) and not isinstance(y[0], list | tuple | np.ndarray)
    shape = np.shape(y)
    return (len(shape) == 1 and not (len(y) and isinstance(np.asarray(y)[0], list | np.ndarray))) or shape[1:] == (1,)
