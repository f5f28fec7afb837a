"""A trained model of labelled sequences as the contents of a model file, and back.

header      who made it, the verdict, how many networks there are
objective   what is learnt, with the labels
model       every other field of a `SequenceModel` but its members; their weights are weights/K/...
usage       how data are given to it
roles, seen where it was fitted to a file, and the fingerprints of what it was trained on
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from recurra.checking import require
from recurra.data.encoders.reader import Encoded, Fixed, Reader, is_sequence
from recurra.data.encoders.standardising import ArrayEncoder, ColumnEncoder, SeriesEncoder
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.understanding import Roles
from recurra.deploy.keeping import Keeper, Opener, refusing
from recurra.deploy.model_file import FORMAT, Contents
from recurra.deploy.seen import Seen
from recurra.ensemble.members import Member
from recurra.errors import ModelFileError
from recurra.evaluation.shared.watching import Promise
from recurra.language import _
from recurra.nn.own import OwnNetwork, OwnParts
from recurra.nn.sequence import SequenceNetwork
from recurra.objectives.objective import Objective
from recurra.tasks.labelled.file_checks import (
    check_baseline,
    check_blend,
    check_labels,
    check_objective,
    check_offset,
    check_recipe,
)
from recurra.tasks.labelled.model import Recipe, SequenceModel, made_network
from recurra.tasks.labelled.network import build_network

_WHAT = "model of labelled sequences"


@dataclass(frozen=True)
class Table:
    """Of a table of numbers: whether every row is a sequence of one step, how many columns it has, and their names."""

    single: bool = False
    features: int | None = None
    names: tuple[str, ...] | None = None

    def check(self) -> None:
        """Refuse another number of names than of columns."""
        columns = 1 if self.features is None else self.features
        require(columns >= 1 and (self.names is None or len(self.names) == columns), f"it has {columns} columns")


@dataclass(frozen=True)
class FittedState:
    """What a file holds of an estimator: the fitted model, how a file's columns are read, the verdict.

    `empty` as in the constructor.
    """

    model: SequenceModel
    empty: str
    table: Table
    roles: Roles | None
    verdict: str | None
    seen: Seen | None = None
    promise: Promise | None = None


@dataclass(frozen=True)
class Usage:
    """How data are given to the model; `inputs` in their order, which a JSON object does not keep."""

    empty: Literal["refuse", "drop"]
    table: Table
    inputs: tuple[str, ...]


def to_contents(kind: str, kept: FittedState, *, made_by: str) -> Contents:
    """Everything that is needed to predict, and to be evaluated, again."""
    keeper, model = Keeper(), kept.model
    keeper.ensemble([member.network for member in model.members], made_by=made_by, verdict=kept.verdict)
    keeper.part("objective", model.objective)
    keeper.part("model", model, without=("members", "objective"))
    keeper.part("usage", Usage(kept.empty, kept.table, tuple(model.reader.encoders)))  # pyright: ignore[reportArgumentType]
    keeper.part("roles", kept.roles)
    keeper.part("seen", kept.seen)
    keeper.part("promise", kept.promise)
    return keeper.contents(kind)


def from_contents(
    contents: Contents,
    path: str,
    objectives: Sequence[type[Objective]],
    network: Callable[..., nn.Module] | None = None,
) -> FittedState:
    """What `to_contents` kept; raises `ModelFileError` where configuration and tensors do not fit.

    `objectives` are those that such an estimator may have learnt; `network` makes the networks of a model whose
    networks were the user's own.
    """
    with refusing(path, _WHAT):
        if contents.version < FORMAT:
            from recurra.tasks.labelled.format1 import converted

            contents = converted(contents)
        opener = Opener(contents, path, network)
        _refuse_wild(contents)
        usage: Usage = opener.part("usage", Usage)

        def members(parts: Mapping[str, Any]) -> tuple[Member[SequenceNetwork | OwnNetwork], ...]:
            reader, recipe = _in_order(parts["reader"], parts["recipe"], usage)
            check_labels(parts["objective"].labels)
            check_objective(parts["objective"])
            check_blend(parts["blend"], parts["objective"])
            check_recipe(recipe, reader)
            opener.refuse_deep(max(options.layers for options in recipe.networks.values()))
            networks = [_network(opener, k, reader, recipe, parts) for k in range(opener.header.members)]
            return tuple(map(Member, networks))

        given = {"objective": lambda _unused: opener.part("objective", *objectives), "members": members}
        model: SequenceModel = opener.part("model", SequenceModel, given=given)
        reader, recipe = _in_order(model.reader, model.recipe, usage)
        model = replace(model, reader=reader, recipe=recipe)
        _check(model, usage.table)
        roles, seen = opener.optional("roles", Roles), opener.optional("seen", Seen)
        promise = opener.optional("promise", Promise)
        kept = FittedState(model, usage.empty, usage.table, roles, opener.header.verdict, seen, promise)
        opener.refuse_more(to_contents(contents.kind, kept, made_by=opener.header.made_by))
    return kept


def _in_order(reader: Reader, recipe: Recipe, usage: Usage) -> tuple[Reader, Recipe]:
    """With the inputs in the order in which the network has them."""
    kinds, encoders = (_ordered(parts, usage.inputs) for parts in (reader.kinds, reader.encoders))
    return Reader(kinds, encoders), replace(recipe, networks=_ordered(recipe.networks, usage.inputs))


def _ordered(parts: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    if sorted(parts) != sorted(names):
        raise ModelFileError(
            _("it has parts of the inputs {parts}: expected {names}", parts=sorted(parts), names=sorted(names))
        )
    return {name: parts[name] for name in names}


def _refuse_wild(contents: Contents) -> None:
    wild = next((key for key, value in contents.tensors.items() if not bool(torch.isfinite(value).all())), None)
    if wild is not None:
        raise ModelFileError(_("the tensor {wild!r} holds numbers that are not finite", wild=wild))


def _network(
    opener: Opener, k: int, reader: Reader, recipe: Recipe, parts: Mapping[str, Any]
) -> SequenceNetwork | OwnNetwork:
    objective = parts["objective"]
    if (own := opener.own) is not None:
        return opener.network(k, lambda: made_network(OwnParts(own), reader, objective, recipe, {}))
    ours = (reader, objective, recipe.cell, recipe.networks, recipe.optional, {})
    return opener.network(k, lambda: build_network(*ours))


def _check(model: SequenceModel, table: Table) -> None:
    """Let everything compute once, on an example of one step: what does not fit is refused now, and not in use."""
    reader, objective = model.reader, model.objective
    require(len(model.members) > 0, "it has no network")
    alone = len(reader.encoders) == 1 and isinstance(next(iter(reader.encoders.values())), SeriesEncoder)
    require(alone or table == Table(), "it has a table of numbers among other inputs")
    stacked = () if model.stacked is None else (model.stacked,)
    for baseline in (*stacked, *model.baselines):
        check_baseline(baseline, reader, objective.outputs)
        check_offset(baseline, objective)
    encoded: Encoded = {name: _one(encoder) for name, encoder in reader.encoders.items()}
    everyone = [model.outputs(encoded), *(baseline.outputs(encoded) for baseline in (*stacked, *model.baselines))]
    for outputs in everyone:
        if objective.decoded(outputs).shape != (1, objective.outputs) or not np.isfinite(outputs).all():
            raise ModelFileError(
                _("a part of it gives outputs of shape {shape}, or none that are finite", shape=outputs.shape)
            )


def _one(encoder: Any) -> Ragged | Fixed:
    """An example of one step, or none, in which everything is zero."""
    ends = np.array([0, 1], dtype=np.int64)
    there = np.ones(1, dtype=bool)
    if isinstance(encoder, SeriesEncoder):
        return Ragged(np.zeros((1, encoder.width), np.float32), ends)
    if isinstance(encoder, ColumnEncoder):
        numbers = np.zeros((1, encoder.width), np.float32)
        return Fixed(numbers, there, np.zeros((1, len(encoder.categories)), np.int64))
    if isinstance(encoder, ArrayEncoder):
        # The network does not know the size of an image: a small one will do.
        shape = (1, 1) if encoder.shape is None else (1, encoder.shape[0], 4, 4)
        return (
            Ragged(np.zeros(shape, np.float32), ends)
            if is_sequence(encoder)
            else Fixed(np.zeros(shape, np.float32), there)
        )
    return Ragged(np.zeros(1, np.int32), ends)
