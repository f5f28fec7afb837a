"""Recurrent neural networks from a file to a running model.

>>> import recurra as rc
>>> table = rc.read_table("demo:co2")
>>> forecaster = rc.Forecaster(horizon=52).fit(table.frame)  # doctest: +SKIP
>>> forecaster.predict(levels=[80, 95])  # doctest: +SKIP
>>> reviews = rc.read_table("demo:reviews").frame
>>> classifier = rc.SequenceClassifier().fit(reviews["sentence"], reviews["sentiment"])  # doctest: +SKIP
>>> classifier.predict(["the story was not dull ."])  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from recurra.errors import InputError, MissingPackageError, ModelFileError, RecurraError, ShapeError, TrainingError
from recurra.language import set_language

if TYPE_CHECKING:
    from recurra import cells, deploy, inputs, inspect, nn, tasks, textbook
    from recurra import keras as keras  # not in __all__: the one part that needs what may not be there
    from recurra.data import read_table
    from recurra.kernels import backend
    from recurra.nn import accelerate, restore
    from recurra.nn.forecast import NetworkOptions
    from recurra.nn.generator import GeneratorOptions
    from recurra.nn.next_event import NextEventOptions
    from recurra.nn.sequence import SequenceOptions
    from recurra.tasks import (
        Forecaster,
        NextEvent,
        NextMove,
        RecurrentAgent,
        SequenceClassifier,
        SequenceGenerator,
        SequenceRegressor,
        SequenceTagger,
        SeriesGenerator,
        Transcriber,
        Translator,
        Voice,
        load,
    )
    from recurra.training import TrainingOptions

__version__ = "0.1.0"

__all__ = [
    "Forecaster",
    "GeneratorOptions",
    "InputError",
    "MissingPackageError",
    "ModelFileError",
    "NetworkOptions",
    "NextEvent",
    "NextEventOptions",
    "NextMove",
    "RecurraError",
    "RecurrentAgent",
    "SequenceClassifier",
    "SequenceGenerator",
    "SequenceOptions",
    "SequenceRegressor",
    "SequenceTagger",
    "SeriesGenerator",
    "ShapeError",
    "TrainingError",
    "TrainingOptions",
    "Transcriber",
    "Translator",
    "Voice",
    "__version__",
    "accelerate",
    "backend",
    "cells",
    "deploy",
    "inputs",
    "inspect",
    "load",
    "nn",
    "read_table",
    "restore",
    "set_language",
    "tasks",
    "textbook",
]

# These need torch or pandas, which take a second to load: `import recurra` and `recurra --help` do without.
_LATER = {
    "Forecaster": "recurra.tasks",
    "GeneratorOptions": "recurra.nn.generator",
    "NetworkOptions": "recurra.nn.forecast",
    "NextEvent": "recurra.tasks",
    "NextEventOptions": "recurra.nn.next_event",
    "NextMove": "recurra.tasks",
    "RecurrentAgent": "recurra.tasks",
    "SequenceClassifier": "recurra.tasks",
    "SequenceGenerator": "recurra.tasks",
    "SequenceOptions": "recurra.nn.sequence",
    "SequenceRegressor": "recurra.tasks",
    "SequenceTagger": "recurra.tasks",
    "SeriesGenerator": "recurra.tasks",
    "Translator": "recurra.tasks",
    "TrainingOptions": "recurra.training",
    "Transcriber": "recurra.tasks",
    "Voice": "recurra.tasks",
    "accelerate": "recurra.nn",
    "backend": "recurra.kernels",
    "load": "recurra.tasks",
    "read_table": "recurra.data",
    "restore": "recurra.nn",
}
_PARTS = ("cells", "deploy", "inputs", "inspect", "keras", "nn", "tasks", "textbook")


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return importlib.import_module(f"recurra.{name}")
    if name not in _LATER:
        raise AttributeError(f"module 'recurra' has no attribute {name!r}")
    return getattr(importlib.import_module(_LATER[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, *_PARTS})
