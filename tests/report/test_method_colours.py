"""A method has one colour, on the page and in the picture."""

from __future__ import annotations

import pytest
from matplotlib.colors import to_hex
from tests.report.making import panel

from recurra.report.content import ReportContent
from recurra.report.panels import Backtest, BySeries, ByStep, Forecast
from recurra.report.panels.backtest import backtest_figure
from recurra.report.panels.by_series import by_series_figure
from recurra.report.panels.by_step import by_step_figure
from recurra.report.png import draw
from recurra.report.style import method_colour
from recurra.report.views import pick_series, series_views


@pytest.mark.slow
def test_one_colour_a_method(many: ReportContent) -> None:
    colours = {name: method_colour(name, many.data["baselines"]) for name in (*many.data["baselines"], "recurra lstm")}
    assert len(set(colours.values())) == len(colours)
    by_step = by_step_figure(panel(ByStep, many))
    assert by_step is not None
    assert {trace["name"]: trace["line"]["color"] for trace in by_step["data"]} == colours
    backtest = backtest_figure(
        series_views(panel(Forecast, many), pick_series(panel(Forecast, many), 1), 500)[0], panel(Backtest, many), 500
    )
    assert backtest is not None
    lines = {trace["name"]: trace["line"]["color"] for trace in backtest["data"]}
    assert {name: lines[name] for name in many.data["baselines"]} == {
        name: colours[name] for name in many.data["baselines"]
    }
    dots = by_series_figure(panel(BySeries, many))
    assert dots is not None
    assert dots["data"][2]["marker"]["color"] == colours[many.data["best_baseline"]]
    bars = draw(many).axes[-1]
    names = [label.get_text() for label in bars.get_yticklabels()]
    drawn = [to_hex(patch.get_facecolor()) for patch in bars.patches]
    assert dict(zip(names, drawn, strict=True)) == {name: colours[name] for name in names}
    backtest_axes = draw(many).axes[1]
    drawn_lines = {str(line.get_label()): to_hex(line.get_color()) for line in backtest_axes.get_lines()}
    assert drawn_lines[many.data["best_baseline"]] == colours[many.data["best_baseline"]]


@pytest.mark.parametrize("method", ["naive", "Theta"])
def test_the_same_whatever_is_shown_beside_it(method: str, many: ReportContent, co2: ReportContent) -> None:
    assert method_colour(method, many.data["baselines"]) == method_colour(method, co2.data["baselines"])
