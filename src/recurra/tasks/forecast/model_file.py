"""A trained forecaster as the contents of a model file, and back.

    header      who made it, the verdict, how many networks there are
    model       every field of a `ForecastModel` but its members; of the panel the last rows of each series
    member/K    every field of a member but its network, whose weights are weights/K/..., and its record
    tuned       the same of the fine-tuned network, where it is part of the forecast; its weights have 16 bits

So that it can forecast, and be carried on by newer rows, without the data it was trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from recurra.deploy.keeping import Keeper, Opener, refusing
from recurra.deploy.model_file import FORMAT, Contents
from recurra.nn.forecast import ForecastNetwork
from recurra.nn.own import OwnNetwork
from recurra.nn.pretrained.network import Pretrained
from recurra.tasks.forecast.fine_tuning import TunedMember, empty
from recurra.tasks.forecast.model import ForecastModel, WindowMember
from recurra.tasks.forecast.problem import inputs_of, own_forecast_network

KIND = "forecaster"


def to_contents(model: ForecastModel, *, made_by: str, verdict: str | None) -> Contents:
    """Everything that is needed to forecast again."""
    keeper = Keeper()
    tail = replace(model, panel=model.remembered.packed())
    keeper.ensemble([member.network for member in model.members], made_by=made_by, verdict=verdict)
    keeper.part("model", tail, without=("members", "tuned", "pretrained"))
    for k, member in enumerate(model.members):
        keeper.part(f"member/{k}", member, without=("network", "record"))
    if model.tuned is not None:
        keeper.part("tuned", model.tuned, without=("network", "record"))
        keeper.weights("tuned", model.tuned.network, torch.float16)
    return keeper.contents(KIND)


def from_contents(
    contents: Contents, path: str, network: Callable[..., nn.Module] | None = None
) -> tuple[ForecastModel, str | None]:
    """The forecaster and its verdict; raises `ModelFileError` where configuration and tensors do not fit.

    `network` makes the networks of a forecaster whose networks were the user's own.
    """
    with refusing(path, KIND):
        if contents.version < FORMAT:
            from recurra.tasks.forecast.format1 import converted

            contents = converted(contents)
        opener = Opener(contents, path, network)

        def members(model: Mapping[str, Any]) -> tuple[WindowMember, ...]:
            opener.refuse_deep(model["recipe"].network.layers)
            return tuple(_member(opener, k, model) for k in range(opener.header.members))

        model: ForecastModel = opener.part(
            "model",
            ForecastModel,
            given={"members": members, "tuned": lambda _: tuned(opener), "pretrained": lambda _: None},
        )
        again = to_contents(model, made_by=opener.header.made_by, verdict=opener.header.verdict)
        opener.refuse_more(again)
    return model, opener.header.verdict


def tuned(opener: Opener) -> TunedMember | None:
    """The fine-tuned network of a file, if there is one."""
    if "tuned" not in opener.contents.config:
        return None

    def network(member: Mapping[str, Any]) -> Pretrained:
        opener.refuse_deep(member["shape"].layers)
        return opener.network("tuned", lambda: empty(member["shape"]), stored=torch.float16)

    return opener.part("tuned", TunedMember, given={"network": network, "record": lambda _: None})


def _member(opener: Opener, k: int, model: Mapping[str, Any]) -> WindowMember:
    recipe = model["recipe"]

    def network(member: Mapping[str, Any]) -> ForecastNetwork | OwnNetwork:
        inputs = inputs_of(model["panel"], member["shape"], model["scaling"])
        if (own := opener.own) is not None:
            return opener.network(k, lambda: own_forecast_network(own, inputs))
        ours = (inputs, recipe.cell, recipe.network)
        return opener.network(k, lambda: ForecastNetwork(*ours, None))

    return opener.part(f"member/{k}", WindowMember, given={"network": network, "record": lambda member: None})
