"""The page in a real browser: quiet, drawn, usable, at the width of a desk, of a phone and of paper."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.report.test_insight_plots import with_insight

from recurra.report import write_html
from recurra.report.content import ForecastReport

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DRAWN = """() => [...document.querySelectorAll(".plot:not([hidden])")].map(plot => [
    plot.id,
    [...plot.querySelectorAll(".scatterlayer path")].filter(path => (path.getAttribute("d") || "").length > 5).length
        + plot.querySelectorAll(".heatmaplayer image").length,
])"""


@dataclass
class Opened:
    """A page in the browser, and what it said and asked for."""

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def drawn(self) -> dict[str, int]:
        """Paths of each plot that is shown."""
        return dict(self.page.evaluate(DRAWN))

    def figure(self, plot: str) -> Any:
        """The data that a plot shows now."""
        return self.page.evaluate(f"document.getElementById('{plot}').data.map(trace => [trace.name, trace.y])")


Open = Callable[..., Opened]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("needs Chromium on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    pages: list[Page] = []

    def open_report(report: ForecastReport, width: int = 1280) -> Opened:
        path = tmp_path / "report.html"
        write_html(report, path)
        page = browser.new_page(viewport={"width": width, "height": 900})
        pages.append(page)
        result = Opened(page)
        page.on("console", lambda message: result.messages.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: result.messages.append(str(error)))
        page.on("request", lambda request: result.requests.append(request.url))
        page.goto(path.as_uri())
        return result

    yield open_report
    for page in pages:
        page.close()


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("co2", 1280),
        ("many", 1280),
        ("steps", 1280),
        ("hostile", 1280),
        ("bare", 1280),
        ("many", 400),
        ("hostile", 400),
    ],
)
def test_quiet_drawn_and_no_wider_than_the_screen(
    name: str, width: int, opened: Open, request: pytest.FixtureRequest
) -> None:
    view = opened(request.getfixturevalue(name), width)
    drawn = view.drawn()
    assert "forecast" in drawn
    assert min(drawn.values()) > 0, drawn
    assert view.messages == []
    assert [url.partition(":")[0] for url in view.requests] == ["file"]
    assert view.page.evaluate("document.documentElement.scrollWidth") <= width
    assert view.page.evaluate("window.hacked") is None


def test_the_selector_changes_series(opened: Open, many: ForecastReport) -> None:
    view = opened(many)
    before = {plot: view.figure(plot) for plot in ("forecast", "backtest")}
    first_row = view.page.text_content("#figures tbody tr")
    assert set(view.drawn()) == {"forecast", "backtest", "by-step", "coverage", "by-series", "learning"}
    options = view.page.locator("#series option").all_text_contents()
    assert len(options) == 24
    assert options[2].endswith("worst")
    view.page.select_option("#series", "2")
    assert all(view.figure(plot) != before[plot] for plot in before)
    name = view.page.text_content("#forecast-note") and view.page.locator(".series-name").first.text_content()
    assert options[2].startswith(f"{name} · ")
    assert view.page.text_content("#figures tbody tr") != first_row
    assert min(view.drawn().values()) > 0
    assert view.messages == []


@pytest.mark.parametrize("width", [1280, 400])
def test_memory_and_attributions(width: int, opened: Open, many: ForecastReport) -> None:
    view = opened(with_insight(many, features=6), width)
    assert {"moved", "flow", "moved-usually"} <= set(view.drawn())
    assert min(view.drawn().values()) > 0
    view.page.select_option("#series", "5")
    known = view.page.locator(".series-name").first.text_content() in many.forecast["series"].unique()[:30]
    assert ("moved" in view.drawn()) == known
    assert view.messages == []
    assert view.page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_series_without_backtest_hides_only_that_plot(opened: Open, many: ForecastReport) -> None:
    second = many.by_series["series"].iloc[0]
    rest = many.backtest[many.backtest["series"] != second]
    view = opened(dataclasses.replace(many, backtest=rest))
    assert "backtest" not in view.drawn()
    assert view.page.text_content("#backtest-note") == "This series was too short to be tested."
    view.page.select_option("#series", "1")
    assert view.drawn()["backtest"] > 0


def test_recent_and_everything(opened: Open, co2: ForecastReport) -> None:
    view = opened(co2)
    ranges = "document.getElementById('forecast')._fullLayout.xaxis.range.map(String)"
    recent = view.page.evaluate(ranges)
    view.page.click("[data-plot=forecast] [data-view=all]")
    everything = view.page.evaluate(ranges)
    assert everything[0] < "1959" < recent[0]
    assert view.page.get_attribute("[data-plot=forecast] [data-view=all]", "aria-pressed") == "true"
    view.page.click("[data-plot=forecast] [data-view=recent]")
    assert view.page.evaluate(ranges) == recent


def test_the_command_can_be_copied(opened: Open, co2: ForecastReport) -> None:
    view = opened(co2)
    view.page.click("#copy")
    view.page.get_by_role("button", name="Copied").wait_for()
    assert view.messages == []


def test_plots_fit_on_paper_and_come_back(opened: Open, co2: ForecastReport, tmp_path: Path) -> None:
    view = opened(co2)
    width = "document.querySelector('#forecast .main-svg').clientWidth"
    on_screen = view.page.evaluate(width)
    view.page.evaluate(f"window.addEventListener('beforeprint', () => {{ window.printed = {width}; }})")
    view.page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    assert 500 < view.page.evaluate("window.printed") <= 690 < on_screen
    assert view.page.evaluate(width) >= on_screen
    assert view.messages == []


def test_headings_and_names_for_who_cannot_see(opened: Open, many: ForecastReport) -> None:
    page = opened(many).page
    assert page.locator("h1").count() == 1
    assert page.locator(".plot[role=img][aria-label]").count() == page.locator(".plot").count()
    assert page.evaluate(
        "[...document.querySelectorAll('[aria-labelledby]')].every("
        "e => document.getElementById(e.getAttribute('aria-labelledby')))"
    )
    assert page.locator("#series").evaluate("select => select.labels.length") == 1
