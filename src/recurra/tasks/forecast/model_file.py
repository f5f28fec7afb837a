"""A trained forecaster as the contents of a model file, and back.

The file keeps the last window of every series, so that it can forecast, and be carried on by newer rows, without the
data it was trained on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor, nn

from recurra import cells
from recurra.data.panel.panel import ARRAYS, Panel, Schema
from recurra.data.panel.scaling import Scaling
from recurra.data.panel.windows import WindowShape
from recurra.data.time.counting import Counting
from recurra.data.time.grid import Grid
from recurra.deploy.model_file import Contents, refuse_own
from recurra.errors import InputError, ModelFileError
from recurra.evaluation.forecast.combination import Combination
from recurra.nn.forecast import ForecastNetwork, Inputs, NetworkOptions
from recurra.nn.own import OwnNetwork
from recurra.tasks.forecast.calibration import Calibration
from recurra.tasks.forecast.combining import check_method
from recurra.tasks.forecast.file_checks import check_stored
from recurra.tasks.forecast.model import ForecastModel, Recipe, WindowMember
from recurra.tasks.forecast.problem import own_forecast_network
from recurra.training import TrainingOptions

KIND = "forecaster"
_SCALING = ("floor", "typical", "past_mean", "past_spread", "past_gaps", "known_mean", "known_spread")
_SCALING += ("static_mean", "static_spread")
_TAIL = 256  # rows that are kept at least: the baselines of a later evaluation are fitted on them

Count = Annotated[int, Field(ge=0, le=1 << 24)]
Size = Annotated[int, Field(ge=1, le=1 << 20)]
Names = tuple[str, ...]


def _known_cell(name: str) -> str:
    cells.get(name)
    return name


def _known_method(name: str) -> str:
    check_method(name)
    return name


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class _Shape(_Strict):
    window: Size
    horizon: Size
    block: Size
    seasons: tuple[Size, ...]


class _Network(_Strict):
    hidden: Size
    layers: Annotated[int, Field(ge=1, le=64)]
    context: Size
    dropout: Annotated[float, Field(ge=0, lt=1)]
    series_embedding: Count


class _Training(_Strict):
    epochs: float | None
    batch_size: Size
    learning_rate: float
    weight_decay: float
    clip_norm: float
    schedule: Literal["one-cycle", "plateau"]
    patience: Size
    precision: Literal["auto", "float32", "bfloat16"]


class _Recipe(_Strict):
    horizon: Size
    cell: Annotated[str, AfterValidator(_known_cell)]
    members: Annotated[int, Field(ge=1, le=1000)]
    seasons: tuple[Size, ...]
    block: Size | None
    network: _Network
    training: _Training
    seed: Annotated[int, Field(ge=0)]
    method: Annotated[str, AfterValidator(_known_method)] = (
        "network"  # files of the first version hold the trained network alone
    )


class _Inputs(_Strict):
    block: Size
    horizon: Size
    naive: Size
    past: Count
    past_gaps: Count
    calendar: Count
    known: Count
    static: Count
    past_categories: tuple[Count, ...]
    known_categories: tuple[Count, ...]
    static_categories: tuple[Count, ...]
    series: Count


class _Scaling(_Strict):
    log: bool
    season: Size
    series: Names


_Micro = Annotated[int, Field(gt=-(1 << 60), lt=1 << 60)]


class _Counting(_Strict):
    wall: bool
    nearest: bool
    opening: tuple[tuple[Count, Count], ...]
    phase: _Micro | None


_PLAIN = _Counting(wall=False, nearest=False, opening=(), phase=None)


class _Schema(_Strict):
    target: str
    time: Names
    series: str | None
    layout: Literal["long", "wide-rows", "wide-columns"]
    past: Names
    past_categorical: Names
    known: Names
    known_categorical: Names
    static: Names
    static_categorical: Names
    ignore: Names
    categories: dict[str, Names]
    time_format: str | None
    freq: str | None
    tz: str | None
    counting: _Counting = _PLAIN  # files of the first version have none
    whole_series: Names = ()


class _Grid(_Strict):
    freq: str | None
    tz: str | None
    phase: _Micro
    step: Size
    counting: _Counting = _PLAIN


class _Member(_Strict):
    shape: _Shape
    inputs: _Inputs


class _Calibration(_Strict):
    trust: Annotated[float, Field(ge=0, le=1)]
    naive: Count


class ForecasterFile(_Strict):
    """The configuration in the metadata of a forecaster's file."""

    made_by: str
    verdict: str | None
    recipe: _Recipe
    members: Annotated[tuple[_Member, ...], Field(max_length=1000)]
    calibration: _Calibration
    combined: Annotated[Names, Field(max_length=100)] = ()
    scaling: _Scaling
    data_schema: _Schema
    grid: _Grid
    series: Names


