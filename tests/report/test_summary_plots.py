"""The plots over all series, as figures that Plotly accepts."""

from __future__ import annotations

import dataclasses

import plotly.graph_objects as go
import pytest

from recurra.report.content import ForecastReport
from recurra.report.summary_plots import (
    by_series_figure,
    by_step_figure,
    comparable_series,
    coverage_figure,
    off_scale,
)
from recurra.report.training_plots import learning_figure

FIGURES = [by_series_figure, by_step_figure, coverage_figure, learning_figure]


@pytest.mark.parametrize("draw", FIGURES)
def test_plotly_accepts_it(draw, many: ForecastReport, hostile: ForecastReport) -> None:
    for report in (many, hostile):
        figure = draw(report)
        go.Figure(data=figure["data"], layout=figure["layout"])


@pytest.mark.parametrize("draw", FIGURES)
def test_nothing_to_show_is_no_figure(draw, bare: ForecastReport) -> None:
    assert draw(bare) is None


def test_one_step_needs_no_error_by_horizon(steps: ForecastReport) -> None:
    assert by_step_figure(steps) is None


def test_ours_is_drawn_last_and_strongest(many: ForecastReport) -> None:
    figure = by_step_figure(many)
    assert figure is not None
    assert figure["data"][-1]["name"] == "recurra lstm"
    assert figure["data"][-1]["line"]["width"] == max(trace["line"]["width"] for trace in figure["data"])


def test_a_hopeless_baseline_is_a_click_away(many: ForecastReport) -> None:
    by_step = many.by_step.copy()
    by_step.loc[by_step["method"] == "drift", "mase"] *= 100
    report = dataclasses.replace(many, by_step=by_step)
    figure = by_step_figure(report)
    assert figure is not None
    visible = {trace["name"]: trace["visible"] for trace in figure["data"]}
    assert off_scale(report) == ["drift"]
    assert visible["drift"] == "legendonly"
    assert visible[many.best_baseline] is True


def test_every_comparable_series_has_its_dot(many: ForecastReport) -> None:
    by_series = many.by_series.copy()
    by_series.loc[:4, "best"] = [0.0, float("nan"), float("inf"), -1.0, 1.0]
    report = dataclasses.replace(many, by_series=by_series)
    figure = by_series_figure(report)
    assert figure is not None
    assert len(comparable_series(report)) == 296
    assert sum(len(trace["x"]) for trace in figure["data"] if trace["mode"] == "markers") == 296


def test_the_dots_are_on_the_right_side(many: ForecastReport) -> None:
    figure = by_series_figure(many)
    assert figure is not None
    _, better, worse = figure["data"]
    assert all(ours < best for ours, best in zip(better["y"], better["x"], strict=True))
    assert all(ours >= best for ours, best in zip(worse["y"], worse["x"], strict=True))


def test_coverage_is_in_per_cent(many: ForecastReport) -> None:
    figure = coverage_figure(many)
    assert figure is not None
    assert figure["data"][1]["x"] == [50, 80, 90, 95]
    assert figure["data"][1]["y"] == [52, 79, 91, 94]
