"""What the tables and the headline numbers say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.report.making import changed, panel

from recurra.report.content import ReportContent
from recurra.report.panels import BySeries, Cards, Forecast, Methods
from recurra.report.panels.by_series import series_sentence
from recurra.report.panels.forecast import forecast_rows
from recurra.report.panels.methods import method_rows, score_header
from recurra.report.views import pick_series, series_views


@pytest.fixture
def evaluated(bare: ReportContent) -> ReportContent:
    table = pd.DataFrame(
        {
            "MASE": [0.8, 1.0, 1.00004],
            "sMAPE": [5.0, 4.0, np.nan],
            "RMSE": [1234.5, 1300.0, 2000.0],
            "coverage 80 %": [0.79, 0.85, 0.75],
        },
        index=pd.Index(["recurra lstm", "naive", "drift"], name="method"),
    )
    return changed(bare, table=table, baselines=("naive", "drift"), best_baseline="naive")


def test_the_best_of_each_column_is_marked(evaluated: ReportContent) -> None:
    rows = {row.method: row for row in method_rows(panel(Methods, evaluated))}
    assert rows["recurra lstm"].best == [True, False, True, True]
    assert rows["naive"].best == [False, True, False, False]
    assert [row.ours for row in rows.values()] == [True, False, False]


def test_what_looks_the_same_is_marked_the_same(evaluated: ReportContent) -> None:
    tied = changed(evaluated, table=evaluated.data["table"].drop(index="recurra lstm"))
    assert [row.best[0] for row in method_rows(panel(Methods, tied))] == [True, True]
    assert [row.cells[0] for row in method_rows(panel(Methods, tied))] == ["1.000", "1.000"]


def test_units_and_missing_values(evaluated: ReportContent) -> None:
    assert score_header(panel(Methods, evaluated)) == ["MASE", "sMAPE, %", "RMSE", "coverage 80 %"]
    assert method_rows(panel(Methods, evaluated))[2].cells == ["1.000", "n/a", "2,000", "75.0 %"]


def test_cards_compare_with_the_best_baseline(evaluated: ReportContent) -> None:
    by_label = {card.label: card for card in panel(Cards, evaluated).made()}
    assert (by_label["MASE"].value, by_label["MASE"].note) == ("0.800", "20.0 % lower than naive")
    assert (by_label["sMAPE"].value, by_label["sMAPE"].note) == ("5.00 %", "25.0 % higher than naive")
    assert by_label["80 % interval"].value == "79.0 %"
    assert by_label["forecast"].note == "until 2026-01-06"
    assert "evaluated on" not in by_label


def test_a_bare_report_has_only_what_is_known(bare: ReportContent) -> None:
    assert [card.label for card in panel(Cards, bare).made()] == ["forecast"]
    assert method_rows(panel(Methods, bare)) == []


def test_forecast_in_figures(co2: ReportContent, bare: ReportContent) -> None:
    view = series_views(panel(Forecast, co2), pick_series(panel(Forecast, co2), 1), 100)[0]
    table = forecast_rows(view, panel(Forecast, co2))
    assert table.header == ["week", "forecast", "80 % low", "80 % high", "95 % low", "95 % high"]
    assert len(table.rows) == 26
    assert table.left_out == 0
    assert float(table.rows[0][1]) == pytest.approx(co2.data["forecast"]["forecast"].iloc[0], abs=0.05)
    missing = series_views(panel(Forecast, bare), pick_series(panel(Forecast, bare), 3), 100)[1]
    assert forecast_rows(missing, panel(Forecast, bare)).rows[1][1] == "n/a"


def test_a_long_forecast_is_cut_and_says_so(steps: ReportContent) -> None:
    long = pd.concat([steps.data["forecast"]] * 100, ignore_index=True).assign(time=np.arange(500, 600))
    report = changed(steps, forecast=long, horizon=100)
    shown = panel(Forecast, report)
    table = forecast_rows(series_views(shown, pick_series(shown, 1), 10)[0], shown)
    assert (len(table.rows), table.left_out) == (60, 40)


def test_the_share_of_series(many: ReportContent) -> None:
    wins = int((many.data["by_series"]["ours"] < many.data["by_series"]["best"]).sum())
    assert f"{wins} of 300 series" in series_sentence(panel(BySeries, many))
