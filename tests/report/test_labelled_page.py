"""The page of a labelled task as text: whole, closed to the network, deaf to markup, without what is not known."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from tests.report.test_page import parts

from recurra.report.content import ReportContent
from recurra.report.page import render, write_html

ALL = ["sentiment", "protein", "promoters", "gestures", "topics", "markup", "nothing"]


def test_everything_is_in_it(sentiment: ReportContent) -> None:
    text, payload = parts(render(sentiment))
    assert html.escape(sentiment.verdict) in text
    assert all(method in text for method in sentiment.data["table"].index)
    assert set(payload["figures"]) == {"against", "confusion", "reliability", "lengths", "learning", "flow"}
    assert text.count('class="ours"') == 1
    assert text.count('<article class="example">') == len(sentiment.data["chosen"])
    assert sentiment.data["explanation"] in text
    assert sentiment.data["memory"][0] in text


@pytest.mark.parametrize("name", ALL)
def test_every_plot_has_its_place(name: str, request: pytest.FixtureRequest) -> None:
    text, payload = parts(render(request.getfixturevalue(name)))
    assert set(re.findall(r'class="plot" id="([^"]+)"', text)) == set(payload["figures"])


@pytest.mark.slow
def test_the_parts_of_each_task(protein: ReportContent, promoters: ReportContent, gestures: ReportContent) -> None:
    text, payload = parts(render(protein))
    assert "133 of 160 steps right (83.1 %)" in text
    assert "left out" in text
    assert "scatter" not in payload["figures"]
    text, payload = parts(render(promoters))
    assert {"scatter", "error"} <= set(payload["figures"])
    assert "Largest errors" in text
    assert {"series-0", "series-1"} <= set(parts(render(gestures))[1]["figures"])


def test_parts_without_content_are_left_out(nothing: ReportContent) -> None:
    text, payload = parts(render(nothing))
    assert payload["figures"] == {}
    assert re.findall(r"<h2[^>]*>([^<]*)", text) == ["How to reproduce it"]


@pytest.mark.slow
def test_many_classes_are_listed(topics: ReportContent) -> None:
    text, payload = parts(render(topics))
    assert "confusion" not in payload["figures"]
    assert "The classes most often confused" in text
    assert "The 25 of 120 classes with the lowest F1" in text
    assert "95 other classes" in text


def test_it_names_no_other_place(sentiment: ReportContent) -> None:
    text, _ = parts(render(sentiment))
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)=[\"'](?!data:)", text)
    assert "url(" not in text


def test_texts_are_text(markup: ReportContent) -> None:
    text, _ = parts(render(markup))
    assert text.count("<script") == 0
    assert "<img" not in text
    assert "<b>bold" not in text
    assert "7 * 7" in text


@pytest.mark.slow
def test_a_page_of_reasonable_size(sentiment: ReportContent, protein: ReportContent) -> None:
    assert max(len(render(sentiment)), len(render(protein))) < 5_200_000


@pytest.mark.slow
def test_the_file_is_utf_8_and_the_same_each_time(markup: ReportContent, tmp_path: Path) -> None:
    write_html(markup, tmp_path / "report.html")
    assert "北京" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert render(markup) == render(markup)
