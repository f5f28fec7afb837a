"""From a model file back to the estimator that wrote it."""

from __future__ import annotations

from pathlib import Path

from recurra.deploy.model_file import read_model
from recurra.errors import ModelFileError
from recurra.tasks import forecast_file
from recurra.tasks.forecaster import Forecaster


def load(path: str | Path) -> Forecaster:
    """The fitted estimator in a model file.

    Nothing in the file is executed. Raises `InputError` where there is no file, `ModelFileError` for one that is
    truncated, altered, of a newer version or not a Recurra model.
    """
    contents = read_model(path)
    if contents.kind != forecast_file.KIND:
        raise ModelFileError(
            f"{path} holds a {contents.kind!r}, which this version of Recurra does not know: upgrade it"
        )
    model, verdict = forecast_file.from_contents(contents, str(path))
    recipe = model.recipe
    forecaster = Forecaster(
        recipe.horizon,
        cell=recipe.cell,
        members=recipe.members,
        season=recipe.seasons or 1,
        block=recipe.block,
        network=recipe.network,
        training=recipe.training,
        seed=recipe.seed,
    )
    forecaster.model_, forecaster.verdict_ = model, verdict
    return forecaster
