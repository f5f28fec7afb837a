"""The page as text: whole, closed to the network, and deaf to markup in the user's names."""

from __future__ import annotations

import html
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from recurra.report import write_html
from recurra.report.bundle import plotly_js
from recurra.report.content import ReportContent
from recurra.report.page import render


def parts(page: str) -> tuple[str, dict]:
    """What stands outside the scripts, and the data of the plots."""
    payload = re.search(r'<script type="application/json" id="payload">(.*?)</script>', page, re.DOTALL)
    assert payload is not None
    return page[: payload.start()], json.loads(payload[1])


@pytest.mark.slow
def test_everything_is_in_it(many: ReportContent) -> None:
    text, payload = parts(render(many))
    assert html.escape(many.verdict) in text
    assert many.command in text
    assert all(method in text for method in many.data["table"].index)
    assert all(label in text and value in text for label, value, _ in [*many.facts[:3]] if "'" not in value)
    assert len(payload["choices"]["names"]) == 24
    assert "24 of 300 series" in text
    assert set(payload["figures"]) == {"by-step", "coverage", "by-series", "learning"}
    assert text.count('class="ours"') == 1


@pytest.mark.slow
def test_the_colour_follows_the_verdict(many: ReportContent, steps: ReportContent) -> None:
    assert 'class="verdict better"' in render(many)
    assert 'class="verdict no-better"' in render(steps)


@pytest.mark.slow
def test_it_names_no_other_place(many: ReportContent) -> None:
    text, _ = parts(render(many))
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)=[\"'](?!data:)", text)
    assert "url(" not in text


@pytest.mark.slow
def test_names_are_text(hostile: ReportContent) -> None:
    text, payload = parts(render(hostile))
    assert text.count("<script") == 0
    assert "<img" not in text
    assert "<b>" not in text
    assert "7 * 7" in text
    assert set(payload["choices"]["names"]) == set(hostile.data["forecast"]["series"])


@pytest.mark.slow
def test_a_page_of_reasonable_size(many: ReportContent, co2: ReportContent) -> None:
    plotly = len(plotly_js())
    assert plotly < 1_600_000
    assert len(render(many)) - plotly < 1_000_000
    assert len(render(co2)) - plotly < 300_000


def test_parts_without_content_are_left_out(bare: ReportContent) -> None:
    text, payload = parts(render(bare))
    assert "Comparison with baselines" not in text
    assert "Backtest" not in text
    assert payload["figures"] == {}
    assert len(payload["choices"]["names"]) == 3


def test_the_file_is_utf_8(hostile: ReportContent, tmp_path: Path) -> None:
    write_html(hostile, tmp_path / "report.html")
    assert "北京" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["co2", "many"])
def test_the_same_report_gives_the_same_bytes(name: str, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(name)
    assert render(report) == render(report)


@pytest.mark.slow
def test_headings_never_skip_a_level(many: ReportContent, hostile: ReportContent) -> None:
    for report in (many, hostile):
        text, _ = parts(render(report))
        levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", text)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert '<html lang="en">' in text
