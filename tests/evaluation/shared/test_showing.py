"""Results show themselves: the verdict first, no column elided, nothing wider than a screen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recurra.evaluation.forecast.backtest import Backtest
from recurra.evaluation.labelled.evaluation import evaluate_classes, evaluate_values
from recurra.evaluation.shared.showing import aligned, formatted
from recurra.scores import shown_as


def classes():
    truth = np.arange(200) % 2
    sure = np.where(truth[:, None] == [0, 1], 0.9, 0.1)
    baselines = {
        "shares": np.full((200, 2), 0.5),
        "n-grams <b> with a very long name of a linear model": np.full((200, 2), 0.5),
    }
    return evaluate_classes(truth, sure, baselines, names=["no", "yes"])


def numbers():
    truth = np.linspace(0, 1, 60)
    return evaluate_values(truth[:, None], truth[:, None], {"mean": np.full((60, 1), 0.5)}, names=["y"])


def backtest():
    frame = pd.DataFrame(
        {"series": "a", "origin": np.repeat([10, 12, 14], 2), "step": [1, 2] * 3, "y": np.arange(6.0), "scale": 1.0}
    )
    return Backtest(frame.assign(forecast=frame["y"] + 0.25, naive=frame["y"] + 0.5))


@pytest.mark.parametrize("make", [classes, numbers, backtest])
def test_the_text_of_a_result(make):
    result = make()
    text = repr(result)
    first, *lines = text.splitlines()
    assert result.verdict.sentence in first
    assert "..." not in text
    assert max(map(len, lines[1:-1])) <= 100
    assert all(str(method) in text for method in result.table.index)
    assert all(name in text for name in result.table.dropna(axis="columns", how="all").columns)


@pytest.mark.parametrize("make", [classes, numbers, backtest])
def test_the_html_of_a_result(make):
    result = make()
    page = result._repr_html_()
    assert page.index("<p><strong>") < page.index("<table>")
    assert page.count("<tr>") == 1 + len(result.table)
    assert "<b>" not in page


def test_a_wide_table_is_shown_in_parts():
    cells = formatted(pd.DataFrame({f"measure {k}": [0.123456, 12345.6] for k in range(12)}, index=["one", "another"]))
    lines = aligned(cells, width=60)
    assert max(map(len, lines)) <= 60
    assert "\n".join(lines).count("another") > 1
    assert all(f"measure {k}" in "\n".join(lines) for k in range(12))


def test_measures_that_no_method_has_are_left_out():
    (head, row) = formatted(pd.DataFrame({"a": [1.0], "coverage 80 %": [np.nan], "accuracy": [0.5]}, index=["m"]))
    assert head == ["method", "a", "accuracy"]
    assert row == ["m", "1.000", "50.0 %"]


def test_a_heading_names_the_unit() -> None:
    assert [shown_as(name).heading for name in ("MCD", "duration error", "F0 error", "accuracy", "BLEU")] == [
        "MCD, dB",
        "duration error, ms",
        "F0 error, semitones",
        "accuracy, %",
        "BLEU",
    ]
