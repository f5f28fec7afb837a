"""What the headline numbers, the tables and the bars say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.report.making import changed, panel

from recurra.report.content import ReportContent
from recurra.report.panels import Cards, Methods
from recurra.report.panels.classes import class_table
from recurra.report.panels.methods import method_rows, score_header
from recurra.report.panels.mistakes import mistakes
from recurra.report.panels.sizes import size_table
from recurra.report.panels.usual import usual_bars
from recurra.scores import score_of, shown_as


def test_cards_begin_with_the_leading_score(sentiment: ReportContent, promoters: ReportContent) -> None:
    first, *_, evaluated, classes = panel(Cards, sentiment).made()
    assert (first.label, first.value) == ("accuracy", "80.1 %")
    assert first.note == "1.9 points higher than n-grams, logistic regression"
    assert (evaluated.value, classes.value) == ("1,066 examples", "2")
    notes = {card.label: card.note for card in panel(Cards, promoters).made()}
    assert notes["R²"] == "0.150 higher than k-mer ridge"
    assert notes["MAE"] == "34.1 % lower than k-mer ridge"


def test_best_and_intervals(sentiment: ReportContent) -> None:
    rows = method_rows(panel(Methods, sentiment))
    assert rows[0].best == [True, True, True, True, False]
    assert rows[0].intervals[0] == "78.2–82.0"
    assert [row.ours for row in rows] == [True, False, False, False]
    assert score_header(panel(Methods, sentiment))[0] == "accuracy, %"
    assert rows[-1].intervals[-1] == "0.0–0.0"


def test_names_of_scores(sentiment: ReportContent) -> None:
    assert score_of("r2") is score_of("R²")
    assert score_of("ROC AUC") is score_of("roc-auc")
    assert shown_as("my score").best(np.array([1.0, 2.0])) == [False, False]


def test_unknown_values_are_not_the_best() -> None:
    accuracy = shown_as("accuracy")
    assert accuracy.best(np.array([np.nan, 0.5, 0.50001])) == [False, True, True]
    assert accuracy.best(np.array([np.nan])) == [False]
    assert accuracy.range_texts(np.array([np.nan]), np.array([0.5])) == [""]


def test_the_worst_of_many_classes(topics: ReportContent, sentiment: ReportContent) -> None:
    table = class_table(topics.data["per_class"])
    assert (len(table.shown), len(table.all)) == (25, 120)
    assert float(table.shown[0][-1].split()[0]) == pytest.approx(100 * topics.data["per_class"]["f1"].min(), abs=0.06)
    assert class_table(sentiment.data["per_class"]).all == []


def test_sizes_add_up(topics: ReportContent, promoters: ReportContent) -> None:
    table = size_table(topics.data["sizes"], topics.data.get("examples", {}))
    train = [int(row[1].replace(",", "")) for row in table.rows]
    assert sum(train[:-1]) == train[-1]
    assert size_table(promoters.data["sizes"], promoters.data.get("examples", {})).rows == [
        ["total", "7,200", "900", "900"]
    ]


def test_labels_of_an_example_are_not_counted_as_examples(topics: ReportContent) -> None:
    report = changed(topics, examples={"train": 70, "validation": 20, "test": 10})
    assert next(card.value for card in panel(Cards, report).made() if card.label == "evaluated on") == "10 examples"
    assert size_table(report.data["sizes"], report.data.get("examples", {})).rows[-1] == ["all", "70", "20", "10"]


def test_mistakes(sentiment: ReportContent, promoters: ReportContent) -> None:
    assert mistakes(sentiment.data["hardest"])[0].probability == "98.7 %"
    assert "…" in mistakes(sentiment.data["hardest"])[3].example
    assert mistakes(promoters.data["hardest"])[0].probability == ""
    several = pd.DataFrame({"example": ["a"], "truth": [["x", "b"]], "predicted": [[]], "probability": [0.4]})
    (row,) = mistakes(changed(sentiment, hardest=several).data["hardest"])
    assert (row.truth, row.predicted) == ("b, x", "(none)")


def test_bars_are_sorted_by_strength(sentiment: ReportContent) -> None:
    positive, negative = usual_bars(sentiment.data["usual"])
    assert negative.bars[0].width == 100
    widths = [bar.width for bar in positive.bars]
    assert widths == sorted(widths, reverse=True)
    assert [bar.token for bar in positive.bars if bar.against] == ["not", "كئيب"]


def test_bars_name_the_input_where_there_are_several(sentiment: ReportContent) -> None:
    usual = pd.DataFrame(
        {"token": ["good", "good"], "class": "yes", "strength": [2.0, 1.0], "count": 3, "input": ["title", "text"]}
    )
    (group,) = usual_bars(usual)
    assert [(bar.token, bar.input) for bar in group.bars] == [("good", "title"), ("good", "text")]
    (group,) = usual_bars(usual.assign(input="text"))
    assert {bar.input for bar in group.bars} == {""}
