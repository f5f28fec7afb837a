"""The plots of a labelled task: what Plotly accepts, and what they hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from tests.report.making import changed, panel

from recurra.report.content import ReportContent
from recurra.report.panels import Calibration, Confusion, ErrorBySize, Methods, Scatter, Sizes
from recurra.report.panels.calibration import calibration_error, reliability_figure
from recurra.report.panels.confusion import confused_pairs, confusion_figure, confusion_table
from recurra.report.panels.error_by_size import error_figure
from recurra.report.panels.methods import against_figure
from recurra.report.panels.scatter import DOTS, scatter_figure
from recurra.report.panels.sizes import BINS, length_figure

FIGURES = [
    (Methods, against_figure),
    (Confusion, confusion_figure),
    (ErrorBySize, error_figure),
    (Sizes, lambda sizes: length_figure(sizes.lengths)),
    (Calibration, reliability_figure),
    (Scatter, scatter_figure),
]


@pytest.mark.parametrize("name", ["sentiment", "protein", "promoters", "gestures", "topics", "markup", "nothing"])
def test_plotly_accepts_them(name: str, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(name)
    figures = [figure for figure in (draw(panel(kind, report)) for kind, draw in FIGURES) if figure]
    assert bool(figures) == (name != "nothing")
    for figure in figures:
        go.Figure(data=figure["data"], layout=figure["layout"])


def test_rows_of_the_confusion_add_up(gestures: ReportContent) -> None:
    figure = confusion_figure(panel(Confusion, gestures))
    assert figure is not None
    assert np.allclose(np.array(figure["data"][0]["z"]).sum(axis=1), 100, atol=1e-2)
    assert figure["layout"]["yaxis"]["ticktext"] == list(gestures.data["per_class"]["class"])
    assert confusion_table(panel(Confusion, gestures)).to_numpy().sum() == gestures.data["confusion"]["count"].sum()


def test_pairs_are_the_most_frequent_mistakes(topics: ReportContent, gestures: ReportContent) -> None:
    pairs = confused_pairs(panel(Confusion, topics))
    counts = [int(pair.count) for pair in pairs]
    assert len(pairs) == 25
    assert counts == sorted(counts, reverse=True)
    assert all(pair.truth != pair.predicted for pair in pairs)
    assert confused_pairs(panel(Confusion, gestures)) == []


def test_calibration_error_is_the_weighted_distance(sentiment: ReportContent) -> None:
    frame = pd.DataFrame({"bin": [0, 1, 2], "confidence": [0.6, 0.9, 0.0], "right": [0.5, 0.9, np.nan]})
    report = changed(sentiment, reliability=frame.assign(count=[10, 30, 0]))
    assert calibration_error(panel(Calibration, report)) == pytest.approx(0.025)
    figure = reliability_figure(panel(Calibration, report))
    assert figure is not None
    assert figure["data"][1]["x"] == [60, 90]
    assert figure["data"][1]["marker"]["size"][1] == 20


def test_intervals_reach_from_low_to_high(promoters: ReportContent) -> None:
    figure = against_figure(panel(Methods, promoters))
    assert figure is not None
    (trace,) = figure["data"]
    lows = promoters.data["intervals"].query("score == 'R2'")["low"].to_numpy()
    assert np.allclose(np.array(trace["x"]) - trace["error_x"]["arrayminus"], lows, atol=1e-3)


def test_dots_are_thinned_and_unknown_ones_left_out(promoters: ReportContent) -> None:
    truth = np.linspace(0, 1, 5_000)
    frame = pd.DataFrame({"truth": truth, "predicted": np.where(truth > 0.9, np.nan, truth)})
    report = changed(promoters, predictions=frame)
    figure = scatter_figure(panel(Scatter, report))
    assert figure is not None
    assert len(figure["data"][1]["x"]) == DOTS
    assert max(figure["data"][1]["x"]) <= 0.9
    errors = error_figure(panel(ErrorBySize, report))
    assert errors is not None
    assert set(errors["data"][0]["y"]) == {0}


def test_lengths_keep_every_example(sentiment: ReportContent) -> None:
    figure = length_figure(sentiment.data["lengths"])
    assert figure is not None
    assert sum(sum(trace["y"]) for trace in figure["data"]) == sentiment.data["lengths"]["count"].sum()
    assert all(len(trace["x"]) <= BINS for trace in figure["data"])
    alike = sentiment.data["lengths"].assign(length=64)
    assert length_figure(changed(sentiment, lengths=alike).data["lengths"]) is None
