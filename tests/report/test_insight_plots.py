"""The heat maps of memory and attributions: accepted by Plotly, absent without data, readable with much of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from tests.report.conftest import HOSTILE

from recurra.report import page
from recurra.report.content import ForecastReport
from recurra.report.insight_plots import (
    COLUMNS,
    FEATURES,
    moved_figure,
    moved_height,
    moved_usually_figure,
)
from recurra.report.training_plots import flow_figure


def with_insight(report: ForecastReport, features: int = 3, window: int = 60) -> ForecastReport:
    """The report with a gradient that fades, and attributions that grow towards the origin."""
    steps = np.arange(1 - window, report.horizon + 1)
    names = [*HOSTILE, *(f"column {j}" for j in range(features))][-features:]
    one = pd.concat(
        pd.DataFrame({"step": steps, "feature": name, "attribution": (j + 1) * np.sin(steps) * np.exp(steps / window)})
        for j, name in enumerate(names)
    )
    series = report.forecast["series"].unique()[:30]
    flow = pd.DataFrame(
        [
            dict(member=member, step=step, back=back, gradient=step * 0.3**back)
            for member in (1, 2)
            for step in (10, 40, 200)
            for back in range(4 + member)
        ]
    )
    return dataclasses.replace(
        report,
        flow=flow,
        memory=["It reads 60 steps as 6 blocks of 10.", "A finding & its <cure>."],
        moved=pd.concat([one.assign(series=name) for name in series], ignore_index=True),
        moved_usually=one.assign(strength=one["attribution"].abs()),
    )


def test_plotly_accepts_them(hostile: ForecastReport, many: ForecastReport) -> None:
    for report in (with_insight(hostile, 8), with_insight(many)):
        first = report.forecast["series"].iloc[0]
        for figure in (flow_figure(report), moved_usually_figure(report), moved_figure(report, first)):
            assert figure is not None
            go.Figure(data=figure["data"], layout=figure["layout"])


def test_nothing_to_show_is_no_figure(bare: ForecastReport, co2: ForecastReport) -> None:
    for report in (bare, co2):
        assert flow_figure(report) is moved_usually_figure(report) is moved_figure(report, "co2") is None
    zero = with_insight(co2)
    zero = dataclasses.replace(zero, moved=zero.moved.assign(attribution=0.0), flow=zero.flow.assign(gradient=0.0))
    assert moved_figure(zero, "co2") is flow_figure(zero) is None


def test_long_windows_are_drawn_in_groups_that_keep_the_sum(co2: ForecastReport) -> None:
    report = with_insight(co2, window=3000)
    figure = moved_figure(report, "co2")
    assert figure is not None
    (trace,) = figure["data"]
    assert len(trace["x"]) <= COLUMNS + 1
    total = np.array(trace["z"]).sum()
    assert np.isclose(total, report.moved["attribution"].sum(), rtol=1e-3)
    assert 1 in trace["x"]  # no group holds both what was known and what is forecast


def test_the_strongest_features_are_shown(co2: ForecastReport) -> None:
    report = with_insight(co2, features=30)
    figure = moved_usually_figure(report)
    assert figure is not None
    assert figure["data"][0]["y"][-1] == "column 29"
    assert len(figure["data"][0]["y"]) == FEATURES
    assert moved_height(report) > moved_height(with_insight(co2, features=3))


def test_the_page_holds_them(co2: ForecastReport, bare: ForecastReport) -> None:
    text = page.render(with_insight(co2))
    assert "A finding &amp; its &lt;cure&gt;." in text
    assert 'id="moved"' in text
    assert 'id="flow"' in text
    assert 'id="moved"' not in page.render(bare)


def test_a_column_that_moves_nothing_has_no_row(co2: ForecastReport) -> None:
    report = with_insight(co2, features=4)
    still = report.moved_usually["feature"].unique()[0]
    usually = report.moved_usually.assign(
        strength=report.moved_usually["strength"].where(report.moved_usually["feature"] != still, 0.0)
    )
    figure = moved_usually_figure(dataclasses.replace(report, moved_usually=usually))
    assert figure is not None
    assert len(figure["data"][0]["y"]) == 3
    assert still not in figure["data"][0]["y"]
