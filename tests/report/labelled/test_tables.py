"""What the headline numbers, the tables and the bars say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from recurra.report.labelled.content import LabelledReport
from recurra.report.labelled.scores import score_of, shown_as
from recurra.report.labelled.tables import cards, class_table, method_rows, mistakes, score_header, size_table
from recurra.report.labelled.usual import usual_bars


def test_cards_begin_with_the_leading_score(sentiment: LabelledReport, promoters: LabelledReport) -> None:
    first, *_, judged, classes = cards(sentiment)
    assert (first.label, first.value) == ("accuracy", "80.1 %")
    assert first.note == "1.9 points higher than n-grams, logistic regression"
    assert (judged.value, classes.value) == ("1,066 examples", "2")
    notes = {card.label: card.note for card in cards(promoters)}
    assert notes["R²"] == "0.150 higher than k-mer ridge"
    assert notes["MAE"] == "34.1 % lower than k-mer ridge"


def test_best_and_intervals(sentiment: LabelledReport) -> None:
    rows = method_rows(sentiment)
    assert rows[0].best == [True, True, True, True, False]
    assert rows[0].intervals[0] == "78.2–82.0"
    assert [row.ours for row in rows] == [True, False, False, False]
    assert score_header(sentiment)[0] == "accuracy, %"
    assert rows[-1].intervals[-1] == "0.0–0.0"


def test_names_of_scores(sentiment: LabelledReport) -> None:
    assert score_of("r2") is score_of("R²")
    assert score_of("ROC AUC") is score_of("roc-auc")
    assert shown_as("my score").best(np.array([1.0, 2.0])) == [False, False]


def test_unknown_values_are_not_the_best() -> None:
    accuracy = shown_as("accuracy")
    assert accuracy.best(np.array([np.nan, 0.5, 0.50001])) == [False, True, True]
    assert accuracy.best(np.array([np.nan])) == [False]
    assert accuracy.range_texts(np.array([np.nan]), np.array([0.5])) == [""]


def test_the_worst_of_many_classes(topics: LabelledReport, sentiment: LabelledReport) -> None:
    table = class_table(topics)
    assert (len(table.shown), len(table.all)) == (25, 120)
    assert float(table.shown[0][-1].split()[0]) == pytest.approx(100 * topics.per_class["f1"].min(), abs=0.06)
    assert class_table(sentiment).all == []


def test_sizes_add_up(topics: LabelledReport, promoters: LabelledReport) -> None:
    table = size_table(topics)
    train = [int(row[1].replace(",", "")) for row in table.rows]
    assert sum(train[:-1]) == train[-1]
    assert size_table(promoters).rows == [["total", "7,200", "900", "900"]]


def test_labels_of_an_example_are_not_counted_as_examples(topics: LabelledReport) -> None:
    report = dataclasses.replace(topics, examples={"train": 70, "validation": 20, "test": 10})
    assert next(card.value for card in cards(report) if card.label == "evaluated on") == "10 examples"
    assert size_table(report).rows[-1] == ["all", "70", "20", "10"]


def test_mistakes(sentiment: LabelledReport, promoters: LabelledReport) -> None:
    assert mistakes(sentiment)[0].probability == "98.7 %"
    assert "…" in mistakes(sentiment)[3].example
    assert mistakes(promoters)[0].probability == ""
    several = pd.DataFrame({"example": ["a"], "truth": [["x", "b"]], "predicted": [[]], "probability": [0.4]})
    (row,) = mistakes(dataclasses.replace(sentiment, hardest=several))
    assert (row.truth, row.predicted) == ("b, x", "(none)")


def test_bars_are_sorted_by_strength(sentiment: LabelledReport) -> None:
    positive, negative = usual_bars(sentiment)
    assert negative.bars[0].width == 100
    widths = [bar.width for bar in positive.bars]
    assert widths == sorted(widths, reverse=True)
    assert [bar.token for bar in positive.bars if bar.against] == ["not", "كئيب"]
