"""One file per estimator."""

from recurra.tasks.forecast.forecaster import Forecaster
from recurra.tasks.labelled.classifier import SequenceClassifier
from recurra.tasks.labelled.regressor import SequenceRegressor
from recurra.tasks.labelled.tagger import SequenceTagger
from recurra.tasks.loading import load

__all__ = ["Forecaster", "SequenceClassifier", "SequenceRegressor", "SequenceTagger", "load"]
