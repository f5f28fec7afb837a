"""Labels come back in the form and type in which they were learnt, and what cannot be learnt is refused in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from tests.tasks.sequences import LONGER, SIDES, SILENT, classifier, reviews, sides

from recurra import InputError, SequenceClassifier, SequenceOptions, TrainingOptions
from recurra.data.examples.inputs import Array, Series, Static, Text

TEXTS, LABELS = reviews()
POSITIVE = np.array(LABELS) == "pos"


@pytest.fixture(scope="module")
def fitted() -> SequenceClassifier:
    return classifier(training=LONGER).fit(TEXTS, LABELS, run=SILENT)


def test_it_learns_what_can_be_learnt(fitted):
    later, labels = reviews(seed=1)
    assert fitted.score(later, labels) > 0.95
    assert fitted.classes_.tolist() == ["neg", "pos"]
    found = fitted.predict_proba(later)
    np.testing.assert_allclose(found.sum(1), 1)
    assert (fitted.classes_[found.argmax(1)] == fitted.predict(later)).all()
    assert ((fitted.decision_function(later) > 0) == (fitted.predict(later) == "pos")).all()


@pytest.mark.parametrize(
    ("no", "yes"),
    [
        (0, 1),
        (3, 7),
        ("no", "yes"),
        (False, True),
        (np.int8(-1), np.int8(4)),
        (np.uint16(1), np.uint16(2)),
        (1.0, 2.0),
        (np.str_("u"), np.str_("v")),
    ],
)
@pytest.mark.parametrize("form", [list, np.array, pd.Series])
def test_labels_come_back_in_their_own_type(no, yes, form):
    y = form([yes if positive else no for positive in POSITIVE])
    model = classifier(members=1, training=TrainingOptions(epochs=1.0)).fit(TEXTS, y, run=SILENT)
    found = model.predict(TEXTS[:5])
    assert set(found.tolist()) <= {no, yes}
    assert found.dtype == model.classes_.dtype
    if isinstance(y, np.ndarray):
        assert found.dtype.kind == y.dtype.kind
    assert isinstance(found.tolist()[0], type(no.item() if isinstance(no, np.generic) else no))


def test_hundreds_of_classes():
    texts = [f"word{k} the" for k in range(300)] * 2
    y = list(range(300)) * 2
    model = classifier(
        members=1, network=SequenceOptions(hidden=32, dropout=0.0), training=TrainingOptions(epochs=30, batch_size=32)
    ).fit(texts, y, run=SILENT)
    assert model.predict_proba(texts[:2]).shape == (2, 300)
    assert model.score(texts, y) > 0.5


@pytest.mark.parametrize("missing", [None, float("nan"), ""])
def test_examples_without_a_label_are_left_out(missing):
    y = [missing if k % 10 == 0 else label for k, label in enumerate(LABELS)]
    model = classifier(training=LONGER).fit(TEXTS, y, run=SILENT)
    assert model.classes_.tolist() == ["neg", "pos"]
    assert model.score(TEXTS, y) > 0.9
    with pytest.raises(InputError, match="y holds no label: expected at least one to compare with"):
        model.score(TEXTS[:1], [None])


@pytest.mark.parametrize("form", ["lists", "matrix", "frame"])
def test_several_labels_at_once(form):
    sets = [["good"] if positive else ["bad", "dull"] for positive in POSITIVE]
    matrix = np.array([[0, 0, 1] if positive else [1, 1, 0] for positive in POSITIVE])
    y: Any = {"lists": sets, "matrix": matrix, "frame": pd.DataFrame(matrix, columns=["bad", "dull", "good"])}[form]
    model = classifier(training=LONGER, class_weight="balanced", label_smoothing=0.05).fit(TEXTS, y, run=SILENT)
    assert model.score(TEXTS, y) > 0.9
    found, chances = model.predict(TEXTS), model.predict_proba(TEXTS)
    assert chances.shape == (60, 3)
    if form == "lists":
        assert set(map(tuple, sets)) >= set(found[:2])
        assert all(isinstance(each, tuple) for each in found)
    else:
        assert np.array_equal(found, chances > 0.5)
    assert set(model.explain(TEXTS[:2], target=model.labels_.names[0])["target"]) == {str(model.labels_.names[0])}


def test_a_balanced_weight_raises_the_recall_of_a_rare_class():
    rng = np.random.default_rng(0)
    rare = rng.random(240) < 0.12
    X = rng.normal(size=(240, 3)) + np.where(rare, 1.2, 0.0)[:, None]
    y = np.where(rare, "rare", "usual")

    def recall(weight: Any) -> float:
        model = classifier(class_weight=weight, training=TrainingOptions(epochs=12, batch_size=32)).fit(
            X, y, run=SILENT
        )
        return float((model.predict(X[rare]) == "rare").mean())

    assert recall("balanced") > recall(None) + 0.1
    assert recall({"rare": 20.0}) > recall(None) + 0.1


def test_label_smoothing_lowers_confidence():
    def confidence(smoothing: float) -> float:
        model = classifier(label_smoothing=smoothing, training=LONGER, members=1).fit(
            TEXTS[:16], LABELS[:16], run=SILENT
        )
        return float(model.predict_proba(TEXTS[:16]).max(1).mean())

    assert confidence(0.3) < confidence(0.0) - 0.05


def test_several_inputs_train_and_predict():
    frame, labels = sides()
    model = classifier(inputs=SIDES, training=LONGER).fit(frame, labels, run=SILENT)
    assert model.score(frame, labels) > 0.8
    assert set(model.explain(frame.head(3))["input"]) == set(SIDES)


@pytest.mark.parametrize("name", ["text", "walk", "photo", "call", "facts"])
def test_an_input_may_be_missing_where_that_was_declared(name):
    frame, labels = sides()
    gone = frame.head(4).copy()
    columns = ["town", "age", "colour"] if name == "facts" else [name]
    for column in columns:
        gone[column] = pd.Series([None] * 4, dtype=object)
    model = classifier(inputs=SIDES, optional=[name], members=1).fit(frame, labels, run=SILENT)
    blank = model.predict_proba(gone)
    assert np.isfinite(blank).all()
    assert np.array_equal(model.predict_proba(frame.head(4).drop(columns=columns)), blank)
    one = frame.head(4).copy()
    one[columns] = one[columns].astype(object)
    one.loc[1, columns] = None
    mixed, whole = model.predict_proba(one), model.predict_proba(frame.head(4))
    np.testing.assert_allclose(mixed[[0, 2, 3]], whole[[0, 2, 3]], atol=1e-6)
    np.testing.assert_allclose(mixed[1], blank[1], atol=1e-6)
    if name != "facts":  # columns may be empty: they have a value for what is missing
        strict = classifier(inputs=SIDES, members=1).fit(frame, labels, run=SILENT)
        with pytest.raises(InputError, match=f"'{name}' is empty or missing in 1 row: 2"):
            strict.predict(one)


@pytest.mark.parametrize(
    "inputs",
    [{"call": Array()}, {"photo": Array()}, {"facts": Static(("age",))}, {"facts": Static(("age", "town"))}],
    ids=["sound", "image", "numbers", "columns"],
)
def test_one_input_that_is_no_text(inputs):
    frame, labels = sides()
    if "facts" in inputs:
        frame = frame[list(inputs["facts"].columns)]
    model = classifier(inputs=inputs).fit(frame, labels, run=SILENT)
    found = model.predict_proba(frame)
    np.testing.assert_allclose(model.predict_proba(frame.iloc[[5, 2]]), found[[5, 2]], atol=1e-6)
    assert len(model.explain(frame.head(3))["attribution"]) >= 3


@pytest.mark.parametrize("level", ["auto", "characters", "subwords"])
def test_chinese(level):
    texts = [f"这部电影{word}好看{k % 7}" for k, word in enumerate(["很", "不"] * 25)]
    model = classifier(inputs={"t": Text(level=level, size=200)}, training=LONGER).fit(
        texts, ["pos", "neg"] * 25, run=SILENT
    )
    found = model.explain(["这部电影不好看"])
    assert "".join(found["token"]) == "这部电影不好看"
    if level != "subwords":  # of which one is a whole sentence here
        assert model.score(["电影很好看", "电影不好看"], ["pos", "neg"]) == 1.0
        assert found["token"].iloc[int(found["attribution"].abs().to_numpy().argmax())] == "不"


def test_several_languages_and_unseen_words(fitted):
    found = fitted.predict_proba(["плохой фильм 😀", "mauvais naïve cafe\u0301", "今天天气", "zzz", "zzz qqq"])
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[3], fitted.predict_proba(["qqq"])[0], atol=1e-12)


# What is refused.


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (dict(cell="gruu"), r"cell is 'gruu': expected one of rnn, gru, lstm"),
        (dict(cell=None), r"cell is None: expected one of"),
        (dict(members=0), r"members is 0: expected a whole number of at least 1"),
        (dict(members=2.0), r"members is 2.0: expected a whole number"),
        (dict(seed=-1), r"seed is -1: expected a whole number of at least 0"),
        (dict(empty="keep"), r"empty is 'keep': expected 'refuse' or 'drop'"),
        (dict(network={"size": 3}), "'size' is no option of SequenceOptions: expected some of hidden, layers"),
        (
            dict(network="large"),
            r"network is 'large': expected SequenceOptions\(...\), a mapping of some of its options",
        ),
        (
            dict(training="long"),
            r"training is 'long': expected TrainingOptions\(...\), a mapping of some of its options",
        ),
        (dict(optional="text"), r"optional is 'text': expected the names of inputs"),
        (dict(optional=["title"]), r"optional names 'title', which is no input: expected some of 'sequence'"),
        (dict(inputs={"t": "text"}), r"inputs\['t'\] is 'text': expected Text\(\)"),
        (dict(inputs=Text()), r"inputs=.*: expected a mapping of names to kinds"),
        (dict(class_weight="even"), r"class_weight is 'even': expected None, 'balanced', or a weight for each class"),
        (dict(class_weight=np.ones(2)), r"class_weight is array\(\[1., 1.\]\): expected None"),
        (dict(class_weight={"zzz": 1}), r"class_weight names 'zzz', which is no class: expected some of 'neg', 'pos'"),
        (dict(class_weight={"pos": -1}), r"class_weight of 'pos' is -1: expected a number of at least 0"),
        (dict(class_weight={"pos": "2"}), r"class_weight of 'pos' is '2': expected a number"),
        (dict(class_weight={"pos": 0, "neg": 0}), r"expected a weight above 0 for at least one class"),
        (dict(label_smoothing=1.0), r"label_smoothing is 1.0: expected a share of at least 0 and below 1"),
        (dict(label_smoothing="a"), r"label_smoothing is 'a': expected a share"),
    ],
)
def test_wrong_settings_are_refused_by_fit(settings, message):
    model = classifier(**settings)  # the constructor only stores
    with pytest.raises(InputError, match=message):
        model.fit(TEXTS, LABELS, run=SILENT)


@pytest.mark.parametrize("wrong", [dict(level="letters"), dict(size=0), dict(size=-3), dict(size=2.0)])
def test_a_wrong_declaration_of_a_text_is_refused(wrong):
    with pytest.raises(
        InputError, match=r"level is 'letters': expected one of auto|size is .*: expected a whole number"
    ):
        Text(**wrong)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (TEXTS, ["pos"] * 60, r"y holds one class only, 'pos' in every row"),
        (TEXTS, LABELS[:-1], r"y has 59 labels, and X 60 examples: expected a label for each, None where"),
        (TEXTS, None, r"requires y to be passed, but the target y is None"),
        ([*TEXTS[:-1], ""], LABELS, r"'sequence' is empty or missing in 1 row: 60"),
        ([*TEXTS[:-1], "  "], LABELS, r"'sequence' is empty or missing in 1 row: 60"),
        ([*TEXTS[:-1], 3], LABELS, r"'sequence' holds 3 \(int\) in row 60"),
        ([*TEXTS[:-1], "a" * 1_000_001], LABELS, r"'sequence' is 1,000,001 letters long in row 60"),
        (TEXTS, [*LABELS[:-1], 3], r"y holds 3 \(int\) in row 60 and 'pos' in row 1"),
        (TEXTS, np.arange(60) + 0.5, r"Unknown label type: continuous"),
        ([[1.0, np.inf]] * 60, LABELS, r"infinity"),
        ([np.array([[1.0], [np.inf]])] * 60, LABELS, r"'sequence' is infinite in row 1 at step 2"),
        ([], [], r"X holds no example"),
        (np.zeros((0, 3)), [], r"[Ff]ound array with 0 sample"),
    ],
)
def test_what_cannot_be_learnt_is_refused(X, y, message):
    with pytest.raises(ValueError, match=message):
        classifier().fit(X, y, run=SILENT)


def test_a_label_that_was_not_learnt_is_refused(fitted):
    message = r"y holds 'so-so' in row 2 \(1 unseen label in all\), which was not among the labels"
    with pytest.raises(InputError, match=message):
        fitted.score(TEXTS[:2], ["pos", "so-so"])
    studied = classifier()
    studied.study(TEXTS, LABELS, run=SILENT)
    with pytest.raises(InputError, match=message):
        studied.evaluate(TEXTS[:2], ["pos", "so-so"])
    with pytest.raises(InputError, match="y has 1 label, and X 2 examples"):
        studied.evaluate(TEXTS[:2], ["pos"])


def test_scores_of_other_lengths_are_refused(fitted):
    with pytest.raises(InputError, match="y has 59 labels, and X 60 examples"):
        fitted.score(TEXTS, LABELS[:-1])
    with pytest.raises(InputError, match=r"sample_weight has shape \(1,\): expected a weight per example, \(60,\)"):
        fitted.score(TEXTS, LABELS, sample_weight=[1.0])


@pytest.mark.parametrize("X", [np.zeros((3, 4)), [[1, 2], [3]], np.zeros((3, 4, 2)), [np.zeros(3)], [3]])
def test_numbers_for_a_model_of_texts_are_refused(fitted, X):
    with pytest.raises(InputError, match=r"(?s)'sequence' holds .* in row 1, which is no text"):
        fitted.predict(X)


def test_another_number_of_features_is_refused():
    rng = np.random.default_rng(0)
    table = classifier(members=1).fit(rng.normal(size=(40, 6)), [0, 1] * 20, run=SILENT)
    with pytest.raises(ValueError, match="X has 7 features, but SequenceClassifier is expecting 6 features as input"):
        table.predict(rng.normal(size=(3, 7)))
    with pytest.raises(InputError, match="'sequence' holds 'a film' in row 1: expected an array of numbers"):
        table.predict(["a film"])
    series = classifier(members=1).fit(rng.normal(size=(40, 6, 2)), [0, 1] * 20, run=SILENT)
    with pytest.raises(InputError, match="the series have 3 features: expected 2"):
        series.predict(rng.normal(size=(3, 6, 3)))
    named = classifier(members=1, inputs={"s": Series()}).fit(rng.normal(size=(40, 6)), [0, 1] * 20, run=SILENT)
    assert named.n_features_in_ == 6


def test_what_is_not_fitted_says_so():
    for call in ("predict", "predict_proba", "explain", "decision_function"):
        with pytest.raises(NotFittedError, match="this SequenceClassifier is not fitted: call fit first"):
            getattr(classifier(), call)(TEXTS)
    with pytest.raises(NotFittedError):
        classifier().save("nowhere")


def test_empty_sequences_are_dropped_where_asked():
    model = classifier(empty="drop", training=LONGER).fit([*TEXTS, "", None], [*LABELS, "pos", "neg"], run=SILENT)
    assert model.score(TEXTS, LABELS) > 0.9
    assert len(model.predict(["good film", "", None])) == 3


def test_very_large_and_missing_numbers_are_read():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(5, 2)) * 1e300 for _ in range(40)]
    X[3][2, 1] = np.nan
    model = classifier(members=1).fit(X, [0, 1] * 20, run=SILENT)
    later = [np.full((3, 2), np.nan), np.full((1, 2), 1e308)]
    assert np.isfinite(model.predict_proba(later)).all()
