"""The page of a labelled task in a real browser: quiet, drawn, no wider than the screen, aligned."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.report.test_browser import Opened, browser  # noqa: F401 (a fixture)

from recurra.report.labelled.content import LabelledReport
from recurra.report.labelled.page import write_labelled_html

SHOWN = """() => [...document.querySelectorAll(".plot")].map(plot => [plot.id,
    [...plot.querySelectorAll(".scatterlayer path, .barlayer path")].filter(p => (p.getAttribute("d") || "").length > 5)
        .length + plot.querySelectorAll(".heatmaplayer image").length])"""


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator:  # noqa: F811 (the fixture)
    pages = []

    def open_report(report: LabelledReport, width: int) -> Opened:
        write_labelled_html(report, tmp_path / "report.html")
        page = browser.new_page(viewport={"width": width, "height": 900})
        pages.append(page)
        result = Opened(page)
        page.on("console", lambda message: result.messages.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: result.messages.append(str(error)))
        page.on("request", lambda request: result.requests.append(request.url))
        page.goto((tmp_path / "report.html").as_uri())
        return result

    yield open_report
    for page in pages:
        page.close()


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("sentiment", 1280),
        ("protein", 1280),
        ("promoters", 400),
        ("gestures", 1280),
        ("topics", 400),
        ("markup", 1280),
        ("markup", 400),
        ("nothing", 400),
    ],
)
def test_quiet_drawn_and_no_wider_than_the_screen(
    name: str, width: int, opened, request: pytest.FixtureRequest
) -> None:
    view = opened(request.getfixturevalue(name), width)
    drawn = dict(view.page.evaluate(SHOWN))
    assert all(drawn.values()), drawn
    assert view.messages == []
    assert [url.partition(":")[0] for url in view.requests] == ["file"]
    assert view.page.evaluate("document.documentElement.scrollWidth") <= width
    assert view.page.evaluate("window.hacked") is None
    assert view.page.locator("h1").count() == 1


def test_words_stay_text_in_their_own_direction(opened, sentiment: LabelledReport) -> None:
    page = opened(sentiment, 1280).page
    first = page.locator(".words").first
    assert first.inner_text().startswith("the film, which opens on a rainy morning in Lisbon")
    page.locator("details", has=page.locator(".words")).first.evaluate("details => { details.open = true; }")
    directions = page.evaluate("[...document.querySelectorAll('.words')].map(p => getComputedStyle(p).direction)")
    assert directions.count("rtl") == 1
    assert "这部电影非常精彩" in page.locator(".words").nth(6).inner_text()


def test_residues_stand_above_their_tags(opened, protein: LabelledReport) -> None:
    page = opened(protein, 400).page
    widths = page.evaluate(
        "[...document.querySelectorAll('.block')].slice(0, 16).map(block => [...block.querySelectorAll('.row')].map("
        "row => { const range = document.createRange(); range.selectNodeContents(row);"
        " return range.getBoundingClientRect().width; }))"
    )
    assert all(max(rows) - min(rows) < 4 for rows in widths), widths
    assert page.locator(".focus").first.get_attribute("title").startswith("step 55: ")
