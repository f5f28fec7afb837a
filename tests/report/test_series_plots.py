"""The forecast and the backtest of one series, as figures that Plotly accepts."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from tests.report.making import changed, panel

from recurra.report.content import ReportContent
from recurra.report.panels import Backtest, Forecast
from recurra.report.panels.backtest import backtest_figure
from recurra.report.panels.forecast import forecast_figure
from recurra.report.style import Figure
from recurra.report.views import SeriesView, pick_series, series_views


def first_view(report: ReportContent, points: int = 1_000) -> SeriesView:
    return series_views(panel(Forecast, report), pick_series(panel(Forecast, report), 1), points)[0]


def traces(figure: Figure | None) -> dict[str, dict[str, Any]]:
    assert figure is not None
    return {trace["name"]: trace for trace in figure["data"] if trace.get("name")}


@pytest.mark.parametrize("name", ["co2", "many", "steps", "hostile", "bare"])
def test_plotly_accepts_both(name: str, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(name)
    for view in series_views(panel(Forecast, report), pick_series(panel(Forecast, report), 8), 500):
        for figure in (
            forecast_figure(view, panel(Forecast, report), 500),
            backtest_figure(view, panel(Backtest, report), 500),
        ):
            if figure is not None:
                go.Figure(data=figure["data"], layout=figure["layout"])


def test_the_fan_starts_at_the_last_known_value_and_holds_the_bounds(co2: ReportContent) -> None:
    figure = forecast_figure(first_view(co2), panel(Forecast, co2), 1_000)
    band = traces(figure)["80 % interval"]
    last = co2.data["history"].iloc[-1]
    half = len(band["x"]) // 2
    assert half == co2.data["horizon"] + 1
    assert band["y"][0] == band["y"][-1] == pytest.approx(last["y"])
    np.testing.assert_allclose(band["y"][1:half], co2.data["forecast"]["lo_80"], rtol=1e-5)
    np.testing.assert_allclose(band["y"][half:-1][::-1], co2.data["forecast"]["hi_80"], rtol=1e-5)
    assert figure["layout"]["shapes"][0]["x0"] == str(last["time"].date())


def test_a_missing_last_value_gives_no_anchor(co2: ReportContent) -> None:
    history = co2.data["history"].copy()
    history.loc[history.index[-1], "y"] = np.nan
    holed = changed(co2, history=history)
    band = traces(forecast_figure(first_view(holed), panel(Forecast, holed), 1_000))["80 % interval"]
    assert len(band["x"]) == 2 * co2.data["horizon"]


def test_wider_intervals_lie_below(co2: ReportContent) -> None:
    names = list(traces(forecast_figure(first_view(co2), panel(Forecast, co2), 1_000)))
    assert names.index("95 % interval") < names.index("80 % interval") < names.index("Forecast")


def test_a_value_between_two_gaps_is_seen(steps: ReportContent) -> None:
    history = steps.data["history"].copy()
    history.loc[::2, "y"] = np.nan
    holed = changed(steps, history=history)
    assert (
        traces(forecast_figure(first_view(holed), panel(Forecast, holed), 1_000))["Actual"]["mode"] == "lines+markers"
    )
    assert traces(forecast_figure(first_view(steps), panel(Forecast, steps), 1_000))["Actual"]["mode"] == "lines"


def test_history_is_thinned_but_keeps_its_extremes(co2: ReportContent) -> None:
    y = traces(forecast_figure(first_view(co2), panel(Forecast, co2), 400))["Actual"]["y"]
    known = [value for value in y if value is not None]
    assert len(y) <= 400
    assert (min(known), max(known)) == (co2.data["history"]["y"].min(), co2.data["history"]["y"].max())


def test_windows_are_not_joined(co2: ReportContent) -> None:
    forecast = traces(backtest_figure(first_view(co2), panel(Backtest, co2), 1_000))["Forecast"]
    windows = co2.data["backtest"]["origin"].nunique()
    assert forecast["y"].count(None) == windows - 1
    assert len(forecast["y"]) == len(co2.data["backtest"]) + windows - 1


def test_one_step_forecasts_are_one_line(steps: ReportContent) -> None:
    forecast = traces(backtest_figure(first_view(steps), panel(Backtest, steps), 1_000))["Forecast"]
    assert None not in forecast["x"]
    assert len(forecast["x"]) == 50


def test_only_the_best_baseline_is_shown_at_first(co2: ReportContent) -> None:
    shown = {
        name: trace.get("visible")
        for name, trace in traces(backtest_figure(first_view(co2), panel(Backtest, co2), 1_000)).items()
    }
    assert shown["Forecast"] is True
    assert {name for name in co2.data["baselines"] if shown[name] is True} == {co2.data["best_baseline"]}


def test_an_untested_series_has_no_backtest(bare: ReportContent) -> None:
    assert backtest_figure(first_view(bare), panel(Backtest, bare), 100) is None


def test_names_cannot_be_markup(hostile: ReportContent) -> None:
    figure = forecast_figure(first_view(hostile), panel(Forecast, hostile), 100)
    assert "<" not in figure["layout"]["yaxis"]["title"]["text"]
    assert "<" not in figure["layout"]["xaxis"]["title"]["text"]


@pytest.mark.parametrize("scale", [1e-11, 1e10])
def test_axes_of_any_size(scale: float, steps: ReportContent) -> None:
    history = steps.data["history"].assign(y=steps.data["history"]["y"] * scale)
    values = ["forecast", "lo_80", "hi_80", "lo_95", "hi_95"]
    report = changed(
        steps,
        history=history,
        forecast=steps.data["forecast"].assign(**{name: steps.data["forecast"][name] * scale for name in values}),
    )
    figure = forecast_figure(first_view(report), panel(Forecast, report), 1_000)
    low, high = figure["views"]["y"]
    recent = history["y"].iloc[-120:]
    assert low < recent.min() < recent.max() < high < 10 * recent.max()
    assert traces(figure)["Forecast"]["y"] == pytest.approx(report.data["forecast"]["forecast"].tolist(), rel=1e-5)
