"""Steps are called what they are."""

from __future__ import annotations

import dataclasses

import pytest
from tests.report.test_page import parts

from recurra.report.content import ForecastReport
from recurra.report.page import render
from recurra.report.summary_plots import by_step_figure
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


def test_a_page_speaks_of_weeks(co2: ForecastReport) -> None:
    report = dataclasses.replace(co2, unit="week")
    text, payload = parts(render(report))
    assert "26 weeks ahead" in text
    assert "windows of 26 weeks" in payload["series"][0]["backtestNote"]
    figure = by_step_figure(report)
    assert figure is not None
    assert figure["layout"]["xaxis"]["title"]["text"] == "weeks ahead"
