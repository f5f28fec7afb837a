"""The regressor: one number or several for a whole sequence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import Tags as EstimatorTags
from torch import nn

from recurra.data.encoders.reader import Encoded
from recurra.data.encoders.standardising import moments, unit_of
from recurra.data.examples.inputs import Kind
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.splits import Rows, checked_column, strata_of
from recurra.data.labels.label_values import called
from recurra.data.labels.labels import Numbers
from recurra.errors import InputError
from recurra.nn.own import Loss
from recurra.nn.sequence import SequenceOptions
from recurra.tasks.labelled.estimator import SequenceEstimator
from recurra.tasks.labelled.given import refuse_unequal
from recurra.tasks.labelled.objective import Objective
from recurra.training import TrainingOptions

Floats = npt.NDArray[np.floating]


class SequenceRegressor(RegressorMixin, SequenceEstimator):
    """Numbers of sequences: the expression of a promoter, the rating of a review.

    As `SequenceClassifier`, with y of numbers [N], or [N, M] for several at once.

    >>> from recurra import SequenceRegressor
    >>> model = SequenceRegressor(members=1).fit(["AAC", "CCA", "ACC", "AAA"] * 10, [2, 1, 1, 3] * 10)
    >>> model.predict(["AAA", "CCC"]).shape
    (2,)
    """

    KIND = "sequence regressor"

    def __init__(
        self,
        *,
        inputs: Mapping[str, Kind] | None = None,
        optional: Collection[str] = (),
        cell: str = "gru",
        members: int = 3,
        network: SequenceOptions | Mapping[str, Any] | Callable[..., nn.Module] | None = None,
        training: TrainingOptions | Mapping[str, Any] | None = None,
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
        self.empty = empty
        self.loss = loss
        self.seed = seed
        self.device = device
        self.verbose = verbose

    def __sklearn_tags__(self) -> EstimatorTags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R2, of several numbers their mean, over the examples whose numbers are known."""
        values, truth = self.predict(X), self.labels_.encode(y)
        refuse_unequal(truth, len(values))
        known = np.isfinite(truth).all(axis=1)
        if not known.any():
            raise InputError("y holds no number: expected at least one to compare with")
        weight = None if sample_weight is None else checked_column(sample_weight, len(values), "sample_weight")[known]
        truth, values = truth[known], values.reshape(truth.shape)[known]
        unit = unit_of(truth)
        return float(r2_score(truth / unit, values / unit, sample_weight=weight))

    def _read_labels(self, y: Any, rows: Rows | None = None) -> Numbers:
        return Numbers.of(y, what=called(y, rows))

    def _encode_labels(self, y: Any, encoded: Encoded, rows: Rows | None = None) -> npt.NDArray:
        return self.labels_.encode(y, what=called(y, rows))

    def _objective(self, truth: npt.NDArray | Ragged, encoded: Encoded) -> Objective:
        assert isinstance(truth, np.ndarray)
        mean, spread = map(np.array, moments(truth))
        return Objective("numbers", len(self.labels_), mean=mean, spread=spread)

    def _strata(self, y: Any) -> npt.NDArray | None:
        truth = self._read_labels(y).encode(y, what=called(y))
        return None if np.isnan(truth).any() else strata_of(truth)

    def _decode(self, outputs: Floats, encoded: Encoded) -> Any:
        return self.labels_.decode(self.model_.objective.decoded(outputs))
