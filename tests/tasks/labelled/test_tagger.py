"""A tag for every step, in the form in which tags were learnt."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.tasks.sequences import SILENT, strands, tagger

from recurra import InputError, SequenceTagger, TrainingOptions
from recurra.data.examples.inputs import Array, Series, Static, Symbols, Text

LETTERS, TAGS = strands(60)
LONGER = TrainingOptions(epochs=40.0, batch_size=8, learning_rate=0.02)


@pytest.fixture(scope="module")
def fitted() -> SequenceTagger:
    return tagger(training=LONGER).fit(LETTERS, TAGS, run=SILENT)


def test_it_learns_what_can_be_learnt(fitted):
    later, tags = strands(seed=1)
    assert fitted.score(later, tags) > 0.95
    assert fitted.classes_.tolist() == ["x", "y"]
    chances = fitted.predict_proba(later)
    assert [len(each) for each in chances] == list(map(len, later))
    for row, found in zip(fitted.predict(later), chances, strict=True):
        assert row == "".join(fitted.classes_[found.argmax(1)])


def test_tags_of_a_row_do_not_depend_on_others(fitted):
    whole = fitted.predict_proba(LETTERS)
    for k in (0, 7, 11):
        np.testing.assert_allclose(fitted.predict_proba([LETTERS[k]])[0], whole[k], atol=1e-6)


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (lambda row: list(row), list),
        (lambda row: [int(tag == "x") for tag in row], list),
        (lambda row: np.array([int(tag == "x") for tag in row], np.int16), np.ndarray),
        (lambda row: row, str),
    ],
)
def test_tags_come_back_in_their_form(form, kind):
    y = [form(row) for row in TAGS]
    model = tagger(members=1).fit(LETTERS, y, run=SILENT)
    found = model.predict(LETTERS[:3])
    assert [type(row) for row in found] == [kind] * 3
    assert [len(row) for row in found] == [len(row) for row in LETTERS[:3]]
    if kind is np.ndarray:
        assert found[0].dtype == np.int16


def test_missing_tags_count_nothing():
    """Tags hidden at some steps, and whole rows without: the others are learnt."""
    y = [None if k % 10 == 0 else [None if t == 2 else tag for t, tag in enumerate(row)] for k, row in enumerate(TAGS)]
    model = tagger(training=LONGER).fit(LETTERS, y, run=SILENT)
    assert model.classes_.tolist() == ["x", "y"]
    assert model.score(LETTERS, y) > 0.9
    with pytest.raises(InputError, match="y holds no tag: expected at least one to compare with"):
        model.score(LETTERS[:1], [None])


def test_words_are_tagged_word_by_word():
    texts = ["the dog sees a cat", "a bird", "cats run"] * 12
    y = [["D", "N", "V", "D", "N"], ["D", "N"], ["N", "V"]] * 12
    model = tagger(inputs={"text": Text(level="words")}, training=LONGER).fit(texts, y, run=SILENT)
    assert model.score(texts, y) == 1.0


def test_columns_are_told_to_every_step():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"walk": [rng.normal(size=(int(n), 2)) for n in rng.integers(2, 9, 60)], "side": rng.choice([-1.0, 1.0], 60)}
    )
    y = [(walk[:, 0] * side > 0).astype(int) for walk, side in zip(frame["walk"], frame["side"], strict=True)]
    inputs = {"walk": Series(), "side": Static()}
    model = tagger(inputs=inputs, training=LONGER).fit(frame, y, run=SILENT)
    plain = tagger(inputs={"walk": Series()}, training=LONGER).fit(frame, y, run=SILENT)
    alone = plain.score(frame[["walk"]], y)
    assert np.isfinite(model.score(frame, y))
    assert set(model.explain(frame.head(2))["input"]) == {"walk", "side"}
    assert 0.3 < alone < 0.8  # without the side nothing can be known


def test_a_table_with_a_label_per_row_is_steps():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    y = np.where(X[:, 0] > 0, "up", "down")
    model = tagger(training=LONGER).fit(X, y, run=SILENT)
    assert model.predict(X).shape == (80,)
    assert (model.predict(X) == y).mean() > 0.9
    tables = tagger(members=1).fit(X, [[str(k) for k in row] for row in (X > 0).astype(int)], run=SILENT)
    assert [len(row) for row in tables.predict(X[:2])] == [3, 3]
    strings = tagger(members=1).fit(X, ["".join("xy"[int(v > 0)] for v in row) for row in X], run=SILENT)
    assert strings.classes_.tolist() == ["x", "y"]
    assert [len(row) for row in strings.predict(X[:2])] == [3, 3]


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (
            LETTERS,
            [*TAGS[:-1], TAGS[-1] + "x"],
            r"y has \d+ tags in row 60, and its sequence has \d+ steps \(1 such row\)",
        ),
        (LETTERS, [*TAGS[:-1], TAGS[-1][:-1]], r"in row 60, and its sequence has .*: expected a tag for every step"),
        (LETTERS, TAGS[:-1], r"y has 59 labels, and X 60 examples"),
        (LETTERS, ["x" * len(row) for row in LETTERS], r"the tags hold one class only, 'x'"),
        (LETTERS, None, r"None"),
        ([*LETTERS[:-1], ""], [*TAGS[:-1], ""], r"'sequence' is empty or missing in 1 row: 60"),
        ([*LETTERS[:-1], "A" * 1_000_001], TAGS, r"1,000,001 letters long in row 60"),
    ],
)
def test_what_cannot_be_learnt_is_refused(X, y, message):
    with pytest.raises(InputError, match=message):
        tagger().fit(X, y, run=SILENT)


def test_a_tag_that_was_not_learnt_is_refused(fitted):
    with pytest.raises(InputError, match=r"y holds 'z' in row 1 .*which was not among the labels"):
        fitted.score(["AB"], ["xz"])


def test_two_sequences_are_refused():
    frame = pd.DataFrame({"a": ["AB"] * 30, "b": ["BA"] * 30})
    with pytest.raises(InputError, match="the inputs 'a', 'b' hold 2 sequences: expected exactly one"):
        tagger(inputs={"a": Symbols(), "b": Symbols()}).fit(frame, ["xy"] * 30, run=SILENT)


def test_a_sound_is_refused():
    sounds = [np.zeros(100) + k for k in range(30)]
    with pytest.raises(InputError, match=r"input 's' is a sound, .* declare it as Series\(\)"):
        tagger(inputs={"s": Array()}).fit(sounds, [np.arange(100) % 2] * 30, run=SILENT)
