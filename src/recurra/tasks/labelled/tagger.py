"""The tagger: a label for every step of a sequence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils import column_or_1d
from torch import nn

from recurra.data.examples.examples import Examples, is_one_series
from recurra.data.examples.inputs import Kind, Symbols, Text
from recurra.data.examples.ragged import Ragged
from recurra.errors import InputError
from recurra.language import _
from recurra.nn.own import Loss
from recurra.nn.sequence import SequenceOptions
from recurra.objectives.tags import TagObjective
from recurra.tasks.labelled.estimator import SequenceEstimator
from recurra.tasks.labelled.given import steps_of
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
    OBJECTIVES = (TagObjective,)

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
        super().__init__(
            inputs=inputs,
            optional=optional,
            cell=cell,
            members=members,
            network=network,
            training=training,
            empty=empty,
            loss=loss,
            seed=seed,
            device=device,
            verbose=verbose,
        )
        self.class_weight = class_weight
        self.label_smoothing = label_smoothing

    def predict_proba(self, X: Any) -> list[Floats]:
        """For each example the probability of every tag at every step [T, K], in the order of `classes_`."""
        outputs, encoded = self._outputs(X)
        every = Ragged(self.model_.objective.decoded(outputs), steps_of(encoded).offsets)
        return [every[k] for k in range(len(every))]

    def score(self, X: Any, y: Any) -> float:
        """The share of all steps whose tag is right."""
        outputs, encoded = self._outputs(X)
        truth = self._truth(self._arranged_labels(y), encoded)
        assert isinstance(truth, Ragged)
        known = truth.values >= 0
        if not known.any():
            raise InputError(_("y holds no tag: expected at least one to compare with"))
        return float((outputs.argmax(axis=-1) == truth.values)[known].mean())

    def _arranged(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Of a table with one label per row, every row as a sequence of one step."""
        X, y = super()._arranged(X, y)
        self.single_ = is_one_series(X, self.inputs) and _is_flat(_array(y), (*np.shape(_array(X)), 1, 1)[1])
        if not self.single_:
            return X, y
        labels = column_or_1d(y, warn=True) if y is not None else None
        if labels is None:
            raise InputError(
                _("a tagger requires y to be passed, but the target y is None: give the tags of each example")
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
        y = super()._arranged_labels(y)
        return np.asarray(y).reshape(-1, 1) if self.single_ else y


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
