"""From a model file back to the estimator that wrote it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from recurra.deploy.model_file import read_model
from recurra.errors import ModelFileError
from recurra.tasks.forecast import model_file as forecast_file
from recurra.tasks.forecast.forecaster import Forecaster
from recurra.tasks.labelled import model_file as labelled_file
from recurra.tasks.labelled.classifier import SequenceClassifier
from recurra.tasks.labelled.regressor import SequenceRegressor
from recurra.tasks.labelled.tagger import SequenceTagger

_LABELLED = {kind.KIND: kind for kind in (SequenceClassifier, SequenceTagger, SequenceRegressor)}


def load(path: str | Path, *, network: Callable[..., nn.Module] | None = None) -> Any:
    """The fitted estimator in a model file: a Forecaster, SequenceClassifier, SequenceTagger or SequenceRegressor.

    Nothing in the file is executed. `network` is the factory of a model that was fitted with one: the file has its
    weights alone. Raises `InputError` where there is no file, `ModelFileError` for one that is
    truncated, altered, of a newer version or not a Recurra model.
    """
    contents = read_model(path)
    if contents.kind == forecast_file.KIND:
        return Forecaster.restored(*forecast_file.from_contents(contents, str(path), network), own=network)
    if contents.kind in _LABELLED:
        kind = _LABELLED[contents.kind]
        return kind.restored(labelled_file.from_contents(contents, str(path), kind.OBJECTIVES, network), own=network)
    raise ModelFileError(f"{path} holds a {contents.kind!r}, which this version of Recurra does not know: upgrade it")
