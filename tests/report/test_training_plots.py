"""The plots of a training: its losses, and how far back its gradient reached."""

from __future__ import annotations

import numpy as np
from tests.report.making import changed, panel
from tests.report.test_insight_plots import with_insight

from recurra.lettering import figure_class
from recurra.report.content import ReportContent
from recurra.report.panels import Memory, Training
from recurra.report.panels.alignment import Aligned, darkest
from recurra.report.panels.memory import flow_figure
from recurra.report.panels.training import learning_figure


def test_learning_has_two_curves_per_member_and_run(many: ReportContent) -> None:
    figure = learning_figure(panel(Training, many))
    assert figure is not None
    assert len(figure["data"]) == 2 * 3 * 2
    assert sum(trace["showlegend"] for trace in figure["data"]) == 4
    names = {trace["name"] for trace in figure["data"]}
    assert names == {f"{run}: {loss} loss" for run in ("backtest", "final") for loss in ("training", "validation")}


def test_what_was_not_held_out_has_no_place_in_the_legend(many: ReportContent) -> None:
    learning = many.data["learning"].assign(validation_loss=np.nan)
    drawing = panel(Training, changed(many, learning=learning)).drawing()
    assert drawing is not None
    axes = figure_class()().add_subplot()
    drawing.draw(axes, ["DejaVu Sans"])
    assert axes.get_legend_handles_labels()[1] == ["backtest: training loss", "final: training loss"]


def test_even_attention_is_pale_and_a_sharp_one_dark() -> None:
    source, labelled = ["x"] * 200, [0, 199]
    even = Aligned("", source, ["a"], np.full((1, 200), 1 / 200), labelled)
    assert even.shares.max() / darkest(even) < 0.2
    sharp = Aligned("", source, ["a"], np.eye(1, 200), labelled)
    assert darkest(sharp) == 1.0


def test_the_flow_is_that_of_the_network_that_looks_back_furthest(co2: ReportContent) -> None:
    figure = flow_figure(panel(Memory, with_insight(co2)))
    assert figure is not None
    (trace,) = figure["data"]
    assert trace["y"] == [0, 1, 2, 3, 4, 5]
    assert trace["x"] == ["10", "40", "200"]
    assert np.allclose(trace["z"][1], np.log10(0.3 * np.array([10, 40, 200])), atol=1e-3)


def test_one_look_at_the_gradient_is_a_line_and_one_step_is_nothing(co2: ReportContent) -> None:
    report = with_insight(co2)
    once = report.data["flow"][report.data["flow"]["step"] == report.data["flow"]["step"].min()]
    figure = flow_figure(panel(Memory, changed(report, flow=once)))
    assert figure is not None
    assert figure["data"][0]["type"] == "scatter"
    assert figure["data"][0]["x"] == list(range(once["back"].max() + 1))
    assert flow_figure(panel(Memory, changed(report, flow=once[once["back"] == 0]))) is None
