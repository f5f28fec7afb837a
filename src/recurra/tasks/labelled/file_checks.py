"""Whether the parts of a file of labelled sequences belong together; each part looks after itself (`check`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from recurra.checking import require
from recurra.data.encoders.reader import TOKENS, Reader, is_sequence
from recurra.data.encoders.standardising import ColumnEncoder, SeriesEncoder
from recurra.data.labels.labels import Classes, Labels, LabelSets, Numbers, Tags, restored
from recurra.errors import ModelFileError
from recurra.evaluation.labelled.calibration import Blend
from recurra.evaluation.labelled.decisions import METRICS
from recurra.evaluation.labelled.fixed_model import FixedModel
from recurra.evaluation.labelled.joint import JointModel
from recurra.evaluation.labelled.joint_window import JointWindow
from recurra.evaluation.labelled.majority import Constant
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.evaluation.labelled.series_summary import SummaryModel
from recurra.evaluation.labelled.windows import SymbolWindow, ValueWindow
from recurra.tasks.labelled.baselines import Baseline
from recurra.tasks.labelled.model import Recipe
from recurra.tasks.labelled.objective import Objective

_AIMS: dict[str, dict[type, str]] = {
    "sequence classifier": {Classes: "classes", LabelSets: "labels"},
    "sequence tagger": {Tags: "tags"},
    "sequence regressor": {Numbers: "numbers"},
}
_DTYPES: dict[str, set[type]] = {
    **{"object": {str, int, float, bool}, "str": {str}, "bool": {bool}},
    **{f"{sign}int{bits}": {int} for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": {float} for bits in (16, 32, 64)},
}


def check_objective(kind: str, labels: Labels, objective: Objective) -> None:
    """Whether an estimator of this kind learns such labels in this way."""
    wanted = _AIMS.get(kind, {}).get(type(labels))
    _require(objective.aim == wanted, f"a {kind} with {type(labels).__name__} whose aim is {objective.aim}")
    _require(objective.outputs == len(labels.names), f"{len(labels.names)} labels and {objective.outputs} outputs")
    _require(0 <= objective.smoothing < 1, f"a label smoothing of {objective.smoothing}")
    for name in ("weight", "mean", "spread"):
        values = getattr(objective, name)
        there = name != "weight" and objective.aim == "numbers"
        _require(values is not None or not there, f"no {name} of its targets")
        _require(values is None or there or name == "weight", f"a {name} where there are no numbers to predict")
        _require(values is None or values.shape == (objective.outputs,), f"another number of outputs in its {name}")
    _require(objective.metric in ("", *METRICS), f"a metric {objective.metric!r}")
    _require(
        (objective.aim == "classes") == bool(objective.metric), f"a metric {objective.metric!r} of {objective.aim}"
    )
    _check_offset(objective.offset, objective)
    _require(objective.spread is None or bool((objective.spread > 0).all()), "a spread that is not above 0")


def _check_offset(offset: Any, objective: Objective) -> None:
    chosen = offset is None or objective.metric in ("balanced_accuracy", "macro_f1")
    _require(chosen and (offset is None or offset.shape == (objective.outputs,)), "an offset that no metric asks for")


def check_labels(content: Any) -> Labels:
    """The labels that `stored` made `content` of, each of the type that it must have."""
    _require(isinstance(content, Mapping), f"labels {content!r}")
    labels = restored(content)
    names, kinds = labels.names, {type(name) for name in labels.names}
    _require(len(kinds) == 1 and kinds <= {str, int, float, bool}, f"labels of the types {sorted(map(str, kinds))}")
    _require(len(set(names)) == len(names), "a label twice")
    if isinstance(labels, Numbers):
        _require(kinds == {str} and isinstance(labels.flat, bool), "numbers without names")
        _require(not labels.flat or len(names) == 1, f"one number of the names {names}")
        return labels
    _require(isinstance(labels.dtype, str) and labels.dtype in _DTYPES, f"labels of dtype {labels.dtype!r}")
    _require(labels.dtype == "object" or kinds <= _DTYPES[labels.dtype], f"{names[0]!r} as {labels.dtype}")
    if labels.dtype not in ("object", "str"):
        _require(labels.values.tolist() == list(names), f"labels that {labels.dtype} does not hold")
    if isinstance(labels, LabelSets):
        _require(isinstance(labels.separator, str) and bool(labels.separator), "no separator")
    if isinstance(labels, Tags) and labels.form == "string":
        _require(kinds == {str} and all(len(str(name)) == 1 for name in names), "tags of several letters in strings")
    return labels


def check_blend(blend: Blend, objective: Objective) -> None:
    """Whether it is around 0 for logits, and around one number for each output for numbers."""
    centre = np.asarray(blend.centre, dtype=np.float64)
    around = centre.shape == (objective.outputs,) if objective.aim == "numbers" else centre.shape == ()
    _require(around or (centre.shape == () and not centre.any()), f"a centre of shape {centre.shape}")
    _require(objective.aim == "numbers" or not centre.any(), f"logits around {centre}")


def check_recipe(recipe: Recipe, reader: Reader) -> None:
    """Whether there is a network for every input."""
    _require(list(recipe.networks) == list(reader.encoders), "networks and inputs of different names")
    _require(set(recipe.optional) <= set(reader.encoders), "an optional input that it has not")


def check_offset(baseline: Baseline, objective: Objective) -> None:
    """Whether its offset is one that the metric asks for."""
    _check_offset(baseline.offset, objective)


def check_baseline(baseline: Baseline, reader: Reader, outputs: int) -> None:
    """Whether a baseline is one of the inputs that it names, and its arrays agree."""
    encoder, model = reader.encoders.get(baseline.column), baseline.model
    if encoder is None:
        raise ModelFileError(f"it has a baseline of {baseline.column!r}, which is no input")
    tokens = isinstance(model, NGramModel | SymbolWindow)
    _require(not tokens or isinstance(encoder, TOKENS), f"no tokens in {baseline.column!r}")
    series = is_sequence(encoder) and not isinstance(encoder, TOKENS)
    _require(not isinstance(model, SummaryModel) or series, f"no series in {baseline.column!r}")
    steps = isinstance(encoder, SeriesEncoder)
    _require(not isinstance(model, ValueWindow) or steps, f"no series in {baseline.column!r}")
    ends = model.values if isinstance(model, Constant) else model.intercepts
    _require(ends.shape == (outputs,), f"a baseline of {ends.shape} outputs")
    if isinstance(model, JointModel | JointWindow):
        parts = model.parts if isinstance(model, JointModel) else {baseline.column: model.window, **model.beside}
        _require(parts.keys() == reader.encoders.keys(), f"a baseline of the inputs {sorted(parts)}")
        for name, part in parts.items():
            check_baseline(replace(baseline, column=name, model=part), reader, outputs)
    if isinstance(model, FixedModel):
        _require(not is_sequence(encoder), f"steps in {baseline.column!r}")
        known = [len(each) for each in encoder.categories.values()] if isinstance(encoder, ColumnEncoder) else []
        fits = len(known) == len(model.sizes) and all(n <= k for n, k in zip(model.sizes, known, strict=True))
        _require(fits, f"categories of {baseline.column!r} that are not there")


def _require(fits: bool, found: str) -> None:
    require(fits, f"it has {found}")
