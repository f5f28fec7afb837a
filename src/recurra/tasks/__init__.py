"""One file per estimator."""

from recurra.tasks.classifier import SequenceClassifier
from recurra.tasks.forecaster import Forecaster
from recurra.tasks.loading import load
from recurra.tasks.regressor import SequenceRegressor
from recurra.tasks.tagger import SequenceTagger

__all__ = ["Forecaster", "SequenceClassifier", "SequenceRegressor", "SequenceTagger", "load"]
