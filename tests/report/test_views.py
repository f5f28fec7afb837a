"""Which series and which windows are shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
from tests.report.making import changed, panel

from recurra.report.content import ReportContent
from recurra.report.panels import Forecast
from recurra.report.views import last_windows, pick_series, series_views


def test_first_median_worst_best_come_first(many: ReportContent) -> None:
    picks = pick_series(panel(Forecast, many), 24)
    scores = many.data["by_series"].set_index("series")["ours"].sort_values()
    named = {tag: pick.series for pick in picks for tag in pick.tag.split(", ") if tag}
    assert len(picks) == len({pick.series for pick in picks}) == 24
    assert named["first"] == many.data["forecast"]["series"].iloc[0] == picks[0].series
    assert named["worst"] == scores.index[-1]
    assert named["best"] == scores.index[0]
    assert named["median"] == scores.index[len(scores) // 2]


def test_all_are_shown_when_they_fit(many: ReportContent) -> None:
    assert {pick.series for pick in pick_series(panel(Forecast, many), 300)} == set(many.data["forecast"]["series"])


def test_without_scores_they_are_spread(many: ReportContent) -> None:
    plain = changed(many, by_series=many.data["by_series"].iloc[:0])
    picks = pick_series(panel(Forecast, plain), 10)
    assert len(picks) == 10
    assert all(np.isnan(pick.mase) for pick in picks)


def test_a_small_limit_holds(many: ReportContent) -> None:
    assert [len(pick_series(panel(Forecast, many), limit)) for limit in (1, 2, 5)] == [1, 2, 5]


def test_views_hold_their_own_series_in_order(many: ReportContent) -> None:
    shuffled = changed(many, history=many.data["history"].sample(frac=1.0, random_state=0))
    for view in series_views(panel(Forecast, shuffled), pick_series(panel(Forecast, shuffled), 5), 100):
        assert set(view.history["series"]) == {view.pick.series}
        assert view.history["time"].is_monotonic_increasing
        assert len(view.history) == (many.data["history"]["series"] == view.pick.series).sum()
        assert view.windows_in_all == 3


def test_a_categorical_series_column_works(many: ReportContent) -> None:
    categorical = changed(many, history=many.data["history"].astype({"series": "category"}))
    views = series_views(panel(Forecast, categorical), pick_series(panel(Forecast, categorical), 3), 100)
    assert all(len(view.history) > 100 for view in views)


def backtest(origins: list[int], horizon: int) -> pd.DataFrame:
    rows = [{"origin": origin, "step": step} for origin in origins for step in range(1, horizon + 1)]
    return pd.DataFrame(rows, columns=["origin", "step"])


def test_windows_do_not_overlap_and_the_last_is_there() -> None:
    rows, in_all = last_windows(backtest(list(range(100, 120)), 7), 10_000)
    assert in_all == 20
    assert sorted(rows["origin"].unique()) == [105, 112, 119]


def test_windows_are_limited_to_the_points_but_for_one() -> None:
    rows, _ = last_windows(backtest([0, 10, 20, 30], 10), 20)
    assert sorted(rows["origin"].unique()) == [20, 30]
    rows, _ = last_windows(backtest([0, 10], 10), 1)
    assert sorted(rows["origin"].unique()) == [10]


def test_no_windows() -> None:
    rows, in_all = last_windows(backtest([], 5), 10)
    assert (len(rows), in_all) == (0, 0)
