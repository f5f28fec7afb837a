"""The page in a real browser: quiet, drawn, usable, at the width of a desk, of a phone and of paper."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.report.browsing import Open
from tests.report.making import changed
from tests.report.test_insight_plots import with_insight

from recurra.report.content import ReportContent


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("many", 1280),
        ("steps", 1280),
        ("hostile", 1280),
        ("bare", 1280),
        ("many", 768),
        ("co2", 360),
        ("hostile", 360),
        ("co2", 1280),
    ],
)
def test_quiet_drawn_and_no_wider_than_the_screen(
    name: str, width: int, opened: Open, request: pytest.FixtureRequest
) -> None:
    view = opened(request.getfixturevalue(name), width, as_is=True)
    drawn = view.drawn()
    assert "forecast" in drawn
    assert min(drawn.values()) > 0, drawn
    assert view.messages == []
    assert [url.partition(":")[0] for url in view.requests] == ["file"]
    assert view.page.evaluate("document.documentElement.scrollWidth") <= width
    assert view.page.evaluate("window.hacked") is None


@pytest.mark.parametrize("name", ["co2", "many"])
def test_the_buttons_cover_neither_legend_nor_plot(name: str, opened: Open, request: pytest.FixtureRequest) -> None:
    page = opened(request.getfixturevalue(name), as_is=True).page
    boxes = page.evaluate(
        """[...document.querySelectorAll(".plot")].map(plot => ["modebar", "legend", "cartesianlayer"].map(part =>
            plot.querySelector("." + part)?.getBoundingClientRect().toJSON()))"""
    )
    assert len(boxes) >= 4
    for bar, *others in boxes:
        for box in filter(None, others):
            assert bar["bottom"] <= box["top"] or bar["left"] >= box["right"] or bar["right"] <= box["left"]


def test_headings_and_names_for_who_cannot_see(opened: Open, many: ReportContent) -> None:
    page = opened(many, as_is=True).page
    assert page.locator("h1").count() == 1
    assert page.locator(".plot[role=figure][aria-label]").count() == page.locator(".plot").count()
    assert page.evaluate(
        "[...document.querySelectorAll('[aria-labelledby]')].every("
        "e => document.getElementById(e.getAttribute('aria-labelledby')))"
    )
    assert page.locator("#series").evaluate("select => select.labels.length") == 1


def test_the_selector_changes_series(opened: Open, many: ReportContent) -> None:
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


def test_the_buttons_of_a_plot_are_one_stop_of_the_keyboard(opened: Open, co2: ReportContent) -> None:
    page = opened(co2, as_is=True).page
    stops = (
        "[...document.querySelectorAll('.plot')].map(p => p.querySelectorAll('.modebar-btn[tabindex=\"0\"]').length)"
    )
    assert set(page.evaluate(stops)) == {1}
    assert page.locator("#forecast .modebar[role=toolbar][aria-label]").count() == 1
    named = "document.activeElement.dataset.title || document.activeElement.getAttribute('aria-label')"
    page.locator("#forecast .modebar-btn").first.focus()
    first = page.evaluate(named)
    page.keyboard.press("ArrowRight")
    second = page.evaluate(named)
    assert second != first
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(named) == first
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#forecast .modebar')") is None
    assert set(page.evaluate(stops)) == {1}


def test_recent_and_everything(opened: Open, co2: ReportContent) -> None:
    view = opened(co2, as_is=True)
    ranges = "document.getElementById('forecast')._fullLayout.xaxis.range.map(String)"
    recent = view.page.evaluate(ranges)
    view.page.click("[data-plot=forecast] [data-view=all]")
    everything = view.page.evaluate(ranges)
    assert everything[0] < "1959" < recent[0]
    assert view.page.get_attribute("[data-plot=forecast] [data-view=all]", "aria-pressed") == "true"
    view.page.click("[data-plot=forecast] [data-view=recent]")
    assert view.page.evaluate(ranges) == recent


def test_the_command_can_be_copied(opened: Open, co2: ReportContent) -> None:
    view = opened(co2, as_is=True)
    view.page.click("#copy")
    view.page.get_by_role("button", name="Copied").wait_for()
    assert view.messages == []


def test_plots_fit_on_paper_and_come_back(opened: Open, co2: ReportContent, tmp_path: Path) -> None:
    view = opened(co2)
    width = "document.querySelector('#forecast .main-svg').clientWidth"
    on_screen = view.page.evaluate(width)
    view.page.evaluate(f"window.addEventListener('beforeprint', () => {{ window.printed = {width}; }})")
    view.page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    assert 500 < view.page.evaluate("window.printed") <= 690 < on_screen
    assert view.page.evaluate(width) >= on_screen
    assert view.messages == []


@pytest.mark.parametrize("width", [1280, 400])
def test_memory_and_attributions(width: int, opened: Open, many: ReportContent) -> None:
    view = opened(with_insight(many, features=6), width)
    assert {"forecast", "moved", "flow", "moved-usually"} <= set(view.drawn())
    assert min(view.drawn().values()) > 0
    view.page.select_option("#series", "5")
    known = view.page.locator(".series-name").first.text_content() in many.data["forecast"]["series"].unique()[:30]
    assert ("moved" in view.drawn()) == known
    assert view.messages == []
    assert view.page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_series_without_backtest_hides_only_that_plot(opened: Open, many: ReportContent) -> None:
    second = many.data["by_series"]["series"].iloc[0]
    rest = many.data["backtest"][many.data["backtest"]["series"] != second]
    view = opened(changed(many, backtest=rest))
    assert "backtest" not in view.drawn()
    assert view.page.text_content("#backtest-note") == "This series was too short to be tested."
    view.page.select_option("#series", "1")
    assert view.drawn()["backtest"] > 0


def test_on_a_phone_a_plot_has_no_buttons(opened: Open, co2: ReportContent) -> None:
    page = opened(co2, 390, has_touch=True, is_mobile=True).page
    assert page.locator(".modebar-btn").count() == 0


def test_a_wide_table_scrolls_in_its_box_and_says_so(opened: Open, co2: ReportContent) -> None:
    page = opened(co2, 390).page
    box = page.locator(".scroll:has(.methods)")
    assert "wider" in str(box.get_attribute("class"))
    assert box.get_attribute("tabindex") == "0"
    assert page.locator(".scroll:has(.methods) + .hint").is_visible()
    left = "document.querySelector('.methods tbody th').getBoundingClientRect().left"
    before = page.evaluate(left)
    box.evaluate("box => { box.scrollLeft = 10000; }")
    page.wait_for_timeout(100)
    assert page.evaluate(left) == pytest.approx(before, abs=2)
    assert "more" not in str(box.get_attribute("class")).split()
    desk = opened(co2, 1300).page
    assert desk.locator(".hint:visible").count() == 0
    assert desk.locator(".scroll[tabindex]").count() == 0
