"""What a page shows stays in it: no click, no key and no script of it asks for anything or opens a window."""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files

import pytest
from plotly.offline import get_plotlyjs_version
from tests.report.browsing import Open, Opened
from tests.report.making import changed

from recurra.language import set_language
from recurra.report.bundle import CONFIG, SHA256, VERSION, plotly_js, plotly_locale
from recurra.report.content import ReportContent
from recurra.report.page import render

LINK = "<a href='https://example.org/a' target='_blank'>go</a>"
OFFERS = ("cloud", "upload", "share", "studio")


def assert_stayed(view: Opened, address: str) -> None:
    assert view.windows == []
    assert view.page.url == address
    assert all(url.partition(":")[0] in ("file", "blob", "data") for url in view.requests), view.requests
    assert view.messages == []


def click_everything(view: Opened, bars: int | None = None) -> int:
    """Click every button of every mode bar, every entry of every legend, and whatever else takes a click.

    Of mode bars at most so many, where all have the same buttons.
    """
    page = view.page
    titles = page.evaluate(
        "[...document.querySelectorAll('.modebar')].map(bar => [...bar.querySelectorAll('.modebar-btn')].map("
        "button => button.dataset.title || button.getAttribute('aria-label')).join())"
    )
    assert bars is None or len(set(titles)) == 1
    for details in page.locator("details").all():
        details.evaluate("element => { element.open = true; }")
    clicked = page.evaluate(
        """bars => {
        let clicked = 0;
        const left = [...document.querySelectorAll(".modebar")].slice(bars ?? 1000);
        for (const selector of [".modebar-btn", ".legendtoggle", "svg a", "a", "button", "summary"]) {
            for (const element of document.querySelectorAll(selector)) {
                if (left.some(bar => bar.contains(element)))
                    continue;
                for (const kind of ["mousedown", "mouseup", "click"])
                    element.dispatchEvent(new MouseEvent(kind, { bubbles: true, cancelable: true, view: window }));
                clicked += 1;
            }
        }
        return clicked;
    }""",
        bars,
    )
    for plot in page.locator(".plot:not([hidden])").all():
        plot.click(position={"x": 150, "y": 150}, force=True)
        plot.dblclick(position={"x": 150, "y": 150}, force=True)
    page.wait_for_timeout(300)
    return clicked


def test_no_button_offers_to_upload(opened: Open, co2: ReportContent) -> None:
    titles = (
        opened(co2, as_is=True)
        .page.locator(".modebar-btn")
        .evaluate_all(
            "all => all.map(button => (button.dataset.title || button.getAttribute('aria-label')).toLowerCase())"
        )
    )
    assert len(titles) >= 6
    assert not [title for title in titles if any(word in title for word in OFFERS)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["co2", "hostile"])
def test_no_click_on_a_forecast_leaves_the_page(name: str, opened: Open, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(name)
    view = opened(changed(report, target=LINK, time_name=LINK) if name == "hostile" else report)
    address = view.page.url
    assert view.page.locator(".modebar-btn").count() >= 6
    assert view.page.locator("svg a, a[href]").count() == 0
    assert click_everything(view, bars=None if name == "co2" else 1) > 12
    assert_stayed(view, address)
    assert all(name.endswith(".png") for name in view.downloads)


def test_what_a_script_could_try_is_refused(opened: Open, co2: ReportContent) -> None:
    """The content policy and the lost `window.open` hold against a script that got into the page after all."""
    view = opened(co2)
    page, address = view.page, view.page.url
    assert page.evaluate("window.open('https://example.org/b')") is None
    page.evaluate("try { window.open = () => 'opened'; } catch {}")
    assert page.evaluate("window.open('https://example.org/c')") is None
    page.evaluate(
        """() => {
        fetch("https://example.org/d").catch(() => {});
        navigator.sendBeacon("https://example.org/e", "x");
        new Image().src = "https://example.org/f.png";
        const form = document.createElement("form");
        form.action = "https://example.org/g";
        form.target = "_blank";
        document.body.append(form);
        form.submit();
        const script = document.createElement("script");
        script.textContent = "window.hacked = 1";
        document.body.append(script);
        const button = document.createElement("button");
        button.setAttribute("onclick", "window.hacked = 2");
        document.body.append(button);
        button.click();
        Plotly.Plots.sendDataToCloud(document.getElementById("forecast"), "https://example.org/h");
    }"""
    )
    page.wait_for_timeout(300)
    assert view.windows == []
    assert page.url == address
    assert page.evaluate("window.hacked") is None
    assert [url for url in view.requests if url.startswith("http") and url not in view.refused] == []


def test_the_buttons_are_named_one_by_one() -> None:
    assert CONFIG["plotlyServerURL"] == ""
    (buttons,) = CONFIG["modeBarButtons"]
    assert buttons == ["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]


def test_plots_have_the_words_and_dates_of_the_reader(co2: ReportContent) -> None:
    assert plotly_locale() is None
    with set_language("zh"):
        locale = plotly_locale()
        page = render(co2)
    assert locale is not None
    for word in locale["dictionary"]:
        assert f'"{word}"' in plotly_js()  # as plotly.js looks it up
        assert locale["dictionary"][word] != word
    assert '"name":"zh-CN"' in page
    assert '"locale":null' in render(co2)


def test_every_script_is_named_by_its_digest(co2: ReportContent) -> None:
    page = render(co2)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    scripts = next(part for part in policy[1].split("; ") if part.startswith("script-src"))
    assert scripts.count("'sha256-") == len(re.findall(r"<script>", page)) >= 2
    assert "unsafe" not in scripts
    for needed in ("default-src 'none'", "form-action 'none'", "base-uri 'none'", "connect-src 'none'"):
        assert needed in policy[1]


@pytest.mark.slow
def test_the_bundle_is_the_one_it_is_said_to_be() -> None:
    text = plotly_js()
    assert hashlib.sha256(text.encode()).hexdigest() == SHA256
    assert f"plotly.js (cartesian - minified) v{VERSION}" in text[:200]
    assert "Licensed under the MIT license" in text[:300]
    assert files("recurra.report").joinpath("plotly", "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert VERSION.split(".")[0] == get_plotlyjs_version().split(".")[0]
