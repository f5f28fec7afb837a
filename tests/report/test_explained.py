"""How attributions are shown: levels, what is kept of long sequences, blocks of ten, tags, and what was predicted."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from tests.report.making import changed, panel

from recurra.report.content import ReportContent
from recurra.report.page import render
from recurra.report.panels import Explained
from recurra.report.panels.explained import (
    LEVELS,
    WORDS,
    Example,
    Piece,
    explained_examples,
    explained_series,
    kept,
    levels,
)
from recurra.report.panels.explained_series import COLUMNS


def pieces_of(example: Example) -> list[Piece]:
    return [piece for reading in example.inputs for piece in reading.pieces]


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


def test_words_and_what_is_left_out_are_the_whole_text(sentiment: ReportContent) -> None:
    for example, (_, frame) in zip(
        explained_examples(panel(Explained, sentiment)), sentiment.data["explained"].groupby("example"), strict=True
    ):
        assert sum(len(piece.tokens) + piece.left_out for piece in pieces_of(example)) == len(frame)
        assert sum(len(piece.tokens) for piece in pieces_of(example)) <= WORDS + 12
        assert [(reading.name, reading.symbols) for reading in example.inputs] == [("", False)]
    third = explained_examples(panel(Explained, sentiment))[2].outcome
    assert (third.truth, third.predicted, third.probability, third.right) == ("negative", "positive", "93.0 %", False)


def test_several_inputs_stand_one_below_the_other_with_one_scale_of_colours(sentiment: ReportContent) -> None:
    """The words of a title and of a review come by step, as an explanation has them, and are not mixed."""
    rows = [("title", 1, "Warm", 4.0), ("review", 1, "it", 0.0), ("title", 2, "coat", 0.1), ("review", 2, "fits", -1.0)]
    frame = pd.DataFrame(rows, columns=["input", "step", "token", "attribution"]).assign(example=1)
    report = changed(sentiment, explained=frame)
    (example,) = explained_examples(panel(Explained, report))
    told = [
        (reading.name, [token.text for piece in reading.pieces for token in piece.tokens]) for reading in example.inputs
    ]
    assert told == [("title", ["Warm", "coat"]), ("review", ["it", "fits"])]
    assert [token.level for piece in pieces_of(example) for token in piece.tokens] == [5, 0, 0, -2]
    page = render(report)
    assert page.index(">title</h3>") < page.index("coat") < page.index(">review</h3>") < page.index("fits")


def test_residues_are_in_blocks_with_their_positions(protein: ReportContent) -> None:
    first = explained_examples(panel(Explained, protein))[0]
    assert all(reading.symbols for reading in first.inputs)
    assert first.tagged
    assert [piece.start for piece in pieces_of(first)] == list(range(1, 164, 10))
    assert {len(piece.tokens) for piece in pieces_of(first)[:-1]} == {10}
    (focus,) = [token for piece in pieces_of(first) for token in piece.tokens if token.focus]
    assert focus.hover.startswith("step 55: ")
    long = explained_examples(panel(Explained, protein))[2]
    assert sum(len(piece.tokens) + piece.left_out for piece in pieces_of(long)) == 1_240


def test_tags_of_several_letters_are_set_as_words(protein: ReportContent) -> None:
    named = protein.data["explained"].assign(predicted="helix")
    assert not any(
        reading.symbols
        for e in explained_examples(panel(Explained, changed(protein, explained=named)))
        for reading in e.inputs
    )


def test_a_regression_is_neither_right_nor_wrong(promoters: ReportContent) -> None:
    outcome = explained_examples(panel(Explained, promoters))[0].outcome
    assert (outcome.truth, outcome.predicted, outcome.right) == ("33.20", "30.90", None)


def test_a_series_and_the_sum_of_its_attributions(gestures: ReportContent) -> None:
    (_first, short), (_second, long) = explained_series(panel(Explained, gestures))
    assert len(long.figure["data"][-1]["x"]) <= COLUMNS
    for number, example in ((1, short), (2, long)):
        frame = gestures.data["explained_series"][gestures.data["explained_series"]["example"] == number]
        drawn = np.array(example.figure["data"][-1]["z"]).sum()
        assert np.isclose(drawn, frame["attribution"].sum(), rtol=1e-3)
    assert [trace["name"] for trace in short.figure["data"][:3]] == [f"acceleration {axis}" for axis in "xyz"]


def test_nothing_explained_is_no_example(nothing: ReportContent, sentiment: ReportContent) -> None:
    assert explained_examples(panel(Explained, nothing)) == explained_series(panel(Explained, nothing)) == []
    unknown = sentiment.data["explained"].assign(attribution=np.nan)
    example = explained_examples(panel(Explained, changed(sentiment, explained=unknown)))[0]
    assert {token.level for piece in pieces_of(example) for token in piece.tokens} == {0}
