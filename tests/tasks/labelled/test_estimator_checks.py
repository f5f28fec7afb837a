"""What scikit-learn asks of every estimator, of ours: nothing excluded, nothing expected to fail."""

from __future__ import annotations

import os
from typing import Any

import pytest
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from recurra import SequenceClassifier, SequenceOptions, SequenceRegressor, SequenceTagger, TrainingOptions

# Quick: one network, and as many steps as the checks for accuracy need.
QUICK: dict[str, Any] = dict(
    members=1,
    network=SequenceOptions(hidden=16, embedding=8, dropout=0.0, pooling="last+mean"),
    training=TrainingOptions(epochs=40.0, batch_size=32, learning_rate=0.02),
)
ESTIMATORS = [SequenceClassifier(**QUICK), SequenceTagger(**QUICK), SequenceRegressor(**QUICK)]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
@pytest.mark.filterwarnings("ignore::FutureWarning")
@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn(estimator, check):
    check(estimator)


def test_no_check_is_left_out():
    """Of the tags only what we read more than scikit-learn knows; no check is declared to fail."""
    for estimator in ESTIMATORS:
        tags = estimator.__sklearn_tags__()
        assert not tags.no_validation
        assert not tags.non_deterministic
        assert not tags._skip_test


@pytest.mark.skipif("RECURRA_SLOW" not in os.environ, reason="takes ten minutes: set RECURRA_SLOW")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [SequenceClassifier, SequenceTagger, SequenceRegressor])
def test_scikit_learn_with_the_defaults(kind):
    found = check_estimator(kind(), on_skip=None)
    left = {result["check_name"] for result in found if result["status"] != "passed"}
    assert left <= {"check_array_api_input"}  # skipped where SCIPY_ARRAY_API is not set
