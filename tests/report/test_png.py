"""The picture is drawn for every kind of report, and touches nothing global."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.image import imread

from recurra.report.content import ReportContent
from recurra.report.png import draw, write_png


@pytest.mark.slow
@pytest.mark.parametrize("name", ["co2", "many", "steps", "hostile", "bare"])
def test_a_picture_with_something_in_it(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    settings = dict(mpl.rcParams)
    write_png(request.getfixturevalue(name), tmp_path / "forecast.png")
    picture = imread(tmp_path / "forecast.png")
    assert picture.shape[:2] == (1200, 1800)
    assert 0.005 < (picture[..., :3].min(axis=2) < 0.9).mean() < 0.8
    assert dict(mpl.rcParams) == settings


def test_the_verdict_and_the_parts_are_there(co2: ReportContent, bare: ReportContent) -> None:
    figure = draw(co2)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "Forecast, 26 steps ahead",
        "Backtest: forecasts against the truth",
        "MASE, lower is better",
    ]
    assert co2.verdict in [text.get_text() for text in figure.texts]
    assert len(draw(bare).axes) == 1


@pytest.mark.spawn
def test_pyplot_and_matplotlib_wait_until_they_are_needed() -> None:
    program = "import sys, recurra.report; print([m for m in ('matplotlib', 'plotly', 'torch') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
