"""The page of a labelled task in a real browser: quiet, drawn, no wider than the screen, aligned."""

from __future__ import annotations

import pytest
from tests.report.browsing import Open
from tests.report.making import changed
from tests.report.test_nothing_leaves import LINK, assert_stayed, click_everything

from recurra.report.content import ReportContent


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("protein", 1280),
        ("promoters", 400),
        ("gestures", 1280),
        ("topics", 400),
        ("markup", 1280),
        ("nothing", 400),
        ("sentiment", 360),
        ("protein", 360),
        ("gestures", 360),
        ("markup", 360),
        ("topics", 768),
        ("sentiment", 1280),
    ],
)
def test_quiet_drawn_and_no_wider_than_the_screen(
    name: str, width: int, opened: Open, request: pytest.FixtureRequest
) -> None:
    view = opened(request.getfixturevalue(name), width, as_is=True)
    drawn = view.drawn()
    assert all(drawn.values()), drawn
    assert view.messages == []
    assert [url.partition(":")[0] for url in view.requests] == ["file"]
    assert view.page.evaluate("document.documentElement.scrollWidth") <= width
    assert view.page.evaluate("window.hacked") is None
    assert view.page.locator("h1").count() == 1


def test_words_stay_text_in_their_own_direction(opened: Open, sentiment: ReportContent) -> None:
    page = opened(sentiment, 1280).page
    first = page.locator(".words").first
    assert first.inner_text().startswith("the film, which opens on a rainy morning in Lisbon")
    page.locator("details", has=page.locator(".words")).first.evaluate("details => { details.open = true; }")
    directions = page.evaluate("[...document.querySelectorAll('.words')].map(p => getComputedStyle(p).direction)")
    assert directions.count("rtl") == 1
    assert "这部电影非常精彩" in page.locator(".words").nth(6).inner_text()


def test_residues_stand_above_their_tags(opened: Open, protein: ReportContent) -> None:
    page = opened(protein, 400).page
    widths = page.evaluate(
        "[...document.querySelectorAll('.block')].slice(0, 16).map(block => [...block.querySelectorAll('.row')].map("
        "row => { const range = document.createRange(); range.selectNodeContents(row);"
        " return range.getBoundingClientRect().width; }))"
    )
    assert all(max(rows) - min(rows) < 4 for rows in widths), widths
    assert str(page.locator(".focus").first.get_attribute("title")).startswith("step 55: ")


@pytest.mark.parametrize("name", ["sentiment", "protein", "promoters", "gestures", "markup"])
def test_no_click_leaves_the_page(name: str, opened: Open, request: pytest.FixtureRequest) -> None:
    view = opened(changed(request.getfixturevalue(name), target=LINK))
    address = view.page.url
    assert click_everything(view, bars=1) > 6
    assert_stayed(view, address)
