"""The tasks, what they are called, and their estimators.

>>> from recurra import tasks
>>> tasks.names()[:4]
('forecast', 'classify', 'tag', 'regress')
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from recurra.tasks.registry import get, names, register, unregister
from recurra.tasks.task import Column, Option, Task

if TYPE_CHECKING:
    from recurra.tasks.forecast.forecaster import Forecaster
    from recurra.tasks.generate.estimator import SequenceGenerator
    from recurra.tasks.labelled.classifier import SequenceClassifier
    from recurra.tasks.labelled.estimator import SequenceEstimator
    from recurra.tasks.labelled.regressor import SequenceRegressor
    from recurra.tasks.labelled.tagger import SequenceTagger
    from recurra.tasks.loading import load
    from recurra.tasks.next_event.estimator import NextEvent
    from recurra.tasks.play.agent import RecurrentAgent
    from recurra.tasks.play.moves import NextMove
    from recurra.tasks.series.estimator import SeriesGenerator
    from recurra.tasks.speak.voice import Voice
    from recurra.tasks.speech.transcriber import Transcriber
    from recurra.tasks.translate.translator import Translator

__all__ = [
    "Column",
    "Forecaster",
    "NextEvent",
    "NextMove",
    "Option",
    "RecurrentAgent",
    "SequenceClassifier",
    "SequenceEstimator",
    "SequenceGenerator",
    "SequenceRegressor",
    "SequenceTagger",
    "SeriesGenerator",
    "Task",
    "Transcriber",
    "Translator",
    "Voice",
    "get",
    "load",
    "names",
    "register",
    "unregister",
]

_LATER = {  # which need torch
    "Forecaster": "forecast.forecaster",
    "NextMove": "play.moves",
    "RecurrentAgent": "play.agent",
    "SequenceClassifier": "labelled.classifier",
    "SequenceEstimator": "labelled.estimator",
    "SequenceGenerator": "generate.estimator",
    "SequenceRegressor": "labelled.regressor",
    "SequenceTagger": "labelled.tagger",
    "SeriesGenerator": "series.estimator",
    "Transcriber": "speech.transcriber",
    "Translator": "translate.translator",
    "NextEvent": "next_event.estimator",
    "Voice": "speak.voice",
    "load": "loading",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'recurra.tasks' has no attribute {name!r}")
    return getattr(importlib.import_module(f"recurra.tasks.{_LATER[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