def to_contents(model: ForecastModel, *, made_by: str, verdict: str | None) -> Contents:
    """Everything that is needed to forecast again."""
    tail = model.panel.tail(max(model.memory, _TAIL))
    combination = model.combination
    plain = dict(
        made_by=made_by,
        verdict=verdict,
        recipe=asdict(model.recipe),
        members=[dict(shape=asdict(m.shape), inputs=asdict(m.network.inputs)) for m in model.members],
        calibration=dict(trust=model.calibration.trust, naive=model.calibration.naive),
        combined=() if combination is None else combination.names,
        scaling={key: value for key, value in vars(model.scaling).items() if key not in _SCALING},
        data_schema=asdict(tail.schema),
        grid=asdict(tail.grid),
        series=tail.series,
    )
    config = ForecasterFile.model_validate_json(json.dumps(plain))
    tensors: dict[str, Tensor] = {"stretch": torch.from_numpy(np.asarray(model.calibration.stretch))}
    tensors["naive_error"] = torch.from_numpy(model.naive_error)
    tensors |= {f"tail/{name}": torch.from_numpy(np.ascontiguousarray(getattr(tail, name))) for name in ARRAYS}
    tensors |= {f"scaling/{name}": torch.from_numpy(np.asarray(getattr(model.scaling, name))) for name in _SCALING}
    if combination is not None:
        tensors["combination/weights"] = torch.from_numpy(np.ascontiguousarray(combination.weights))
        tensors["combination/stretch"] = torch.from_numpy(np.ascontiguousarray(combination.stretch))
    for k, member in enumerate(model.members):
        tensors |= {f"network/{k}/{key}": value for key, value in member.network.state_dict().items()}
    plain = config.model_dump(mode="json")
    if model.members and isinstance(own := model.members[0].network, OwnNetwork):
        plain["own_network"] = own.name
    return Contents(KIND, plain, tensors)


def from_contents(
    contents: Contents, path: str, network: Callable[..., nn.Module] | None = None
) -> tuple[ForecastModel, str | None]:
    """The forecaster and its verdict; raises `ModelFileError` where configuration and tensors do not fit.

    `network` makes the networks of a forecaster whose networks were the user's own.
    """
    refuse_own(contents.config.get("own_network"), network, path)
    try:
        plain = {name: value for name, value in contents.config.items() if name != "own_network"}
        config = ForecasterFile.model_validate_json(json.dumps(plain))
        panel = Panel(
            schema=Schema(**_counted(config.data_schema)),
            grid=Grid(**_counted(config.grid)),
            series=config.series,
            **{name: contents.tensors[f"tail/{name}"].numpy() for name in ARRAYS},
        )
        arrays: dict[str, Any] = {name: contents.tensors[f"scaling/{name}"].numpy() for name in _SCALING}
        scaling = Scaling(**config.scaling.model_dump(), **arrays)
        settings = config.recipe.model_dump()
        recipe = Recipe(
            **settings
            | {
                "network": NetworkOptions(**settings["network"]),
                "training": TrainingOptions(**settings["training"]),
            }
        )
        members = tuple(_member(contents, k, part, recipe, network) for k, part in enumerate(config.members))
        calibration = Calibration(
            config.calibration.trust, config.calibration.naive, contents.tensors["stretch"].numpy()
        )
        combination = _combination(config.combined, contents.tensors)
        errors = contents.tensors["naive_error"].numpy()
        model = ForecastModel(recipe, scaling, panel, members, calibration, errors, combination)
        check_stored(model)
    except (ValidationError, KeyError, RuntimeError, InputError, TypeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ModelFileError(f"{path} is not a valid forecaster: {reason}") from error
    return model, config.verdict


def _combination(names: Names, tensors: dict[str, Tensor]) -> Combination | None:
    if not names:
        return None
    return Combination(names, tensors["combination/weights"].numpy(), tensors["combination/stretch"].numpy())


def _counted(part: _Schema | _Grid) -> dict[str, Any]:
    fields = part.model_dump()
    return fields | {"counting": Counting(**fields["counting"])}


def _member(
    contents: Contents, k: int, part: _Member, recipe: Recipe, factory: Callable[..., nn.Module] | None
) -> WindowMember:
    prefix = f"network/{k}/"
    weights = {key[len(prefix) :]: value for key, value in contents.tensors.items() if key.startswith(prefix)}
    inputs = Inputs(**part.inputs.model_dump())
    if factory is not None:
        own = own_forecast_network(factory, inputs)
        own.load_state_dict(weights, strict=True)
        return WindowMember(own.eval(), shape=WindowShape(**part.shape.model_dump()))
    # Nothing is allocated for sizes that the file merely claims: the network takes over the file's own tensors.
    with torch.device("meta"):
        network = ForecastNetwork(inputs, recipe.cell, recipe.network, torch.ones(inputs.naive))
    network.load_state_dict(weights, strict=True, assign=True)
    return WindowMember(network.eval(), shape=WindowShape(**part.shape.model_dump()))
