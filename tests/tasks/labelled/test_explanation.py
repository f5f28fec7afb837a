"""Attributions add up to what is explained, find what was planted, and depend on their example alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.tasks.sequences import LONGER, SIDES, SILENT, classifier, regressor, reviews, sides, strands, tagger

from recurra import InputError
from recurra.data.encoders.reader import Encoded, Fixed
from recurra.data.examples.inputs import Static, Text
from recurra.data.examples.ragged import Ragged
from recurra.evaluation.labelled.ngram_model import NGramModel
from recurra.evaluation.shared.calibration import Blend
from recurra.inspect import attribute
from recurra.tasks.labelled.attributions import explained_frame, with_gaps
from recurra.tasks.labelled.baselines import fit_ngrams_of
from recurra.tasks.labelled.data import LabelledData
from recurra.tasks.labelled.explanation import explain

TEXTS, LABELS = reviews()
FRAME, SIDE_LABELS = sides()


@pytest.fixture(scope="module")
def fitted() -> Any:
    return classifier(training=LONGER).fit(TEXTS, LABELS, run=SILENT)


def nothing(model: Any, encoded: Encoded) -> Encoded:
    """The same examples with unknown tokens and categories and mean numbers."""

    def of(column: Any) -> Any:
        if isinstance(column, Ragged):
            return Ragged(np.zeros_like(column.values), column.offsets)
        codes = None if column.codes is None else np.zeros_like(column.codes)
        return Fixed(np.zeros_like(column.values), column.there, codes)

    return {name: of(column) for name, column in encoded.items()}


def margin(outputs: np.ndarray, target: int) -> np.ndarray:
    others = np.delete(outputs, target, axis=1)
    return outputs[:, target] - (others.mean(1) if others.shape[1] else 0.0)


def totals(found: Any, rows: int) -> np.ndarray:
    total = np.zeros(rows)
    for values in found.values.values():
        if isinstance(values, Ragged):
            owner = np.repeat(np.arange(rows), values.lengths)
            total += np.bincount(owner, values.values.reshape(len(owner), -1).sum(1), rows)
        else:
            total += values.reshape(rows, -1).sum(1)
    return total


@pytest.mark.parametrize("name", ["text", "sides", "numbers"])
def test_the_networks_part_adds_up_within_a_hundredth(fitted, name):
    if name == "text":
        model, X = fitted, TEXTS[:20]
    elif name == "sides":
        model = classifier(inputs=SIDES, training=LONGER).fit(FRAME, SIDE_LABELS, run=SILENT)
        X = FRAME.head(20)
    else:
        letters, _ = strands()
        model, X = regressor(training=LONGER).fit(letters, [len(x) for x in letters], run=SILENT), letters
    alone = replace(model.model_, stacked=None, blend=Blend(model.model_.blend.network, 0.0, model.model_.blend.centre))
    encoded = alone.reader.encode(model._examples(X, kinds=model.model_.reader.kinds))
    target = 1 if len(model.labels_.names) > 1 else 0
    found = explain(alone, encoded, np.full(len(X), target))
    expected = margin(alone.outputs(encoded), target) - margin(alone.outputs(nothing(model, encoded)), target)
    np.testing.assert_allclose(totals(found, len(X)), expected, atol=0.02 * np.abs(expected).max())


def test_a_category_that_decides_moves_the_prediction():
    town = np.array(["Bonn", "Oulu"])[np.arange(48) % 2]
    X = FRAME[["age", "colour"]].assign(town=town)
    model = classifier(inputs={"facts": Static()}, training=LONGER).fit(X, list(town), run=SILENT)
    found = model.explain(X)
    assert list(found["token"].unique()) == ["age", "colour", "town"]
    assert found.groupby("token")["attribution"].mean().idxmax() == "town"


def test_a_long_example_pads_no_other(fitted, monkeypatch):
    """What goes through the network together is of about one length, and every result stands in its place."""
    texts = [*TEXTS[:20], " ".join(["film"] * 500 + ["good"]), *TEXTS[20:40]]
    expected = fitted.explain(texts)
    monkeypatch.setattr("recurra.tasks.labelled.explanation.ROWS_AT_ONCE", 3)
    few = fitted.explain(texts)
    np.testing.assert_allclose(few["attribution"], expected["attribution"], atol=1e-5)
    monkeypatch.undo()
    monkeypatch.setattr("recurra.tasks.labelled.explanation.STEPS_AT_ONCE", 600)
    sizes = []

    def counted(forward: Any, inputs: Any, **others: Any) -> Any:
        sizes.append(tuple(inputs[0].shape[:2]))
        return attribute(forward, inputs, **others)

    monkeypatch.setattr("recurra.tasks.labelled.explanation.attribute", counted)
    fitted.explain(texts)
    assert {size for size in sizes if size[1] > 20} == {(1, 501)}
    assert sum(rows for rows, _ in sizes) == 2 * len(texts)  # two networks


def test_the_linear_part_adds_up_exactly(fitted):
    model = fitted.model_
    examples = fitted._examples(TEXTS, kinds=fitted.model_.reader.kinds)
    encoded = model.reader.encode(examples)
    truth = fitted.labels_.encode(LABELS)
    data = LabelledData(model.reader, encoded, truth, model.objective, np.arange(60))
    stacked = fit_ngrams_of(data, data.known)
    targets = np.ones(60, dtype=np.int64)
    both = explain(replace(model, stacked=stacked, blend=Blend(1.0, 0.5)), encoded, targets)
    one = explain(replace(model, stacked=None, blend=Blend(1.0)), encoded, targets)
    assert isinstance(stacked.model, NGramModel)
    added = totals(both, 60) - totals(one, 60)
    expected = 0.5 * (margin(stacked.outputs(encoded), 1) - margin(stacked.model.intercepts[None], 1))
    np.testing.assert_allclose(added, expected, atol=1e-5)


def test_the_planted_word_is_found(fitted):
    later, labels = reviews(seed=2)
    found = fitted.explain(later)
    strongest = found.loc[found.groupby("example")["attribution"].idxmax()]
    assert (strongest["token"].isin(["good", "bad"])).mean() > 0.9
    assert strongest["target"].tolist() == fitted.predict(later).tolist()
    against = fitted.explain(later, target="pos").set_index("token")["attribution"]
    assert against["good"].mean() > 0 > against["bad"].mean()
    assert labels


def test_the_planted_letter_is_found():
    """x stands after A: of the tag at a step the letter before it is the reason."""
    letters, tags = strands(60)
    model = tagger(training=replace(LONGER, epochs=40.0, batch_size=8)).fit(letters, tags, run=SILENT)
    found = model.explain(["CBABC", "BCAB"], target="x", step=3)
    for _, rows in found.groupby("example"):
        assert rows["step"].iloc[int(rows["attribution"].to_numpy().argmax())] == 2


@pytest.mark.parametrize("points", [1, 8])
def test_an_example_s_attributions_do_not_depend_on_others(fitted, points):
    """Also where only some rows need more points, and where rows differ in length."""
    letters, tags = strands()
    model = tagger(training=LONGER).fit(letters, tags, run=SILENT)
    for estimator, X in ((fitted, TEXTS), (model, letters)):
        together = estimator.explain(X, points=points)
        for k in (0, 5, 31):
            alone = estimator.explain([X[k]], points=points)["attribution"].to_numpy()
            within = together.loc[together["example"] == k, "attribution"].to_numpy()
            np.testing.assert_allclose(within, alone, atol=1e-5)


def test_tokens_line_up_with_the_text(fitted):
    found = fitted.explain(["Good 😀 naïve film!!", "zzz 今天"])
    assert found.groupby("example")["token"].apply(list).tolist() == [
        ["Good", "😀", "naïve", "film", "!!"],
        ["zzz", "今天"],
    ]
    unknown = found.loc[found["token"].isin(["😀", "zzz", "今天"]), "attribution"]
    np.testing.assert_allclose(unknown, 0, atol=1e-6)  # they are what they are compared with


def test_a_whole_number_is_found_by_its_text():
    letters, counts = strands(20)[0], [1, 3] * 10
    model = classifier(members=1).fit(letters, counts, run=SILENT)
    pd.testing.assert_frame_equal(model.explain(letters[:2], target="3"), model.explain(letters[:2], target=3))


def test_what_cannot_be_explained_is_refused(fitted):
    with pytest.raises(InputError, match="target is 'so-so': expected one of 'neg', 'pos'"):
        fitted.explain(TEXTS[:1], target="so-so")
    with pytest.raises(InputError, match="step is 0: expected a step that every example has, of a model that tags"):
        fitted.explain(TEXTS[:1], step=0)
    letters, tags = strands()
    model = tagger(members=1).fit(letters, tags, run=SILENT)
    with pytest.raises(InputError, match="step is 3"):
        model.explain(["ABCA", "AB"], step=3)


def test_constant_columns_are_shown_with_their_values_and_all_that_they_moved():
    X = FRAME[["text", "age", "colour"]].copy()
    X.loc[1, "age"] = np.nan
    model = classifier(inputs={"text": Text(), "facts": Static()}, training=LONGER).fit(X, SIDE_LABELS, run=SILENT)
    examples = model._examples(X.head(3), kinds=model.model_.reader.kinds)
    frame = explained_frame(model.model_, examples, [str(name) for name in model.labels_.names])
    shown = with_gaps(model.model_, examples, frame)
    assert shown["attribution"].sum() == pytest.approx(frame["attribution"].sum())
    told = shown[(shown["input"] == "facts") & (shown["example"] == 1)]["token"].tolist()
    assert told == ["age = ∅", f"colour = {X['colour'][1]}"]
