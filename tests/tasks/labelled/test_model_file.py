"""A model file gives back the same bits, and anything else than such a file is refused before it is used."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from tests.tasks.sequences import SIDES, SILENT, classifier, outputs, regressor, reviews, sides, strands, tagger

import recurra as rc
from recurra import SequenceOptions, TrainingOptions
from recurra.data.encoders.standardising import SeriesEncoder
from recurra.data.encoders.tokens import TextEncoder
from recurra.data.examples.inputs import Array, Audio, Events, Series, Static, Symbols, Text
from recurra.data.examples.understanding import Roles
from recurra.data.labels.labels import Classes, LabelSets, Numbers, Tags
from recurra.deploy.keeping import Header
from recurra.deploy.model_file import Contents, read_model, write_model
from recurra.errors import ModelFileError
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.evaluation.shared.calibration import Blend
from recurra.evaluation.shared.watching import Promise
from recurra.objectives.classes import ClassObjective
from recurra.objectives.labels import LabelObjective
from recurra.objectives.tags import TagObjective
from recurra.tasks.labelled.baselines import Baseline
from recurra.tasks.labelled.model import SequenceModel
from recurra.tasks.labelled.model_file import Table

TEXTS, LABELS = reviews()
LETTERS, TAGS = strands()
FRAME, SIDE_LABELS = sides()
TABLE = np.random.default_rng(0).normal(size=(40, 5))


def studied(estimator: Any, X: Any, y: Any) -> Any:
    estimator.study(X, y, run=SILENT)
    return estimator


MADE = {
    "text": lambda: (studied(classifier(), TEXTS, LABELS), TEXTS[:9]),
    "sub-words": lambda: (
        classifier(inputs={"t": Text(level="subwords", size=60)}, class_weight="balanced", label_smoothing=0.1).fit(
            TEXTS, LABELS, run=SILENT
        ),
        [*TEXTS[:5], "unheard naïve 今天"],
    ),
    "labels": lambda: (
        studied(classifier(), TEXTS, [["a"], ["a", "b"], [], ["c"]] * 15),
        TEXTS[:5],
    ),
    "sides": lambda: (
        studied(classifier(inputs=SIDES, optional=("text", "photo")), FRAME, SIDE_LABELS),
        FRAME.head(7).drop(columns="photo"),
    ),
    "series": lambda: (
        studied(classifier(), [TABLE[: k % 5 + 1, :2] for k in range(40)], [3, 7] * 20),
        [TABLE[:3, :2], TABLE[:1, :2]],
    ),
    "table": lambda: (studied(classifier(cell="lstm"), TABLE, [True, False] * 20), TABLE[:6]),
    "frame": lambda: (
        studied(classifier(), pd.DataFrame(TABLE, columns=list("vwxyz")), np.array([1, 2] * 20, np.int16)),
        pd.DataFrame(TABLE[:6], columns=list("vwxyz")),
    ),
    "events": lambda: (
        studied(classifier(inputs={"e": Events()}), [["in", "out"], ["buy"]] * 20, [0, 1] * 20),
        [["in"]],
    ),
    "numbers": lambda: (studied(regressor(), LETTERS, [float(x.count("A")) for x in LETTERS]), LETTERS[:7]),
    "several": lambda: (
        studied(regressor(), LETTERS, np.array([[x.count("A"), x.count("B")] for x in LETTERS], float)),
        LETTERS[:7],
    ),
    "tags": lambda: (studied(tagger(), LETTERS, TAGS), [*LETTERS[:7], "ZZ"]),
    "tagged table": lambda: (studied(tagger(), TABLE, ["u", "v"] * 20), TABLE[:6]),
    "tagged series": lambda: (
        studied(tagger(), [TABLE[: k % 5 + 1] for k in range(40)], [[k % 3] * (k % 5 + 1) for k in range(40)]),
        [TABLE[:4]],
    ),
    "tagged strands with columns": lambda: (
        studied(
            tagger(inputs={"s": Symbols(), "facts": Static(), "photo": Array()}, optional=("photo",)),
            pd.DataFrame(
                {"s": LETTERS, "photo": list(TABLE.reshape(40, 1, 5)), "a": TABLE[:, 0], "b": ["x", "y"] * 20}
            ),
            TAGS,
        ),
        pd.DataFrame({"s": ["ABC", "Z"], "a": [np.nan, 1.0], "b": ["x", "z"]}),
    ),
}


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return {}


def get(made: dict[str, Any], name: str) -> tuple[Any, Any]:
    if name not in made:
        made[name] = MADE[name]()
    return made[name]


@pytest.mark.parametrize("name", MADE)
def test_the_same_bits_come_back(made, tmp_path, name):
    model, X = get(made, name)
    model.save(tmp_path / "m.safetensors")
    again = rc.load(tmp_path / "m.safetensors")
    assert type(again) is type(model)
    assert np.array_equal(outputs(again, X), outputs(model, X))
    assert repr(again.predict(X)) == repr(model.predict(X))
    assert again.verdict_ == model.verdict_
    pd.testing.assert_frame_equal(again.explain(X), model.explain(X), check_exact=True)
    ours, theirs = model.model_, again.model_
    assert [b.name for b in theirs.baselines] == [b.name for b in ours.baselines]
    encoded = ours.reader.encode(model._examples(X, kinds=model.model_.reader.kinds))
    for one, other in zip(ours.baselines, theirs.baselines, strict=True):
        assert np.array_equal(one.outputs(encoded), other.outputs(encoded))
    if not isinstance(model, rc.SequenceRegressor):
        assert again.classes_.dtype == model.classes_.dtype
        assert again.label_smoothing == model.label_smoothing
    # What is read can be written again, to the same bytes.
    again.save(tmp_path / "n.safetensors")
    assert (tmp_path / "n.safetensors").read_bytes() == (tmp_path / "m.safetensors").read_bytes()


def test_a_table_s_columns_are_known_after_loading(made, tmp_path):
    model, X = get(made, "frame")
    model.save(tmp_path / "m.safetensors")
    again = rc.load(tmp_path / "m.safetensors")
    assert again.feature_names_in_.tolist() == list("vwxyz")
    with pytest.raises(ValueError, match="feature names should match"):
        again.predict(X[list("vwxy")])
    with pytest.raises(ValueError, match="feature names should match"):
        again.predict(X[list("zyxwv")])


def test_inputs_and_categories_keep_their_order(made, tmp_path):
    """Two columns of three categories each: nothing but the order tells their codes apart."""
    model, X = get(made, "sides")
    model.save(tmp_path / "m.safetensors")
    again = rc.load(tmp_path / "m.safetensors")
    assert list(again.model_.reader.encoders) == list(SIDES)
    swapped = X.assign(town=X["colour"], colour=X["town"])
    assert np.array_equal(outputs(again, swapped), outputs(model, swapped))


def test_a_label_that_its_type_does_not_hold_is_refused(made, tmp_path):
    model, _ = get(made, "events")
    path = tmp_path / "m.safetensors"
    model.save(path)
    contents = read_model(path)
    for name in (10**30, -(10**30), True, 0.5, "0", None, []):
        config = copy.deepcopy(contents.config)
        config["objective"]["labels"]["names"][0] = name
        write_model(path, Contents(contents.kind, config, contents.tensors))
        with pytest.raises(ModelFileError):
            rc.load(path)


# What a file may not hold.

WITH_DEFAULTS = [
    Header,
    Table,
    Roles,
    ClassObjective,
    LabelObjective,
    TagObjective,
    Blend,
    Baseline,
    NGramModel,
    Promise,
]
WITH_DEFAULTS += [SequenceOptions, TrainingOptions, Text, Series, Static, Audio]
WITH_DEFAULTS += [TextEncoder, SeriesEncoder, SequenceModel, Classes, LabelSets, Numbers, Tags]
CLASSES: dict[str, Any] = {kind.__name__: kind for kind in WITH_DEFAULTS}

WRONG = [None, True, -1, 3, 10**9, 10**30, 0.5, "x", [], {}, ["x"], {"a": 1}]


def places(value: Any, at: tuple = ()) -> Iterator[tuple]:
    if at:
        yield at
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*at, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*at, 0))


def kind_at(config: Any, path: tuple) -> str:
    value = at(config, path)
    return str(value.get("is a", "")) if isinstance(value, dict) else ""


def field_of(config: Any, path: tuple) -> tuple:
    """What a field is: of which part, where it stands there, and of which type; a file holds many a part repeatedly."""
    depth = max(k for k in range(len(path)) if k == 0 or kind_at(config, path[:k]))
    return kind_at(config, path[:depth]), path[depth:], type(at(config, path)), kind_at(config, path)


def at(config: Any, path: tuple) -> Any:
    for key in path:
        config = config[key]
    return config


def altered(config: dict[str, Any], path: tuple, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """The configuration without a field, with one more, and with something else in its place."""

    def copied() -> tuple[dict[str, Any], Any]:
        other = copy.deepcopy(config)
        return other, at(other, path[:-1])

    other, above = copied()
    del above[path[-1]]
    yield other
    if isinstance(at(config, path), dict):
        other, above = copied()
        above[path[-1]]["surplus"] = 1
        yield other
    other, above = copied()
    above[path[-1]] = WRONG[int(rng.integers(len(WRONG)))]
    yield other


def has_default(config: dict[str, Any], path: tuple) -> bool:
    """Whether a field, or a part of the file, may be missing: older files have none."""
    if path in (("roles",), ("seen",), ("promise",)):
        return True
    above = at(config, path[:-1])
    kind = CLASSES.get(above.get("is a", "")) if isinstance(above, dict) else None
    return kind is not None and any(
        field.name == path[-1] and (field.default is not MISSING or field.default_factory is not MISSING)
        for field in fields(kind)
    )


def use(path: Path, X: Any) -> np.ndarray | None:
    """What a model file says of X; None where it is refused. Any other exception is a failure."""
    try:
        model = rc.load(path)
    except ModelFileError:
        return None
    try:
        model.facts()
        model.predict(X)
        return outputs(model, X)
    except rc.InputError:  # values that fit, such as other names of columns, ask for other data
        return None


@pytest.mark.parametrize("name", ["text", "sides", "numbers", "tagged series", "tagged strands with columns"])
def test_an_altered_configuration_is_refused_or_means_a_model(made, tmp_path, name):
    """With a right checksum: no field without a default can be dropped, none added, none has another type.

    Each field of each kind of part once, and those that the model of texts has there alone.
    """
    path = tmp_path / "m.safetensors"
    get(made, "text")[0].save(path)
    shared = read_model(path).config
    model, X = get(made, name)
    model.save(path)
    contents, rng = read_model(path), np.random.default_rng(1)
    tried = set() if name == "text" else {field_of(shared, place) for place in places(shared)}
    for place in places(contents.config):
        field = field_of(contents.config, place)
        if field in tried:
            continue
        tried.add(field)
        for k, config in enumerate(altered(contents.config, place, rng)):
            write_model(path, Contents(contents.kind, config, contents.tensors))
            found = use(path, X)
            structural = k == 0 or "surplus" in str(at(config, place[:-1]))
            in_a_list = isinstance(place[-1], int)  # one value fewer in a list may be a list that fits
            if structural and not in_a_list and not (k == 0 and has_default(contents.config, place)):
                assert found is None, (place, k)


def one_of_each(names: Iterable[str]) -> list[str]:
    """Of names that differ in their numbers alone one, now of the first network or layer and now of another."""
    same: dict[str, list[str]] = {}
    for name in names:
        same.setdefault(re.sub(r"\d+", "0", name), []).append(name)
    return [alike[k % len(alike)] for k, alike in enumerate(same.values())]


@pytest.mark.parametrize("name", ["text", "sides", "tagged series", "tagged strands with columns"])
def test_an_altered_tensor_is_refused(made, tmp_path, name):
    model, X = get(made, name)
    path = tmp_path / "m.safetensors"
    model.save(path)
    contents = read_model(path)
    for key in one_of_each(contents.tensors):
        value = contents.tensors[key]
        others: list[torch.Tensor | None] = [None, value.unsqueeze(-1).expand(*value.shape, 2).contiguous()]
        if key.startswith("promise"):  # of fewer windows it is a promise, too
            others = others[1:]
        elif value.numel():
            others.append(value[:-1].contiguous())
        if value.numel():
            others.append(value.bool() if value.dtype != torch.bool else value.int())
        if value.is_floating_point() and value.numel():
            others.append(torch.full_like(value, float("nan")))
        for other in others:
            tensors = {k: v for k, v in contents.tensors.items() if k != key}
            if other is not None:
                tensors[key] = other
            write_model(path, Contents(contents.kind, contents.config, tensors))
            assert use(path, X) is None, (key, None if other is None else (other.dtype, other.shape))
    write_model(path, Contents(contents.kind, contents.config, contents.tensors | {"surplus": torch.ones(1)}))
    with pytest.raises(ModelFileError, match="its 'surplus' has a form that no such model has"):
        rc.load(path)


@pytest.mark.parametrize("field", ["hidden", "layers", "embedding", "channels"])
@pytest.mark.parametrize("size", [10**6, 10**12, 10**40])
def test_sizes_that_are_only_claimed_allocate_nothing(made, tmp_path, field, size):
    model, _ = get(made, "sides")
    path = tmp_path / "m.safetensors"
    model.save(path)
    contents = read_model(path)
    config = copy.deepcopy(contents.config)
    for options in config["model"]["recipe"]["networks"].values():
        options[field] = size
    write_model(path, Contents(contents.kind, config, contents.tensors))
    if field == "channels":  # of a convolution that is not there
        assert rc.load(path).model_.recipe.networks["text"].channels == size
    else:
        with pytest.raises(ModelFileError, match="is not a valid model of labelled sequences"):
            rc.load(path)


@pytest.mark.parametrize("kind", ["sequence classifier", "sequence tagger", "sequence regressor", "forecaster", "x"])
def test_the_model_of_another_kind_is_refused(made, tmp_path, kind):
    model, _ = get(made, "tags" if kind == "sequence classifier" else "text")
    path = tmp_path / "m.safetensors"
    model.save(path)
    contents = read_model(path)
    if kind == contents.kind:
        return
    write_model(path, Contents(kind, contents.config, contents.tensors))
    with pytest.raises(ModelFileError):
        rc.load(path)


def test_cut_and_altered_files_are_refused(made, tmp_path):
    model, _ = get(made, "text")
    path = tmp_path / "m.safetensors"
    model.save(path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for length in (0, 8, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelFileError):
            rc.load(path)
    for place in rng.integers(0, len(whole), 60):
        changed = bytearray(whole)
        changed[place] ^= 1 << int(rng.integers(0, 8))
        path.write_bytes(bytes(changed))
        with pytest.raises(ModelFileError):
            rc.load(path)
