"""The report refuses frames that it could not draw, and says which."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from tests.report.making import changed

from recurra.errors import InputError
from recurra.report import Deferred, panels
from recurra.report.content import ReportContent
from recurra.report.page import render
from recurra.report.panels.series import bound_columns
from recurra.report.png import draw
from recurra.report.style import axis, figure


def test_a_missing_column_is_named(bare: ReportContent) -> None:
    report = changed(bare, history=bare.data["history"].drop(columns="y"))
    with pytest.raises(InputError, match=re.escape("the report's history has no column 'y'")):
        report.panel("forecast")


def test_a_level_needs_its_bounds(bare: ReportContent) -> None:
    with pytest.raises(InputError, match=re.escape("forecast has no column 'lo_80', 'hi_80'")):
        changed(bare, levels=(80,)).panel("forecast")


def test_every_baseline_needs_its_column(co2: ReportContent) -> None:
    report = changed(co2, baselines=(*co2.data["baselines"], "prophet"))
    with pytest.raises(InputError, match="backtest has no column 'prophet'"):
        report.panel("backtest")


def test_the_best_baseline_is_one_of_them(co2: ReportContent) -> None:
    for name in ("forecast", "methods"):
        with pytest.raises(InputError, match="best_baseline is 'prophet'"):
            changed(co2, best_baseline="prophet").panel(name)


def test_bounds_of_any_level() -> None:
    assert bound_columns(80) == ("lo_80", "hi_80")
    assert bound_columns(99.5) == ("lo_99.5", "hi_99.5")


@pytest.mark.parametrize(
    ("changes", "name", "message"),
    [
        ({"writing": "letters"}, "explained", "writing is 'letters'"),
        ({"best_baseline": "other"}, "methods", "best_baseline is 'other', which is none of the baselines"),
        ({"leading": "F2"}, "methods", "leading is 'F2', which is no score of the table: accuracy"),
    ],
)
def test_unknown_names(sentiment: ReportContent, changes: dict, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        changed(sentiment, **changes).panel(name)


def test_absent_columns_and_examples(sentiment: ReportContent) -> None:
    with pytest.raises(InputError, match="the report's confusion has no column 'count'"):
        changed(sentiment, confusion=sentiment.data["confusion"].drop(columns="count")).panel("confusion")
    with pytest.raises(InputError, match="chosen has no row for the explained example 9"):
        changed(sentiment, chosen=sentiment.data["chosen"][:-1]).panel("explained")


def test_a_panel_that_is_not_known_is_named() -> None:
    with pytest.raises(InputError, match="panels names 'roc', which is none: expected some of cards, picker"):
        ReportContent("x", panels=["roc"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["confusion", "methods", "training", "explained"])
def test_a_panel_that_fails_is_a_sentence_and_nothing_else_is_lost(name: str, sentiment: ReportContent) -> None:
    def fail() -> None:
        raise ValueError(f"no {name} today <b>")

    needed = {"confusion": "confusion", "methods": "table", "training": "learning", "explained": "chosen"}[name]
    whole = [section.title for section in sentiment.sections()]
    report = changed(sentiment, **{needed: Deferred(fail)})
    sections = list(report.sections())
    failed = [section for section in sections if section.name.startswith("failed")]
    assert {f"“{section.title}” could not be shown: ValueError: no {name} today <b>" for section in failed} == {
        section.blocks[0].text for section in failed
    }
    assert len(failed) >= 1
    standing = [section.title for section in sections if section not in failed]
    assert set(whole) - {section.title for section in failed} <= {*standing, ""}
    assert f"could not be shown: ValueError: no {name} today &lt;b&gt;" in render(report)
    assert draw(report).axes


def test_what_is_put_off_is_made_once() -> None:
    made = []
    later = Deferred(lambda: made.append(1) or {"a": 2})
    assert made == []
    assert later.part("a").made() == 2
    assert later.part("a").made() == 2
    assert made == [1]


def test_a_task_of_ones_own_has_a_page_without_html() -> None:
    table = pd.DataFrame({"accuracy": [0.9, 0.5]}, index=["mine", "most frequent"])
    report = ReportContent(
        title="Names",
        panels=[
            "cards",
            "methods",
            "training",
            panels.Frame("Lengths", pd.DataFrame({"mean": [1.25, 3.5]}, index=["<short>", "long"]), "In letters."),
            panels.Sentences("What it does", ["It guesses."]),
            panels.Chart("Curve", figure([{"type": "scatter", "x": [1, 2], "y": [3, 4]}], axis("x"), axis("y"))),
        ],
        data={"table": table, "baselines": ("most frequent",), "leading": "accuracy"},
        verdict="Better.",
        better=True,
    )
    page = render(report)
    assert [section.title for section in report.sections()] == [
        "",
        "Comparison with baselines",
        "Lengths",
        "What it does",
        "Curve",
    ]
    assert "&lt;short&gt;" in page
    assert "90.0 %" in page
    assert "plot-own-curve" in page
    assert len(draw(report).axes) == 1
