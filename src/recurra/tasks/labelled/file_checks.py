"""Whether the parts of a model file belong together: what does not is refused before anything is computed with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from recurra.data.encoders.reader import TOKENS, Encoder, Reader, is_sequence
from recurra.data.encoders.standardising import ArrayEncoder, ColumnEncoder, SeriesEncoder
from recurra.data.encoders.tokens import UNKNOWN, EventEncoder, SymbolEncoder, TextEncoder
from recurra.data.examples.inputs import Array, Audio, Events, Kind, Series, Static, Symbols, Text
from recurra.data.labels.labels import Classes, LabelSets, Numbers, Tags
from recurra.errors import ModelFileError
from recurra.evaluation.labelled.calibration import Blend
from recurra.evaluation.labelled.fixed_model import FixedModel
from recurra.evaluation.labelled.joint import JointModel
from recurra.evaluation.labelled.joint_window import JointWindow
from recurra.evaluation.labelled.majority import Constant
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.evaluation.labelled.series_summary import SummaryModel
from recurra.evaluation.labelled.windows import SymbolWindow, ValueWindow
from recurra.objectives.objective import Objective
from recurra.tasks.labelled.baselines import Baseline
from recurra.tasks.labelled.model import Recipe

_ENCODERS: dict[type[Kind], type[Encoder]] = {
    **{Text: TextEncoder, Symbols: SymbolEncoder, Events: EventEncoder},
    **{Series: SeriesEncoder, Static: ColumnEncoder, Array: ArrayEncoder, Audio: SeriesEncoder},
}
_LONGEST = 64  # tokens of an n-gram
_LARGEST = 1 << 28  # numbers of an image
_FARTHEST = 1e38  # number of an array, which is float32
_HEAVIEST = 1e6  # weight of a model in a blend
_DTYPES: dict[str, set[type]] = {
    **{"object": {str, int, float, bool}, "str": {str}, "bool": {bool}},
    **{f"{sign}int{bits}": {int} for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": {float} for bits in (16, 32, 64)},
}


@dataclass(frozen=True)
class Table:
    """Of a table of numbers: whether every row is a sequence of one step, how many columns it has, and their names."""

    single: bool = False
    features: int | None = None
    names: tuple[str, ...] | None = None


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
    """Whether its weights are such as are fitted, around 0 for logits."""
    centre = np.asarray(blend.centre, dtype=np.float64)
    _require(0 < blend.network <= _HEAVIEST and 0 <= blend.stacked <= _HEAVIEST, f"weights beyond {_HEAVIEST:g}")
    around = centre.shape == ((objective.outputs,) if objective.centred else ())
    _require(around or (centre.shape == () and not centre.any()), f"a centre of shape {centre.shape}")
    _require(objective.centred or not centre.any(), f"logits around {centre}")


def check_table(table: Table, reader: Reader) -> None:
    """Whether there is a table where one is described, with as many names as columns."""
    columns = 1 if table.features is None else table.features
    _require(columns >= 1 and (table.names is None or len(table.names) == columns), f"{columns} columns")
    alone = len(reader.encoders) == 1 and isinstance(next(iter(reader.encoders.values())), SeriesEncoder)
    _require(alone or table == Table(), "a table of numbers among other inputs")


def check_reader(reader: Reader) -> None:
    """Whether every input has the encoder of its kind, whose parts agree."""
    _require(list(reader.kinds) == list(reader.encoders), "inputs and encoders of different names")
    for name, encoder in reader.encoders.items():
        kind = reader.kinds[name]
        _require(type(encoder) is _ENCODERS[type(kind)], f"the input {name!r} of {kind} read by {type(encoder)}")
        if isinstance(encoder, TOKENS):
            _check_tokens(encoder)
        elif isinstance(encoder, ArrayEncoder):
            _require(0 < encoder.spread < _FARTHEST and abs(encoder.mean) < _FARTHEST, "no spread, or a wild mean")
            shape = encoder.shape or (1, 1, 1)
            _require(len(shape) == 3 and min(shape) > 0 and np.prod(shape, dtype=float) <= _LARGEST, f"shape {shape}")
        else:
            _check_columns(encoder)


def check_recipe(recipe: Recipe, reader: Reader, tensors: int) -> None:
    """Whether there is a network for every input, of no more layers than there can be weights."""
    _require(list(recipe.networks) == list(reader.encoders), "networks and inputs of different names")
    _require(set(recipe.optional) <= set(reader.encoders), "an optional input that it has not")
    deepest = max(options.layers for options in recipe.networks.values())
    _require(deepest <= tensors, f"{deepest} layers and {tensors} tensors")


def check_offset(baseline: Baseline, objective: Objective) -> None:
    """Whether its offset is one that the objective may have."""
    flaw = baseline.objective(objective).flaw()
    _require(flaw is None and (baseline.offset is None or objective.wants_offset), str(flaw or "an offset"))


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
        _check_fixed(model, baseline.column, encoder)
    if isinstance(model, SummaryModel | ValueWindow | FixedModel):
        _require(model.mean.ndim == 1 and model.mean.shape == model.scale.shape, "other means than scales")
    if isinstance(model, SummaryModel):
        _require(model.coefficients.shape == (len(model.mean), outputs), "coefficients of other features")
    if isinstance(model, ValueWindow):
        _require(model.coefficients.shape[1:] == (len(model.mean) + 1, outputs), "coefficients of other features")
    if isinstance(model, NGramModel):
        orders, keys = model.grams.orders, model.grams.keys
        _require(bool(orders) and 1 <= min(orders) <= max(orders) <= _LONGEST, f"n-grams of {orders} tokens")
        _require(list(orders) == sorted(set(orders)), f"n-grams of {orders} tokens")
        _require(keys.ndim == 1 and bool((keys[1:] > keys[:-1]).all()), "keys of n-grams that do not rise")
        _require(model.coefficients.shape == (len(keys), *model.intercepts.shape), "coefficients of other n-grams")
    if isinstance(model, SymbolWindow):
        symbols = model.symbols
        _require(symbols.ndim == 1 and bool((np.diff(symbols) > 0).all()), "symbols that do not rise")
        _require(model.coefficients.shape[1:] == (len(symbols) + 2, *model.intercepts.shape), "other symbols")


def _check_fixed(model: FixedModel, name: str, encoder: Encoder) -> None:
    """Whether a model of columns or images has a coefficient for each of their numbers and categories."""
    _require(not is_sequence(encoder), f"steps in {name!r}")
    known = [len(each) for each in encoder.categories.values()] if isinstance(encoder, ColumnEncoder) else []
    _require(len(known) == len(model.sizes), f"{len(model.sizes)} columns of categories in {name!r}")
    _require(all(0 <= n <= k for n, k in zip(model.sizes, known, strict=True)), f"categories that {name!r} has not")
    width = len(model.mean) + sum(model.sizes) + len(model.sizes)
    _require(model.coefficients.shape == (width, *model.intercepts.shape), "coefficients of other features")


def _check_tokens(encoder: TextEncoder | SymbolEncoder | EventEncoder) -> None:
    tokens = set(encoder.tokens)
    _require(0 < len(tokens) == len(encoder.tokens), "no token, or one twice")
    if isinstance(encoder, SymbolEncoder):
        _require(all(len(token) == 1 for token in tokens), "a symbol of several letters")
    if isinstance(encoder, TextEncoder):
        _require(UNKNOWN not in tokens and "" not in tokens, "a token that stands for others")
        _require(not encoder.merges or encoder.level == "subwords", f"merges of {encoder.level}")
        merged = chain.from_iterable((a, b, a + b) for a, b in encoder.merges)
        _require(tokens.issuperset(merged), "a merge of tokens that it does not know")


def _check_columns(encoder: Any) -> None:
    names = encoder.names if isinstance(encoder, SeriesEncoder) else encoder.numeric
    many = {len(names), len(encoder.mean), len(encoder.spread), len(encoder.gaps)}
    _require(len(many) == 1, f"{len(names)} features and statistics of {sorted(many)}")
    _require(all(spread > 0 for spread in encoder.spread), "a spread that is not above 0")
    if isinstance(encoder, SeriesEncoder):
        _require(
            bool(names) and (encoder.pace is None or encoder.pace > 0), "no feature, or a pace that is not above 0"
        )
    else:
        _require(list(encoder.categories) == sorted(encoder.categories), "categories in another order")
        _require(all(len(set(known)) == len(known) for known in encoder.categories.values()), "a category twice")


def _require(fits: bool, found: str) -> None:
    if not fits:
        raise ModelFileError(f"it has {found}")
