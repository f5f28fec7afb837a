"""A method has one colour, on the page and in the picture."""

from __future__ import annotations

import pytest
from matplotlib.colors import to_hex

from recurra.report.content import ForecastReport
from recurra.report.png import draw
from recurra.report.series_plots import backtest_figure
from recurra.report.style import method_colour
from recurra.report.summary_plots import by_series_figure, by_step_figure
from recurra.report.views import pick_series, series_views


def test_one_colour_a_method(many: ForecastReport) -> None:
    colours = {name: method_colour(name, many.baselines) for name in (*many.baselines, "recurra lstm")}
    assert len(set(colours.values())) == len(colours)
    by_step = by_step_figure(many)
    assert by_step is not None
    assert {trace["name"]: trace["line"]["color"] for trace in by_step["data"]} == colours
    backtest = backtest_figure(series_views(many, pick_series(many, 1), 500)[0], many, 500)
    assert backtest is not None
    lines = {trace["name"]: trace["line"]["color"] for trace in backtest["data"]}
    assert {name: lines[name] for name in many.baselines} == {name: colours[name] for name in many.baselines}
    dots = by_series_figure(many)
    assert dots is not None
    assert dots["data"][2]["marker"]["color"] == colours[many.best_baseline]
    bars = draw(many).axes[-1]
    names = [label.get_text() for label in bars.get_yticklabels()]
    drawn = [to_hex(patch.get_facecolor()) for patch in bars.patches]
    assert dict(zip(names, drawn, strict=True)) == {name: colours[name] for name in names}
    backtest_axes = draw(many).axes[1]
    drawn_lines = {str(line.get_label()): to_hex(line.get_color()) for line in backtest_axes.get_lines()}
    assert drawn_lines[many.best_baseline] == colours[many.best_baseline]


@pytest.mark.parametrize("method", ["naive", "Theta"])
def test_the_same_whatever_is_shown_beside_it(method: str, many: ForecastReport, co2: ForecastReport) -> None:
    assert method_colour(method, many.baselines) == method_colour(method, co2.baselines)
