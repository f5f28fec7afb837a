"""The plots over all series, as figures that Plotly accepts."""

from __future__ import annotations

import plotly.graph_objects as go
import pytest
from tests.report.making import changed, panel

from recurra.report.content import ReportContent
from recurra.report.panels import BySeries, ByStep, Coverage, Training
from recurra.report.panels.by_series import by_series_figure, comparable_series
from recurra.report.panels.by_step import by_step_figure, off_scale
from recurra.report.panels.coverage import coverage_figure
from recurra.report.panels.training import learning_figure

FIGURES = [
    (BySeries, by_series_figure),
    (ByStep, by_step_figure),
    (Coverage, coverage_figure),
    (Training, learning_figure),
]


@pytest.mark.parametrize(("kind", "draw"), FIGURES)
def test_plotly_accepts_it(kind, draw, many: ReportContent, hostile: ReportContent) -> None:
    for report in (many, hostile):
        figure = draw(panel(kind, report))
        go.Figure(data=figure["data"], layout=figure["layout"])


@pytest.mark.parametrize(("kind", "draw"), FIGURES)
def test_nothing_to_show_is_no_figure(kind, draw, bare: ReportContent) -> None:
    assert draw(panel(kind, bare)) is None


def test_one_step_needs_no_error_by_horizon(steps: ReportContent) -> None:
    assert by_step_figure(panel(ByStep, steps)) is None


def test_ours_is_drawn_last_and_strongest(many: ReportContent) -> None:
    figure = by_step_figure(panel(ByStep, many))
    assert figure is not None
    assert figure["data"][-1]["name"] == "recurra lstm"
    assert figure["data"][-1]["line"]["width"] == max(trace["line"]["width"] for trace in figure["data"])


def test_a_hopeless_baseline_is_a_click_away(many: ReportContent) -> None:
    by_step = many.data["by_step"].copy()
    by_step.loc[by_step["method"] == "drift", "mase"] *= 100
    report = changed(many, by_step=by_step)
    figure = by_step_figure(panel(ByStep, report))
    assert figure is not None
    visible = {trace["name"]: trace["visible"] for trace in figure["data"]}
    assert off_scale(panel(ByStep, report)) == ["drift"]
    assert visible["drift"] == "legendonly"
    assert visible[many.data["best_baseline"]] is True


def test_every_comparable_series_has_its_dot(many: ReportContent) -> None:
    by_series = many.data["by_series"].copy()
    by_series.loc[:4, "best"] = [0.0, float("nan"), float("inf"), -1.0, 1.0]
    report = changed(many, by_series=by_series)
    figure = by_series_figure(panel(BySeries, report))
    assert figure is not None
    assert len(comparable_series(panel(BySeries, report))) == 296
    assert sum(len(trace["x"]) for trace in figure["data"] if trace["mode"] == "markers") == 296


def test_the_dots_are_on_the_right_side(many: ReportContent) -> None:
    figure = by_series_figure(panel(BySeries, many))
    assert figure is not None
    _, better, worse = figure["data"]
    assert all(ours < best for ours, best in zip(better["y"], better["x"], strict=True))
    assert all(ours >= best for ours, best in zip(worse["y"], worse["x"], strict=True))


def test_coverage_is_in_per_cent(many: ReportContent) -> None:
    figure = coverage_figure(panel(Coverage, many))
    assert figure is not None
    assert figure["data"][1]["x"] == [50, 80, 90, 95]
    assert figure["data"][1]["y"] == [52, 79, 91, 94]
