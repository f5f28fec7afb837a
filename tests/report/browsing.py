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


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    contexts: list[BrowserContext] = []

    def open_report(report: ReportContent, width: int = 1280, **settings: Any) -> Opened:
        path = tmp_path / "report.html"
        write_html(report, path)
        context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        result = Opened(page)
        page.on("console", lambda message: result.messages.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: result.messages.append(str(error)))
        page.on("download", lambda download: result.downloads.append(download.suggested_filename))
        context.on("request", lambda request: result.requests.append(request.url))
        context.on("requestfailed", lambda request: result.refused.append(request.url))
        context.on("page", lambda window: result.windows.append(window.url))
        page.goto(path.as_uri())
        return result

    yield open_report
    for context in contexts:
        context.close()
