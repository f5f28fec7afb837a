"""A page of a report opened in a real browser, with all that it says, asks for and opens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from recurra.report import write_html
from recurra.report.content import ReportContent

DRAWN = """() => [...document.querySelectorAll(".plot:not([hidden])")].map(plot => [
    plot.id,
    [...plot.querySelectorAll(".scatterlayer path, .barlayer path")].filter(
        path => (path.getAttribute("d") || "").length > 5).length
        + plot.querySelectorAll(".heatmaplayer image").length,
])"""


@dataclass
class Opened:
    """A page in the browser, what it said and asked for, and the windows and downloads that it opened."""

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    windows: list[str] = field(default_factory=list)
    downloads: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # requests that the content policy stopped

    def drawn(self) -> dict[str, int]:
        """Paths of each plot that is shown."""
        return dict(self.page.evaluate(DRAWN))

    def figure(self, plot: str) -> Any:
        """The data that a plot shows now."""
        return self.page.evaluate(f"document.getElementById('{plot}').data.map(trace => [trace.name, trace.y])")


Open = Callable[..., Opened]


class Tab:
    """A page in which reports are opened one after the other: what its process compiled, plotly.js, is still there."""

    def __init__(self, browser: Browser, **settings: Any) -> None:
        self.context = browser.new_context(**settings)
        self.page = self.context.new_page()
        self._now, self._left = Opened(self.page), None
        self.page.on("console", lambda message: self._now.messages.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self._now.messages.append(str(error)))
        self.page.on("download", lambda download: self._now.downloads.append(download.suggested_filename))
        self.context.on("request", lambda request: self._now.requests.append(request.url))
        self.context.on("requestfailed", lambda request: self._now.refused.append(request.url))
        self.context.on("page", lambda window: self._now.windows.append(window.url))

    def open(self, report: ReportContent, path: Path, width: int, *, as_is: bool = False) -> Opened:
        """The report, written to a file and opened; what the page before says or asks for still goes to that.

        `as_is`: whoever opens it leaves it as it is, so that the next who wants the same has it as it stands.
        """
        if self._left is None or self._left[0] is not report or self._left[1] != width:
            write_html(report, path)
            self.page.goto("about:blank")
            self._now = Opened(self.page)
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.goto(path.as_uri())
        self._left = (report, width) if as_is else None
        return self._now


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Tab:
    return Tab(browser)


@pytest.fixture
def opened(browser: Browser, tab: Tab, tmp_path: Path) -> Iterator[Open]:
    contexts: list[BrowserContext] = []

    def open_report(report: ReportContent, width: int = 1280, *, as_is: bool = False, **settings: Any) -> Opened:
        path = tmp_path / "report.html"
        if not settings:
            return tab.open(report, path, width, as_is=as_is)
        other = Tab(browser, **settings)
        contexts.append(other.context)
        return other.open(report, path, width)

    yield open_report
    for context in contexts:
        context.close()
