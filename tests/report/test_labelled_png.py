"""The picture of a labelled task is drawn for every kind of report."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.image import imread

from recurra.report.content import ReportContent
from recurra.report.png import draw, write_png


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sentiment", "promoters", "topics", "markup", "nothing"])
def test_a_picture_with_something_in_it(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    settings = dict(mpl.rcParams)
    write_png(request.getfixturevalue(name), tmp_path / "report.png")
    picture = imread(tmp_path / "report.png")
    assert picture.shape[:2] == (1200, 1800)
    assert 0.005 < (picture[..., :3].min(axis=2) < 0.9).mean() < 0.8
    assert dict(mpl.rcParams) == settings


@pytest.mark.slow
def test_what_stands_beside_the_scores(
    sentiment: ReportContent, promoters: ReportContent, topics: ReportContent, nothing: ReportContent
) -> None:
    beside = [draw(report).axes[1].get_title(loc="left") for report in (sentiment, promoters, topics)]
    assert beside == [
        "Confusion matrix, % of the true class",
        "Predicted against true",
        "The 16 classes of lowest F1",
    ]
    assert draw(sentiment).axes[0].get_title(loc="left") == "accuracy, higher is better"
    assert draw(nothing).axes == []
