"""The regressor: one number or several for a whole sequence."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import Tags as EstimatorTags

from recurra.data.encoders.standardising import unit_of
from recurra.data.examples.splits import checked_column
from recurra.errors import InputError
from recurra.language import _
from recurra.objectives.numbers import NumberObjective
from recurra.tasks.labelled.estimator import SequenceEstimator
from recurra.tasks.labelled.given import refuse_unequal

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
    OBJECTIVES = (NumberObjective,)

    def __sklearn_tags__(self) -> EstimatorTags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R2, of several numbers their mean, over the examples whose numbers are known."""
        values, truth = self.predict(X), self.labels_.encode(self._arranged_labels(y))
        refuse_unequal(truth, len(values))
        known = np.isfinite(truth).all(axis=1)
        if not known.any():
            raise InputError(_("y holds no number: expected at least one to compare with"))
        weight = None if sample_weight is None else checked_column(sample_weight, len(values), "sample_weight")[known]
        truth, values = truth[known], values.reshape(truth.shape)[known]
        unit = unit_of(truth)
        return float(r2_score(truth / unit, values / unit, sample_weight=weight))
