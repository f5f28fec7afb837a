"""Backtests that train anew before every window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.tasks.small import HORIZON, quick, shops

NAMED: Any = dict(time="day", target="units", series="shop")


def test_without_refit_it_is_the_backtest() -> None:
    model = quick(method="fast")
    one, other = model.backtest(shops(), 3, **NAMED), model.cross_validation(shops(), 3, **NAMED)
    assert one.table.equals(other.table)
    assert not hasattr(model, "model_")


@pytest.mark.usefixtures("baselines_here")
def test_each_window_is_forecast_by_a_model_of_what_lies_before_it() -> None:
    """The last window of three is that of a backtest of one, and the first that of a table cut after it."""
    model, table = quick(), shops()
    three = model.cross_validation(table, 3, refit=True, **NAMED)
    assert len(three.forecasts[["series", "origin"]].drop_duplicates()) == 6
    for back, days in ((1, 90), (3, 90 - 2 * HORIZON)):
        one = model.backtest(table[table["day"] < table["day"].min() + np.timedelta64(days, "D")], 1, **NAMED).forecasts
        same = three.forecasts[three.forecasts["origin"] == 90 - back * HORIZON]
        np.testing.assert_array_equal(same["forecast"], one["forecast"])
    assert three.overlap == 0
    assert three.verdict.n_origins == 3
    once = model.cross_validation(table, 3, **NAMED).forecasts
    anew = three.forecasts.sort_values(["series", "origin", "step"])
    later = (anew["origin"] > anew["origin"].min()).to_numpy()
    differs = once["q0.1"].to_numpy() != anew["q0.1"].to_numpy()
    assert differs[later].any()
    assert not differs[~later].any()  # before the first window both have learnt from the same
