"""A trained model of labelled sequences as the contents of a model file, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_type_hints

import numpy as np
import numpy.typing as npt
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from recurra.data.encoders.reader import Encoded, Fixed, Reader, is_sequence
from recurra.data.encoders.standardising import ArrayEncoder, ColumnEncoder, SeriesEncoder
from recurra.data.encoders.tokens import EventEncoder, SymbolEncoder, TextEncoder
from recurra.data.examples.inputs import Array, Audio, Events, Series, Static, Symbols, Text
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.understanding import Roles
from recurra.deploy.model_file import Contents, refuse_own
from recurra.deploy.parts import put_together, taken_apart
from recurra.ensemble.members import Member
from recurra.errors import ModelFileError
from recurra.evaluation.labelled.calibration import Blend
from recurra.evaluation.labelled.fixed_model import FixedModel
from recurra.evaluation.labelled.joint import JointModel
from recurra.evaluation.labelled.joint_window import JointWindow
from recurra.evaluation.labelled.majority import Constant
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.evaluation.labelled.ngrams import NGrams
from recurra.evaluation.labelled.series_summary import SummaryModel
from recurra.evaluation.labelled.windows import SymbolWindow, ValueWindow
from recurra.nn.own import OwnNetwork, OwnParts
from recurra.nn.sequence import SequenceNetwork, SequenceOptions
from recurra.objectives.objective import Objective
from recurra.tasks.labelled.baselines import Baseline
from recurra.tasks.labelled.earlier_files import with_objective
from recurra.tasks.labelled.file_checks import (
    Table,
    check_baseline,
    check_blend,
    check_labels,
    check_objective,
    check_offset,
    check_reader,
    check_recipe,
    check_table,
)
from recurra.tasks.labelled.model import Recipe, SequenceModel, made_network
from recurra.tasks.labelled.network import build_network
from recurra.training import TrainingOptions

_INPUTS = [Text, Symbols, Events, Series, Static, Array, Audio]
_ENCODERS = [TextEncoder, SymbolEncoder, EventEncoder, SeriesEncoder, ColumnEncoder, ArrayEncoder]
_BASELINES = [
    *(Baseline, Constant, NGramModel, NGrams, SummaryModel, FixedModel, JointModel),
    *(SymbolWindow, ValueWindow, JointWindow),
]
_MOST = 1000  # networks, or baselines


@dataclass(frozen=True, eq=False)
class Seen:
    """The `count` different fingerprints of what the model was trained on, in rising order: 64 bits of a hash each."""

    prints: npt.NDArray[np.int64]
    count: int


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


@dataclass(frozen=True)
class Header:
    """What is said of the model as a whole."""

    made_by: str
    verdict: str | None
    empty: str
    table: Table
    inputs: tuple[str, ...]  # in their order, which a JSON object does not keep
    members: int
    baselines: int


def to_contents(kind: str, kept: FittedState, *, made_by: str) -> Contents:
    """Everything that is needed to predict, and to be judged, again."""
    model = kept.model
    header = Header(
        made_by,
        kept.verdict,
        kept.empty,
        kept.table,
        tuple(model.reader.encoders),
        len(model.members),
        len(model.baselines),
    )
    parts: dict[str, Any] = {
        "header": header,
        "recipe": model.recipe,
        "reader": model.reader,
        "objective": model.objective,
        "blend": model.blend,
        "stacked": model.stacked,
        "roles": kept.roles,
        "seen": kept.seen,
        **{f"baseline/{k}": baseline for k, baseline in enumerate(model.baselines)},
    }
    config: dict[str, Any] = {}
    tensors: dict[str, Tensor] = {}
    for name, part in parts.items():
        if part is not None:
            config[name], below = taken_apart(part, name)
            tensors |= below
    if isinstance(own := model.members[0].network, OwnNetwork):
        config["own network"] = own.name
    for k, member in enumerate(model.members):
        tensors |= {f"weights/{k}/{key}": value for key, value in member.network.state_dict().items()}
    return Contents(kind, config, tensors)


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
    contents = replace(contents, config=with_objective(contents.config))
    config, tensors = contents.config, contents.tensors
    refuse_own(config.get("own network"), network, path)

    def part(name: str, *classes: type) -> Any:
        return put_together(config[name], tensors, name, classes)

    try:
        header: Header = part("header", Header, Table)
        if header.empty not in ("refuse", "drop"):
            raise ModelFileError(f"it says {header.empty!r} of empty sequences")
        if not 1 <= header.members <= _MOST or not 0 <= header.baselines <= _MOST:
            raise ModelFileError(f"it claims {header.members} members and {header.baselines} baselines")
        _refuse_wild(tensors)
        recipe: Recipe = part("recipe", Recipe, SequenceOptions, TrainingOptions)
        reader: Reader = part("reader", Reader, *_INPUTS, *_ENCODERS)
        objective: Objective = part("objective", *objectives, *_labels_of(objectives))
        reader = Reader(_ordered(reader.kinds, header.inputs), _ordered(reader.encoders, header.inputs))
        recipe = replace(recipe, networks=_ordered(recipe.networks, header.inputs))
        check_labels(objective.labels)
        check_objective(objective)
        check_reader(reader)
        check_table(header.table, reader)
        blend: Blend = part("blend", Blend)
        check_blend(blend, objective)
        check_recipe(recipe, reader, len(tensors))
        model = SequenceModel(
            recipe,
            reader,
            objective,
            tuple(Member(_network(tensors, k, reader, objective, recipe, network)) for k in range(header.members)),
            part("stacked", *_BASELINES) if "stacked" in config else None,
            blend,
            tuple(part(f"baseline/{k}", *_BASELINES) for k in range(header.baselines)),
        )
        _check(model)
        roles = part("roles", Roles, *_INPUTS) if "roles" in config else None
        seen = part("seen", Seen) if "seen" in config else None
        if seen is not None and (seen.prints.shape != (seen.count,) or bool((np.diff(seen.prints) <= 0).any())):
            raise ModelFileError("it has fingerprints of its training examples that do not rise")
        kept = FittedState(model, header.empty, header.table, roles, header.verdict, seen)
        _refuse_more(contents, to_contents(contents.kind, kept, made_by=header.made_by))
    except (ValidationError, LookupError, ArithmeticError, RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ModelFileError(f"{path} is not a valid model of labelled sequences: {reason}") from error
    return kept


def _labels_of(objectives: Sequence[type[Objective]]) -> list[type]:
    """The codecs that their annotations name."""
    return [get_type_hints(each)["labels"] for each in objectives]


def _ordered(parts: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    if sorted(parts) != sorted(names):
        raise ModelFileError(f"it has parts of the inputs {sorted(parts)}: expected {sorted(names)}")
    return {name: parts[name] for name in names}


def _refuse_wild(tensors: dict[str, Tensor]) -> None:
    wild = next((key for key, value in tensors.items() if not bool(torch.isfinite(value).all())), None)
    if wild is not None:
        raise ModelFileError(f"the tensor {wild!r} holds numbers that are not finite")


def _refuse_more(contents: Contents, again: Contents) -> None:
    """Refuse a file that says more, or says it otherwise, than a file of the same model would."""
    surplus = sorted(contents.tensors.keys() ^ again.tensors.keys())
    surplus += [key for key in contents.config if contents.config[key] != again.config.get(key)]
    if surplus:
        raise ModelFileError(f"it holds {surplus[0]!r} in a way that no such model has")


def _network(
    tensors: dict[str, Tensor],
    k: int,
    reader: Reader,
    objective: Objective,
    recipe: Recipe,
    factory: Callable[..., nn.Module] | None,
) -> SequenceNetwork | OwnNetwork:
    prefix = f"weights/{k}/"
    weights = {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}
    if factory is not None:
        made = made_network(OwnParts(factory), reader, objective, recipe, {})
        made.load_state_dict(weights, strict=True)
        return made.eval()
    # Nothing is allocated for sizes that the file merely claims: the network takes over the file's own tensors.
    with torch.device("meta"):
        network = build_network(reader, objective, recipe.cell, recipe.networks, recipe.optional, {})
    own = network.state_dict()
    wrong = next((key for key in own if key in weights and _differ(own[key], weights[key])), "")
    if wrong:
        raise ModelFileError(f"weights/{k}/{wrong} is {weights[wrong].dtype} {tuple(weights[wrong].shape)}")
    network.load_state_dict(weights, strict=True, assign=True)
    return network.eval()


def _differ(own: Tensor, given: Tensor) -> bool:
    return own.shape != given.shape or own.dtype != given.dtype


def _check(model: SequenceModel) -> None:
    """Let everything compute once, on an example of one step: what does not fit is refused now, and not in use."""
    stacked = () if model.stacked is None else (model.stacked,)
    for baseline in (*stacked, *model.baselines):
        check_baseline(baseline, model.reader, model.objective.outputs)
        check_offset(baseline, model.objective)
    encoded: Encoded = {name: _one(encoder) for name, encoder in model.reader.encoders.items()}
    everyone = [model.outputs(encoded), *(baseline.outputs(encoded) for baseline in (*stacked, *model.baselines))]
    for outputs in everyone:
        if model.objective.decoded(outputs).shape != (1, model.objective.outputs) or not np.isfinite(outputs).all():
            raise ModelFileError(f"a part of it gives outputs of shape {outputs.shape}, or none that are finite")


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
