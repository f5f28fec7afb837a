"""From a model file back to the estimator that wrote it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from recurra.deploy.model_file import read_model
from recurra.errors import ModelFileError
from recurra.language import _
from recurra.plugins import PLUGINS
from recurra.tasks.registry import by_kind


def load(path: str | Path, *, network: Callable[..., nn.Module] | None = None) -> Any:
    """The fitted estimator in a model file: a Forecaster, SequenceClassifier, or whatever a registered task makes.

    Nothing in the file is executed. `network` is the factory of a model that was fitted with one: the file has its
    weights alone. Raises `InputError` where there is no file, `ModelFileError` for one that is
    truncated, altered, of a newer version or not a Recurra model.
    """
    contents = read_model(path)
    task = by_kind(contents.kind)
    if task is None:
        raise ModelFileError(
            _(
                "{path} holds a {kind!r}, which this version of Recurra does not know: upgrade it, or, "
                "where it is a task of your own, name its module in {plugins}",
                path=path,
                kind=contents.kind,
                plugins=PLUGINS,
            )
        )
    estimator = task.load().opened(contents, str(path), network)
    estimator.reading_ = contents.reading
    return estimator
