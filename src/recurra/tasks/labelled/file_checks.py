"""Whether the parts of a file of labelled sequences belong together; each part looks after itself (`check`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from recurra.checking import require
from recurra.data.encoders.reader import TOKENS, Reader, is_sequence
from recurra.data.encoders.standardising import ColumnEncoder, SeriesEncoder
from recurra.data.labels.labels import Classes, LabelSets, Numbers, Tags
from recurra.errors import ModelFileError
from recurra.evaluation.labelled.fixed_model import FixedModel
from recurra.evaluation.labelled.joint import JointModel
from recurra.evaluation.labelled.joint_window import JointWindow
from recurra.evaluation.labelled.majority import Constant
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.evaluation.labelled.series_summary import SummaryModel
from recurra.evaluation.labelled.windows import SymbolWindow, ValueWindow
from recurra.evaluation.shared.calibration import Blend
from recurra.language import _
from recurra.objectives.objective import Objective
from recurra.tasks.labelled.baselines import Baseline
from recurra.tasks.labelled.model import Recipe

_DTYPES: dict[str, set[type]] = {
    **{"object": {str, int, float, bool}, "str": {str}, "bool": {bool}},
    **{f"{sign}int{bits}": {int} for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": {float} for bits in (16, 32, 64)},
}


def check_objective(objective: Objective) -> None:
    """Whether its parts fit each other."""
    flaw = objective.flaw()
    _require(flaw is None, str(flaw))


def check_labels(labels: Any) -> None:
    """Whether the labels of an objective are of the type that they must have; a codec of a user's own is its own."""
    if not isinstance(labels, Classes | LabelSets | Numbers | Tags):
        return
    names, kinds = labels.names, {type(name) for name in labels.names}
    _require(len(kinds) == 1 and kinds <= {str, int, float, bool}, f"labels of the types {sorted(map(str, kinds))}")
    _require(len(set(names)) == len(names), "a label twice")
    if isinstance(labels, Numbers):
        _require(kinds == {str} and isinstance(labels.flat, bool), "numbers without names")
        _require(not labels.flat or len(names) == 1, f"one number of the names {names}")
        return
    _require(isinstance(labels.dtype, str) and labels.dtype in _DTYPES, f"labels of dtype {labels.dtype!r}")
    _require(labels.dtype == "object" or kinds <= _DTYPES[labels.dtype], f"{names[0]!r} as {labels.dtype}")
    if labels.dtype not in ("object", "str"):
        _require(labels.values.tolist() == list(names), f"labels that {labels.dtype} does not hold")
    if isinstance(labels, LabelSets):
        _require(isinstance(labels.separator, str) and bool(labels.separator), "no separator")
    if isinstance(labels, Tags) and labels.form == "string":
        _require(kinds == {str} and all(len(str(name)) == 1 for name in names), "tags of several letters in strings")


def check_blend(blend: Blend, objective: Objective) -> None:
    """Whether it is around 0 for logits, and around one number for each output for numbers."""
    centre = np.asarray(blend.centre, dtype=np.float64)
    around = centre.shape == ((objective.outputs,) if objective.centred else ())
    _require(around or (centre.shape == () and not centre.any()), f"a centre of shape {centre.shape}")
    _require(objective.centred or not centre.any(), f"logits around {centre}")


def check_recipe(recipe: Recipe, reader: Reader) -> None:
    """Whether there is a network for every input."""
    _require(list(recipe.networks) == list(reader.encoders), "networks and inputs of different names")
    _require(set(recipe.optional) <= set(reader.encoders), "an optional input that it has not")


def check_offset(baseline: Baseline, objective: Objective) -> None:
    """Whether its offset is one that the objective may have."""
    flaw = baseline.objective(objective).flaw()
    _require(flaw is None and (baseline.offset is None or objective.wants_offset), str(flaw or "an offset"))


def check_baseline(baseline: Baseline, reader: Reader, outputs: int) -> None:
    """Whether a baseline is one of the inputs that it names, and its arrays agree."""
    encoder, model = reader.encoders.get(baseline.column), baseline.model
    if encoder is None:
        raise ModelFileError(_("it has a baseline of {column!r}, which is no input", column=baseline.column))
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
