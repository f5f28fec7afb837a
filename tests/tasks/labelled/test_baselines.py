"""Every input is read by some baseline, so that the verdict compares with one that has seen what decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.tasks.sequences import SIDES, SILENT, classifier, regressor, reviews, sides, strands, tagger

from recurra.data.examples.inputs import Array, Series, Static, Symbols, Text
from recurra.evaluation.labelled.joint import JointModel
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.evaluation.labelled.series_summary import SummaryModel

COUNT = 80
CODES = np.arange(COUNT) % 2
LABELS = np.array(["no", "yes"])[CODES]


def frame(**columns: Any) -> pd.DataFrame:
    """Columns that decide beside a text that does not."""
    rng = np.random.default_rng(1)
    noise = [" ".join(rng.choice(["so", "it", "is", "and"], 5)) for _ in range(COUNT)]
    return pd.DataFrame({"noise": noise, **columns})


def image(code: int, rng: np.random.Generator) -> np.ndarray:
    """Bright on the left, or on the right."""
    picture = rng.normal(size=(11, 13))
    picture[:, :6] += 2 * code
    picture[:, 6:] -= 2 * code
    return picture


RNG = np.random.default_rng(0)
DECIDING = {
    "category": (Static(("key",)), {"key": np.array(["Bonn", "Oulu"])[CODES]}),
    "number": (Static(("key",)), {"key": CODES + RNG.normal(scale=0.1, size=COUNT)}),
    "gap": (Static(("key",)), {"key": np.where(CODES == 1, np.nan, 1.0)}),
    "text": (Text(level="words"), {"key": np.array(["a good one", "a bad one"])[CODES]}),
    "series": (Series(), {"key": [RNG.normal(size=(4, 1)) + 5 * code for code in CODES]}),
    "image": (Array(), {"key": [image(code, RNG) for code in CODES.tolist()]}),
    "sound": (Array(), {"key": [RNG.normal(size=90) * (1 + 4 * code) for code in CODES]}),
}


def accuracy(model: Any, X: pd.DataFrame) -> float:
    """That of the last baseline."""
    encoded = model.model_.reader.encode(model._examples(X, kinds=model.model_.reader.kinds))
    names = np.array(model.labels_.names)
    return float((names[model.model_.baselines[-1].outputs(encoded).argmax(axis=1)] == LABELS).mean())


def studied(estimator: Any, X: Any, y: Any) -> Any:
    estimator.study(X, y, run=SILENT, allow_leak=["key"])
    return estimator


@pytest.mark.parametrize("name", DECIDING)
def test_the_last_baseline_reads_the_input_that_decides(name):
    kind, columns = DECIDING[name]
    X = frame(**columns)
    model = studied(classifier(inputs={"noise": Text(level="words"), "key": kind}, members=1), X, LABELS)
    assert accuracy(model, X) > 0.95
    assert "Better" not in model.verdict_


@pytest.mark.parametrize("name", ["category", "image", "sound"])
def test_an_input_alone_has_a_baseline(name):
    kind, columns = DECIDING[name]
    X = pd.DataFrame(columns)
    assert accuracy(studied(classifier(inputs={"key": kind}, members=1), X, LABELS), X) > 0.95


@pytest.mark.parametrize(
    ("kind", "sequence", "key", "name"),
    [
        (Symbols(), "letters", "number", "window of 17 and columns"),
        (Series(), "walk", "category", "window of 17 and columns"),
        (Symbols(), "letters", "image", "window of 17 and coarse image"),
    ],
)
def test_the_last_baseline_of_a_tagger_reads_columns_and_images(kind, sequence, key, name):
    """Nothing in the steps tells of their tags."""
    letters = strands(COUNT)[0]
    walks = [RNG.normal(size=(len(row), 2)) for row in letters]
    X = pd.DataFrame({sequence: letters if sequence == "letters" else walks, **DECIDING[key][1]})
    y = [("y" if code else "n") * len(row) for code, row in zip(CODES, letters, strict=True)]
    model = studied(tagger(inputs={sequence: kind, "key": DECIDING[key][0]}, members=1), X, y)
    last = model.model_.baselines[-1]
    assert last.name == f"{name} with logistic regression"
    encoded = model.model_.reader.encode(model._examples(X, kinds=model.model_.reader.kinds))
    said = model.classes_[last.outputs(encoded).argmax(axis=1)]
    assert (said == np.array(list("".join(y)))).mean() > 0.95
    assert "Better" not in model.verdict_


def test_a_sequence_to_tag_alone_has_a_window():
    letters, tags = strands()
    names = [baseline.name for baseline in studied(tagger(members=1), letters, tags).model_.baselines]
    assert names == ["most frequent tag", "usual tag of each symbol", "window of 17 with logistic regression"]


def test_a_regression_and_labels_that_hold_or_not():
    X = frame(key=np.array(["Bonn", "Oulu"])[CODES])
    inputs = {"noise": Text(level="words"), "key": Static(("key",))}
    model = studied(regressor(inputs=inputs, members=1), X, 10.0 + 3 * CODES)
    encoded = model.model_.reader.encode(model._examples(X, kinds=model.model_.reader.kinds))
    found = model.model_.objective.decoded(model.model_.baselines[-1].outputs(encoded))
    np.testing.assert_allclose(found[:, 0], 10.0 + 3 * CODES, atol=0.5)
    assert model.model_.baselines[-1].name == "n-grams and columns with ridge regression"
    sets = [["a"] if code else ["a", "b"] for code in CODES]
    several = studied(classifier(inputs=inputs, members=1), X, sets).model_
    held = several.baselines[-1].outputs(encoded)[:, 1] > 0
    assert np.array_equal(held, CODES == 0)


@pytest.mark.parametrize(
    ("inputs", "names"),
    [
        ({"noise": Text(level="words")}, ["n-grams"]),
        ({"noise": Symbols()}, ["k-mers"]),
        ({"walk": Series()}, ["summary"]),
        ({"walk": Series(), "facts": Static(("number",))}, ["summary", "summary and columns"]),
        ({"walk": Series(), "facts": Static(("number", "key"))}, ["summary", "summary and columns"]),
        ({"noise": Text(level="words"), "other": Text(level="words")}, ["n-grams of noise", "n-grams of all inputs"]),
        ({"facts": Static(("number", "key"))}, ["columns"]),
    ],
    ids=lambda value: ", ".join(value),
)
def test_there_is_one_of_all_inputs_only_where_no_other_reads_them_all(inputs, names):
    walks = [RNG.normal(size=(3, 2)) for _ in range(COUNT)]
    X = frame(other=frame()["noise"], walk=walks, number=RNG.normal(size=COUNT), key=list(LABELS))
    model = studied(classifier(inputs=inputs, members=1), X, LABELS)
    assert [b.name for b in model.model_.baselines[1:]] == [f"{name} with logistic regression" for name in names]


def test_a_single_text_or_series_keeps_its_model():
    texts, labels = reviews()
    assert isinstance(studied(classifier(members=1), texts, labels).model_.baselines[-1].model, NGramModel)
    letters, _ = strands()
    model = studied(regressor(members=1), letters, [float(len(x)) for x in letters]).model_
    assert isinstance(model.baselines[-1].model, NGramModel)
    walks = [RNG.normal(size=(3, 2)) for _ in range(COUNT)]
    assert isinstance(studied(classifier(members=1), walks, LABELS).model_.baselines[-1].model, SummaryModel)


def test_a_baseline_of_all_kinds_of_inputs():
    X, labels = sides()
    model = studied(classifier(inputs=SIDES, members=1), X, labels).model_
    joint = model.baselines[-1]
    assert joint.name == "n-grams, summary, coarse image and columns of all inputs with logistic regression"
    assert isinstance(joint.model, JointModel)
    assert set(joint.model.parts) == set(SIDES)
