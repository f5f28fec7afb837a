"""How attributions are shown: levels, what is kept of long sequences, blocks of ten, tags, and what was predicted."""

from __future__ import annotations

import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recurra.report.labelled.content import LabelledReport
from recurra.report.labelled.explained import LEVELS, WORDS, explained_examples, kept, levels
from recurra.report.labelled.explained_series import COLUMNS, explained_series

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50).map(np.array)


@given(VALUES)
def test_levels_follow_sign_and_size_and_nothing_else(values: np.ndarray) -> None:
    found = levels(values)
    assert np.abs(found).max() == (LEVELS if np.abs(values).max() > 0 else 0)
    assert np.all(found * values >= 0)
    assert np.array_equal(levels(-values), -found)
    order = np.argsort(np.abs(values))
    assert np.all(np.diff(np.abs(found)[order]) >= 0)


@given(st.integers(1, 3000), st.integers(20, 300), st.integers(0, 2999))
def test_a_long_text_keeps_its_beginning_and_its_strongest_place(n: int, limit: int, place: int) -> None:
    attribution = np.zeros(n)
    attribution[place % n] = -1.0
    shown = kept(attribution, limit)
    assert shown[0]
    assert shown[place % n]
    assert shown.sum() <= max(limit + 12, 1)
    assert shown.all() or n > limit


def test_missing_attributions_are_no_level() -> None:
    assert levels(np.array([np.nan, 1.0, -0.05, -1.0])).tolist() == [0, 5, 0, -5]


def test_words_and_what_is_left_out_are_the_whole_text(sentiment: LabelledReport) -> None:
    for example, (_, frame) in zip(explained_examples(sentiment), sentiment.explained.groupby("example"), strict=True):
        assert sum(len(piece.tokens) + piece.left_out for piece in example.pieces) == len(frame)
        assert sum(len(piece.tokens) for piece in example.pieces) <= WORDS + 12
        assert not example.symbols
    third = explained_examples(sentiment)[2].outcome
    assert (third.truth, third.predicted, third.probability, third.right) == ("negative", "positive", "93.0 %", False)


def test_residues_are_in_blocks_with_their_positions(protein: LabelledReport) -> None:
    first = explained_examples(protein)[0]
    assert first.symbols
    assert first.tagged
    assert [piece.start for piece in first.pieces] == list(range(1, 164, 10))
    assert {len(piece.tokens) for piece in first.pieces[:-1]} == {10}
    (focus,) = [token for piece in first.pieces for token in piece.tokens if token.focus]
    assert focus.hover.startswith("step 55: ")
    long = explained_examples(protein)[2]
    assert sum(len(piece.tokens) + piece.left_out for piece in long.pieces) == 1_240


def test_tags_of_several_letters_are_set_as_words(protein: LabelledReport) -> None:
    named = protein.explained.assign(predicted="helix")
    assert not any(e.symbols for e in explained_examples(dataclasses.replace(protein, explained=named)))


def test_a_regression_is_neither_right_nor_wrong(promoters: LabelledReport) -> None:
    outcome = explained_examples(promoters)[0].outcome
    assert (outcome.truth, outcome.predicted, outcome.right) == ("33.20", "30.90", None)


def test_a_series_and_the_sum_of_its_attributions(gestures: LabelledReport) -> None:
    short, long = explained_series(gestures)
    assert len(long.figure["data"][-1]["x"]) <= COLUMNS
    for number, example in ((1, short), (2, long)):
        frame = gestures.explained_series[gestures.explained_series["example"] == number]
        drawn = np.array(example.figure["data"][-1]["z"]).sum()
        assert np.isclose(drawn, frame["attribution"].sum(), rtol=1e-3)
    assert [trace["name"] for trace in short.figure["data"][:3]] == [f"acceleration {axis}" for axis in "xyz"]


def test_nothing_explained_is_no_example(nothing: LabelledReport, sentiment: LabelledReport) -> None:
    assert explained_examples(nothing) == explained_series(nothing) == []
    unknown = sentiment.explained.assign(attribution=np.nan)
    example = explained_examples(dataclasses.replace(sentiment, explained=unknown))[0]
    assert {token.level for piece in example.pieces for token in piece.tokens} == {0}
