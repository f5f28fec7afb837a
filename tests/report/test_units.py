"""Steps are called what they are."""

from __future__ import annotations

import pytest
from tests.report.making import changed, panel
from tests.report.test_page import parts

from recurra.report.content import ReportContent
from recurra.report.page import render
from recurra.report.panels import ByStep
from recurra.report.panels.by_step import by_step_figure
from recurra.report.units import step_noun


@pytest.mark.parametrize(
    ("frequency", "noun"),
    [
        (None, "step"),
        ("h", "hour"),
        ("30min", "30-minute step"),
        ("D", "day"),
        ("B", "business day"),
        ("W-SAT", "week"),
        ("MS", "month"),
        ("QS-OCT", "quarter"),
        ("YE-DEC", "year"),
        ("us", "step"),
    ],
)
def test_names(frequency: str | None, noun: str) -> None:
    assert step_noun(frequency) == noun


def test_a_page_speaks_of_weeks(co2: ReportContent) -> None:
    report = changed(co2, unit="week")
    _text, payload = parts(render(report))
    assert "windows of 26 weeks" in payload["choices"]["texts"]["backtest-note"][0]
    figure = by_step_figure(panel(ByStep, report))
    assert figure is not None
    assert figure["layout"]["xaxis"]["title"]["text"] == "weeks ahead"
