"""Tables from a frame small enough to check by hand, and the whole way from histories to a verdict."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recurra.errors import InputError
from recurra.evaluation.forecast.backtest import Backtest, assemble
from recurra.evaluation.forecast.baselines import forecast_baselines
from recurra.evaluation.forecast.columns import LEVELS, quantile_column
from recurra.evaluation.forecast.metrics import naive_scale
from recurra.evaluation.forecast.origins import choose_origins
from recurra.report.page import render

NAN = float("nan")
SMALL = pd.DataFrame(
    {
        "series": ["a"] * 4 + ["b"] * 2,
        "origin": [10, 10, 12, 12, 20, 20],
        "time": [10, 11, 12, 13, 20, 21],
        "step": [1, 2, 1, 2, 1, 2],
        "y": [1.0, 2.0, 3.0, 4.0, 10.0, NAN],
        "forecast": [1.0, 3.0, 3.0, 2.0, 14.0, 0.0],
        "q0.1": [0.0, 0.0, 0.0, 0.0, 11.0, 0.0],
        "q0.9": [2.0, 4.0, 4.0, 3.0, 20.0, 0.0],
        "naive": [2.0, 2.0, 2.0, 2.0, 10.0, 10.0],
        "scale": [0.5, 0.5, 0.5, 0.5, 2.0, 2.0],
    }
)


def row(table: pd.DataFrame, name: str) -> dict[str, float]:
    """One row of a table by column."""
    return {str(column): float(value) for column, value in table.loc[[name]].iloc[0].items()}


METHODS = ["naive", "drift", "AutoTheta", "AutoETS"]


def whole(
    histories: list[np.ndarray], horizon: int, season: int, base: str, *, windows: int | None = None, unit: float = 1.0
) -> Backtest:
    """A backtest whose model is one of the baselines under another name."""
    histories = [h * unit for h in histories]
    names = [f"s{i}" for i in range(len(histories))]
    origins = choose_origins([len(h) for h in histories], horizon, windows)
    frame = forecast_baselines(histories, origins, horizon, season, methods=METHODS)
    ours = frame[["series", "origin", "step"]].copy()
    ours["time"] = ours["origin"] + ours["step"] - 1
    ours["y"] = [histories[s][t] for s, t in zip(ours["series"], ours["time"], strict=True)]
    ours["forecast"] = frame[base]
    for level in LEVELS:
        ours[quantile_column(level)] = frame[quantile_column(level, base)]
    ours["series"] = np.array(names, dtype=object)[ours["series"]]
    scale = [naive_scale(h[: o[0]], season) for h, o in zip(histories, origins, strict=True)]
    return assemble(ours, frame, series=names, scale=scale, model="copy")


@pytest.fixture(scope="module")
def walks() -> list[np.ndarray]:
    rng = np.random.default_rng(10)
    return [rng.normal(size=n).cumsum() + 100 for n in (120, 150, 200)]


def test_table_by_hand():
    table = Backtest(SMALL).table
    ours, naive = row(table, "Recurra"), row(table, "naive")
    assert ours["MASE"] == pytest.approx(((0 + 1 + 0 + 2) / 4 / 0.5 + 4 / 2.0) / 2)
    assert ours["MAE"] == pytest.approx(7 / 5)
    assert ours["RMSE"] == pytest.approx(np.sqrt(21 / 5))
    assert ours["sMAPE"] == pytest.approx(((0 + 200 / 5 + 0 + 200 * 2 / 6) / 4 + 200 * 4 / 24) / 2)
    assert ours["coverage 80 %"] == pytest.approx(3 / 5)
    assert naive["MASE"] == pytest.approx(((1 + 0 + 1 + 2) / 4 / 0.5 + 0) / 2)
    assert np.isnan(ours["coverage 95 %"])
    assert np.isnan(naive["CRPS"])
    assert list(table.index) == ["naive", "Recurra"]


def test_the_scaled_pinball_loss_is_the_mase_of_a_forecast_without_spread():
    level = {quantile_column(q): SMALL["forecast"] for q in (0.1, 0.9)}
    backtest = Backtest(SMALL.assign(**level))
    assert row(backtest.table, "Recurra")["SPL"] == pytest.approx(row(backtest.table, "Recurra")["MASE"])
    assert np.isnan(row(backtest.table, "naive")["SPL"])
    assert backtest.leading == "MASE"


def test_mostly_zero_data_lead_with_the_squared_scaled_error():
    backtest = Backtest(SMALL.assign(y=[0.0, 0.0, 0.0, 4.0, 0.0, NAN]))
    assert backtest.leading == "MASE"  # one of two
    backtest = Backtest(SMALL[:4].assign(y=[0.0, 0.0, 0.0, 4.0]))
    assert backtest.leading == "MSSE"
    assert next(iter(backtest.table.columns)) == "MSSE"
    assert row(backtest.table, "naive")["MSSE"] == pytest.approx((4 + 4 + 4 + 4) / 4 / 0.25)


def test_rows_without_truth_do_not_count():
    assert len(Backtest(SMALL).rows) == 5


def test_by_step_is_the_mean_over_series():
    by_step = Backtest(SMALL).by_step.set_index(["method", "step"])["mase"]
    assert by_step["Recurra", 1] == pytest.approx((0.0 + 4 / 2) / 2)
    assert by_step["Recurra", 2] == pytest.approx((1 + 2) / 2 / 0.5)
    assert by_step["naive", 1] == pytest.approx((1 / 0.5 + 0) / 2)


def test_by_series():
    by_series = Backtest(SMALL).by_series.set_index("series")
    assert by_series["verdict"].tolist() == ["too few windows"] * 2
    first = row(by_series.drop(columns="verdict"), "a")
    assert first["ours"] == pytest.approx(1.5)
    assert first["best"] == pytest.approx(2.0)
    assert first["naive"] == pytest.approx(2.0)
    assert first["improvement"] == pytest.approx(0.25)
    assert by_series["origins"].tolist() == [2, 1]
    assert by_series["p_value"].isna().all()


def test_coverage_of_every_interval():
    coverage = Backtest(SMALL).coverage
    assert coverage["nominal"].tolist() == [0.8]
    assert coverage["observed"].tolist() == [pytest.approx(0.6)]


def test_overlap_is_read_off_the_origins():
    assert Backtest(SMALL).overlap == 0
    assert Backtest(SMALL.assign(origin=[10, 10, 11, 11, 20, 20])).overlap == 1


def test_a_missing_window_keeps_its_place():
    gone = SMALL.assign(y=[1.0, 2.0, NAN, NAN, 10.0, NAN])
    rows = Backtest(gone).rows
    assert rows[rows["series"] == "a"]["window"].unique().tolist() == [1]
    assert rows[rows["series"] == "b"]["window"].unique().tolist() == [0]


def test_without_any_scale_the_verdict_is_in_mae():
    backtest = Backtest(SMALL.assign(scale=NAN))
    assert " MAE " in backtest.verdict.sentence
    assert np.isnan(backtest.table["MASE"]).all()


@pytest.mark.slow
def test_the_copy_of_a_baseline_scores_as_it_and_is_no_better(walks):
    backtest = whole(walks, 5, 1, "naive")
    assert row(backtest.table, "copy") == pytest.approx(row(backtest.table, "naive"))
    assert backtest.table["coverage 80 %"].between(0.6, 0.95).all()
    assert not backtest.verdict.better
    assert backtest.verdict.tie
    assert (backtest.by_series["ours"] == backtest.by_series["naive"]).all()


@pytest.mark.slow
def test_a_change_of_unit_changes_only_what_has_the_unit(walks):
    plain, large = whole(walks, 5, 1, "drift"), whole(walks, 5, 1, "drift", unit=1000.0)
    for column, factor in {"MASE": 1, "sMAPE": 1, "MAE": 1000, "RMSE": 1000, "CRPS": 1000}.items():
        theirs = plain.table[column].sort_index() * factor
        assert large.table[column].sort_index().to_numpy() == pytest.approx(theirs.to_numpy(), rel=1e-4)
    assert large.verdict.sentence == plain.verdict.sentence


@pytest.mark.slow
def test_rows_in_any_order_give_the_same(walks):
    backtest = whole(walks, 5, 1, "AutoETS")
    shuffled = Backtest(backtest.forecasts.sample(frac=1.0, random_state=1), model="copy")
    pd.testing.assert_frame_equal(shuffled.table, backtest.table)
    assert shuffled.verdict.p_value == pytest.approx(backtest.verdict.p_value, nan_ok=True)


def test_a_stock_price_is_left_to_the_naive_forecast(shared_data: Path):
    close = pd.read_csv(shared_data / "forecasting" / "apple-stock.csv")["AAPL.Close"].to_numpy(float)
    for base in ("AutoTheta", "AutoETS", "drift"):
        verdict = whole([close], 1, 1, base).verdict
        assert not verdict.better
        assert verdict.use == "naive"


@pytest.mark.slow
def test_a_page_marks_ours_by_name_and_no_network(walks):
    backtest = whole(walks, 5, 1, "naive")
    networks = {"trained network": "forecast", **{f"trained network:q{level:g}": f"q{level:g}" for level in LEVELS}}
    frame = backtest.forecasts.assign(**{name: backtest.forecasts[of] for name, of in networks.items()})
    content = Backtest(frame, model="copy").content()
    assert content.better is None  # neither of two that are the same
    page = render(content)
    assert page.count("this forecast</") == 1
    assert "copy" in page.split("this forecast</")[0].rsplit("<tr", 1)[1]


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (SMALL.drop(columns="scale"), r"lacks the columns \['scale'\]"),
        (SMALL.drop(columns="naive"), "holds no baseline"),
    ],
)
def test_refusals(frame, text):
    with pytest.raises(InputError, match=text):
        Backtest(frame)


def test_a_frame_without_any_truth_is_refused():
    with pytest.raises(InputError, match="no test window holds an observed value"):
        _ = Backtest(SMALL.assign(y=NAN)).table
