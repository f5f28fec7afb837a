"""The heat maps of memory and attributions: accepted by Plotly, absent without data, readable with much of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from tests.report.making import HOSTILE, changed, panel

from recurra.report import page
from recurra.report.content import ReportContent
from recurra.report.panels import Memory, Moved, MovedUsually
from recurra.report.panels.memory import flow_figure
from recurra.report.panels.moved import COLUMNS, FEATURES, moved_figure, moved_height, moved_usually_figure


def with_insight(report: ReportContent, features: int = 3, window: int = 60) -> ReportContent:
    """The report with a gradient that fades, and attributions that grow towards the origin."""
    steps = np.arange(1 - window, report.data["horizon"] + 1)
    names = [*HOSTILE, *(f"column {j}" for j in range(features))][-features:]
    one = pd.concat(
        pd.DataFrame({"step": steps, "feature": name, "attribution": (j + 1) * np.sin(steps) * np.exp(steps / window)})
        for j, name in enumerate(names)
    )
    series = report.data["forecast"]["series"].unique()[:30]
    flow = pd.DataFrame(
        [
            dict(member=member, step=step, back=back, gradient=step * 0.3**back)
            for member in (1, 2)
            for step in (10, 40, 200)
            for back in range(4 + member)
        ]
    )
    return changed(
        report,
        flow=flow,
        memory=["It reads 60 steps as 6 blocks of 10.", "A finding & its <cure>."],
        moved=pd.concat([one.assign(series=name) for name in series], ignore_index=True),
        moved_usually=one.assign(strength=one["attribution"].abs()),
    )


@pytest.mark.slow
def test_plotly_accepts_them(hostile: ReportContent, many: ReportContent) -> None:
    for report in (with_insight(hostile, 8), with_insight(many)):
        first = report.data["forecast"]["series"].iloc[0]
        for figure in (
            flow_figure(panel(Memory, report)),
            moved_usually_figure(panel(MovedUsually, report)),
            moved_figure(panel(Moved, report), first),
        ):
            assert figure is not None
            go.Figure(data=figure["data"], layout=figure["layout"])


def test_nothing_to_show_is_no_figure(bare: ReportContent, co2: ReportContent) -> None:
    for report in (bare, co2):
        assert (
            flow_figure(panel(Memory, report))
            is moved_usually_figure(panel(MovedUsually, report))
            is moved_figure(panel(Moved, report), "co2")
            is None
        )
    zero = with_insight(co2)
    zero = changed(zero, moved=zero.data["moved"].assign(attribution=0.0), flow=zero.data["flow"].assign(gradient=0.0))
    assert moved_figure(panel(Moved, zero), "co2") is flow_figure(panel(Memory, zero)) is None


def test_long_windows_are_drawn_in_groups_that_keep_the_sum(co2: ReportContent) -> None:
    report = with_insight(co2, window=3000)
    figure = moved_figure(panel(Moved, report), "co2")
    assert figure is not None
    (trace,) = figure["data"]
    assert len(trace["x"]) <= COLUMNS + 1
    total = np.array(trace["z"]).sum()
    assert np.isclose(total, report.data["moved"]["attribution"].sum(), rtol=1e-3)
    assert 1 in trace["x"]  # no group holds both what was known and what is forecast


def test_the_strongest_features_are_shown(co2: ReportContent) -> None:
    report = with_insight(co2, features=30)
    figure = moved_usually_figure(panel(MovedUsually, report))
    assert figure is not None
    assert figure["data"][0]["y"][-1] == "column 29"
    assert len(figure["data"][0]["y"]) == FEATURES
    assert moved_height(report.data["moved_usually"]) > moved_height(
        with_insight(co2, features=3).data["moved_usually"]
    )


@pytest.mark.slow
def test_the_page_holds_them(co2: ReportContent, bare: ReportContent) -> None:
    text = page.render(with_insight(co2))
    assert "A finding &amp; its &lt;cure&gt;." in text
    assert 'id="moved"' in text
    assert 'id="flow"' in text
    assert 'id="moved"' not in page.render(bare)


def test_a_column_that_moves_nothing_has_no_row(co2: ReportContent) -> None:
    report = with_insight(co2, features=4)
    still = report.data["moved_usually"]["feature"].unique()[0]
    usually = report.data["moved_usually"].assign(
        strength=report.data["moved_usually"]["strength"].where(report.data["moved_usually"]["feature"] != still, 0.0)
    )
    figure = moved_usually_figure(panel(MovedUsually, changed(report, moved_usually=usually)))
    assert figure is not None
    assert len(figure["data"][0]["y"]) == 3
    assert still not in figure["data"][0]["y"]
