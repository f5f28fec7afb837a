"""A model of labelled sequences as graphs: a row in, its label or numbers out; of tags also a step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.data.encoders.reader import Encoded
from recurra.data.encoders.standardising import SeriesEncoder
from recurra.data.examples.ragged import Ragged
from recurra.deploy.exported import Case, Exported
from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.ngrams import tokens_of_ngrams
from recurra.deploy.graph.nodes import Graph, Vector
from recurra.deploy.graph.sequences import outputs_of, refuse_unexported
from recurra.errors import InputError
from recurra.evaluation.labelled.fixed_model import FixedModel
from recurra.evaluation.labelled.joint import JointModel
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.language import _
from recurra.nn.sequence import SequenceNetwork
from recurra.objectives.classes import ClassObjective
from recurra.objectives.labels import LabelObjective
from recurra.objectives.numbers import NumberObjective
from recurra.objectives.tags import TagObjective
from recurra.tasks.labelled.exported_inputs import (
    Inputs,
    add_inputs,
    drawn_rows,
    input_names,
    sidecar_of,
    tokenizers_of,
)

_ROWS, _STEPS = 4, 12  # of the vectors


def exported(model: Any) -> Exported:
    """The graphs of a model of labelled sequences.

    Raises InputError for sounds, images, networks of the user's own and objectives without an export.
    """
    for member in model.members:
        if not isinstance(member.network, SequenceNetwork):
            raise InputError(_("the network is one of your own, whose operations are not known: it cannot be exported"))
        refuse_unexported(member.network)
    kinds = (ClassObjective, LabelObjective, NumberObjective, TagObjective)
    if not isinstance(model.objective, kinds):
        raise InputError(
            _(
                "an export does not know how {name} decodes the outputs of a network: expected "
                "classes, labels, numbers or tags",
                name=type(model.objective).__name__,
            )
        )
    whole = _graph(model, whole=True)
    why = _why_no_step(model)
    step = None if why else _graph(model, whole=False)
    rows = drawn_rows(model.reader, _ROWS, model.recipe.optional)
    cases = tuple(_case(model, row) for row in rows)
    step_cases = () if step is None else _in_steps(model, rows[0])
    return Exported(model.objective.aim, whole, step, sidecar_of(model), cases, step_cases, why, tokenizers_of(model))


def _why_no_step(model: Any) -> str:
    """Why the model cannot say after every step what it would of the sequence so far; "" where it can."""
    network = model.members[0].network
    if why := network.why_not_causal if network.per_step else network.why_not_onward:
        return why
    if any(isinstance(e, SeriesEncoder) and e.centred for e in model.reader.encoders.values()):
        return "its series are taken less their own mean, which is not known before the end"
    beside = getattr(model.stacked, "model", None)
    parts = list(beside.parts.values()) if isinstance(beside, JointModel) else [beside]
    if model.blend.stacked and not network.per_step and any(isinstance(part, NGramModel) for part in parts):
        return "a linear model of the n-grams of the whole sequence corrects its networks"
    return ""


def _graph(model: Any, *, whole: bool) -> Graph:
    b = Builder()
    given = add_inputs(b, model.reader, model.recipe.optional, whole=whole)
    total: Vector | None = None
    for k, member in enumerate(model.members):
        found = outputs_of(b, member.network, given.network, f"member{k}_")
        part = b.scale(b.cast(found, double=True), 1.0 / len(model.members))
        total = part if total is None else b.add(total, part)
    assert total is not None
    return _decoded(b, model, _blended(b, model, total, given))


def _blended(b: Builder, model: Any, outputs: Vector, given: Inputs) -> Vector:
    blend = model.blend
    centre = np.broadcast_to(np.asarray(blend.centre, np.float64), (outputs.width,))
    found = b.scale(outputs, blend.network, centre * (1.0 - blend.network - blend.stacked))
    if blend.stacked == 0:
        return found
    linear = b.cast(_linear(b, model.stacked, given), double=True)
    return b.add(found, b.scale(linear, blend.stacked))


def _linear(b: Builder, stacked: Any, given: Inputs) -> Vector:
    """The outputs of the stacked linear model."""
    model = stacked.model
    if isinstance(model, NGramModel):
        return _counted(b, model, stacked.column, given)
    if not isinstance(model, JointModel):
        raise InputError(_("the stacked linear model is a {name}, which cannot be exported", name=type(model).__name__))
    found: Vector | None = None
    for name, part in model.parts.items():
        if isinstance(part, NGramModel):
            each = _counted(b, part, name, given)
        elif isinstance(part, FixedModel):
            each = _columns(b, part, name, given)
        else:
            raise InputError(_("the stacked linear model summarises a series, which cannot be exported"))
        found = each if found is None else b.add(found, each)
    assert found is not None
    return b.scale(found, 1.0, model.intercepts)


def _counted(b: Builder, model: NGramModel, name: str, given: Inputs) -> Vector:
    grams = tokens_of_ngrams(model.grams, given.vocabulary[name] + 1)
    tokens, _codes = given.network[name]
    counted = b.counted(tokens, model.grams.keys, grams, model.coefficients, model.values)
    return b.scale(counted, 1.0, model.intercepts)


def _columns(b: Builder, model: FixedModel, name: str, given: Inputs) -> Vector:
    """Whether the input is there, its numbers, and a coefficient for the category of each column."""
    values, codes = given.network[name]
    there = given.network[f"{name}/there"][0]
    scale = 1.0 / model.scale
    features = b.scale(b.join([there, values] if values.width else [there]), scale, -model.mean * scale)
    first = len(model.mean)
    found = b.linear(features, model.coefficients[:first].T, model.intercepts, exact=True)
    for k, size in enumerate(model.sizes):
        assert codes is not None
        table = model.coefficients[first : first + size + 1]
        found = b.add(found, b.lookup(b.part(codes, k, 1), table))
        first += size + 1
    return found


def _decoded(b: Builder, model: Any, outputs: Vector) -> Graph:
    objective = model.objective
    if isinstance(objective, NumberObjective):
        return b.finish(b.scale(outputs, objective.spread, objective.mean), names=("value",))
    single = b.cast(outputs, double=False)
    if isinstance(objective, LabelObjective):
        return b.finish(b.apply(single, "sigmoid"), names=("probability",))
    offset = getattr(objective, "offset", None)
    chosen = single if offset is None else b.scale(single, 1.0, offset)
    return b.finish(b.softmax(single), b.argmax(chosen), names=("probability", "label"))


# ---- what the model says of rows that are drawn


def _case(model: Any, row: tuple[Encoded, Mapping[str, npt.NDArray]]) -> Case:
    encoded, inputs = row
    return Case(inputs, _said(model, model.outputs(encoded)))


def _said(model: Any, outputs: npt.NDArray) -> dict[str, npt.NDArray]:
    objective = model.objective
    decoded = objective.decoded(outputs)
    rows = decoded if objective.per_step else decoded[0]
    if isinstance(objective, NumberObjective):
        return {"value": rows}
    if isinstance(objective, LabelObjective):
        return {"probability": rows}
    chosen = objective.chosen(outputs) if isinstance(objective, ClassObjective) else outputs.argmax(axis=-1)
    labels = chosen[:, None] if objective.per_step else chosen[:1]
    return {"probability": rows, "label": labels.astype(np.int64)}


def _in_steps(model: Any, row: tuple[Encoded, Mapping[str, npt.NDArray]]) -> tuple[Case, ...]:
    """The row step by step; what is no sequence comes with every step."""
    encoded, inputs = row
    names = input_names(model.reader)
    moving = [given for given in names if isinstance(encoded[given], Ragged)]
    along = {names[given] for given in moving} | {f"{names[given]}_waits" for given in moving}
    steps = min(_STEPS, *(len(inputs[names[given]]) for given in moving))

    def said(t: int) -> dict[str, npt.NDArray]:
        if model.objective.per_step:
            return {name: values[t] for name, values in whole.items()}
        return _said(model, model.outputs({name: _begun(encoded[name], t + 1) for name in encoded}))

    whole = _said(model, model.outputs(encoded)) if model.objective.per_step else {}
    return tuple(
        Case({name: np.atleast_1d(values[t]) if name in along else values for name, values in inputs.items()}, said(t))
        for t in range(steps)
    )


def _begun(column: Any, steps: int) -> Any:
    """The first steps of the only row, where it has steps."""
    return Ragged(column.values[:steps], np.array([0, steps])) if isinstance(column, Ragged) else column
