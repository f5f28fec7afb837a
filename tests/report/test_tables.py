"""What the tables and the headline numbers say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from recurra.report.content import ForecastReport
from recurra.report.tables import cards, forecast_rows, method_rows, metric_header, series_sentence
from recurra.report.views import pick_series, series_views


@pytest.fixture
def judged(bare: ForecastReport) -> ForecastReport:
    table = pd.DataFrame(
        {
            "MASE": [0.8, 1.0, 1.00004],
            "sMAPE": [5.0, 4.0, np.nan],
            "RMSE": [1234.5, 1300.0, 2000.0],
            "coverage 80 %": [0.79, 0.85, 0.75],
        },
        index=pd.Index(["recurra lstm", "naive", "drift"], name="method"),
    )
    return dataclasses.replace(bare, table=table, baselines=("naive", "drift"), best_baseline="naive")


def test_the_best_of_each_column_is_marked(judged: ForecastReport) -> None:
    rows = {row.method: row for row in method_rows(judged)}
    assert rows["recurra lstm"].best == [True, False, True, True]
    assert rows["naive"].best == [False, True, False, False]
    assert [row.ours for row in rows.values()] == [True, False, False]


def test_what_looks_the_same_is_marked_the_same(judged: ForecastReport) -> None:
    tied = dataclasses.replace(judged, table=judged.table.drop(index="recurra lstm"))
    assert [row.best[0] for row in method_rows(tied)] == [True, True]
    assert [row.cells[0] for row in method_rows(tied)] == ["1.000", "1.000"]


def test_units_and_missing_values(judged: ForecastReport) -> None:
    assert metric_header(judged) == ["MASE", "sMAPE, %", "RMSE", "coverage 80 %"]
    assert method_rows(judged)[2].cells == ["1.000", "n/a", "2,000", "75.0 %"]


def test_cards_compare_with_the_best_baseline(judged: ForecastReport) -> None:
    by_label = {card.label: card for card in cards(judged)}
    assert (by_label["MASE"].value, by_label["MASE"].note) == ("0.800", "20.0 % lower than naive")
    assert (by_label["sMAPE"].value, by_label["sMAPE"].note) == ("5.00 %", "25.0 % higher than naive")
    assert by_label["80 % interval"].value == "79.0 %"
    assert by_label["forecast"].note == "until 2026-01-06"
    assert "judged on" not in by_label


def test_a_bare_report_has_only_what_is_known(bare: ForecastReport) -> None:
    assert [card.label for card in cards(bare)] == ["forecast"]
    assert method_rows(bare) == []


def test_forecast_in_figures(co2: ForecastReport, bare: ForecastReport) -> None:
    view = series_views(co2, pick_series(co2, 1), 100)[0]
    table = forecast_rows(view, co2)
    assert table.header == ["week", "forecast", "80 % low", "80 % high", "95 % low", "95 % high"]
    assert len(table.rows) == 26
    assert table.left_out == 0
    assert float(table.rows[0][1]) == pytest.approx(co2.forecast["forecast"].iloc[0], abs=0.05)
    missing = series_views(bare, pick_series(bare, 3), 100)[1]
    assert forecast_rows(missing, bare).rows[1][1] == "n/a"


def test_a_long_forecast_is_cut_and_says_so(steps: ForecastReport) -> None:
    long = pd.concat([steps.forecast] * 100, ignore_index=True).assign(time=np.arange(500, 600))
    report = dataclasses.replace(steps, forecast=long, horizon=100)
    table = forecast_rows(series_views(report, pick_series(report, 1), 10)[0], report)
    assert (len(table.rows), table.left_out) == (60, 40)


def test_the_share_of_series(many: ForecastReport) -> None:
    wins = int((many.by_series["ours"] < many.by_series["best"]).sum())
    assert f"{wins} of 300 series" in series_sentence(many)
