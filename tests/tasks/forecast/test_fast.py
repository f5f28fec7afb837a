"""The pretrained network alone: nothing is fitted, and what takes long to import is not."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import HORIZON, quick, shops, with_covariates

from recurra.evaluation.forecast.averages import seasonal_profile
from recurra.evaluation.forecast.baselines import methods_for
from recurra.evaluation.forecast.steps import Steps
from recurra.evaluation.forecast.worker import PlainBaselines
from recurra.tasks.forecast.covariates import unread

STATISTICAL = {"AutoTheta", "AutoETS", "AutoCES", "AutoARIMA"}
PROGRAM = """
import sys
import numpy as np
from recurra import Forecaster
values = np.arange(60.0) % 7 + np.arange(60)
found = Forecaster(5, season=7, method="fast", verbose=False).study(values)
assert found.verdict.sentence
print(*sorted({"statsforecast", "numba", "matplotlib", "captum"} & set(sys.modules)))
"""


@pytest.mark.spawn
def test_it_imports_nothing_that_fits() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_what_it_is_not_compared_with_is_said() -> None:
    model = quick(method="fast")
    backtest = model.study(shops())
    assert not STATISTICAL & set(backtest.baselines)
    assert {"naive", "seasonal naive", "seasonal profile"} <= set(backtest.baselines)
    said = next(fact.value for fact in model.facts() if fact.label == "left out")
    assert "AutoETS" in said
    assert said.endswith("compared only with baselines that need no fitting")
    assert len(model.predict()) == 2 * HORIZON


def test_plain_baselines_are_those_of_the_worker() -> None:
    values = [np.arange(40.0) % 7 + np.random.default_rng(0).normal(size=40)]
    with PlainBaselines(values, [np.array([28, 35])], 5, Steps((7,)), (0.1, 0.5, 0.9)) as plain:
        assert plain.forecasts == 2
        frame = plain.result()
    assert set(methods_for(values, [np.array([35])], Steps((7,)), 0.0)[0]) <= set(frame.columns)
    assert len(frame) == 10


def test_the_spread_of_a_profile_is_that_of_each_lag_by_itself() -> None:
    """Several lags at a time give what a plain loop gives, gaps and all."""
    rng = np.random.default_rng(1)
    history = np.tile(np.arange(7.0), 14) + rng.normal(size=98)
    history[[3, 50]] = np.nan
    found = seasonal_profile(history, 30, 7).sd
    recent = history.reshape(14, 7)
    shape = np.nanmean((recent - np.nanmean(recent, axis=1, keepdims=True)), axis=0)
    rest = (recent - shape).ravel()
    slow = [np.sqrt(np.nanmean((rest[h:] - rest[:-h]) ** 2)) for h in range(1, 31)]
    np.testing.assert_allclose(found, np.maximum.accumulate(slow), rtol=1e-12)


def test_the_page_shows_the_forecast_of_the_file() -> None:
    """It is made once; other levels are made for themselves."""
    model = quick(method="fast")
    table = shops().rename(columns={"day": "ds", "shop": "unique_id", "units": "y"})
    backtest = model.study(table)
    frame = model.predict(levels=[80])
    content = model.content(backtest=backtest, levels=[80], forecast=frame)
    pd.testing.assert_series_equal(content.data["forecast"]["forecast"], frame["forecast"])


def test_covariates_that_nothing_reads_are_named_with_the_remedy() -> None:
    """They are a fact and a note; where the user named them, a program is warned."""
    table = with_covariates(shops())
    columns: Any = dict(time="day", target="units", series="shop")
    model = quick(method="fast")
    with pytest.warns(UserWarning, match=r"^price, promotion.*method='fast' trains none; leave that out"):
        model.fit(table, **columns, known=["price", "promotion"], ignore=["visitors", "weather"])
    (fact,) = [fact.value for fact in model.facts() if fact.label == "not read"]
    assert fact.startswith("price, promotion, size, town: only a trained network reads covariates")
    assert [note for note in model.remarks() if fact in note]

    model = quick(method="fast").fit(table, **columns)  # found, not named: no warning, and said all the same
    assert "not read" in {fact.label for fact in model.facts()}
    alone = quick(method="fast").fit(table[["day", "shop", "units"]].dropna(), **columns)
    assert "not read" not in {fact.label for fact in alone.facts()}
    assert not alone.remarks()


def test_covariates_that_the_trained_network_reads_are_not_said_to_be_unread() -> None:
    table = with_covariates(shops())
    model = quick().fit(table, time="day", target="units", series="shop")
    read = model.model_.calibration.trust > 0
    assert ("not read" in {fact.label for fact in model.facts()}) is not read
    deaf = replace(model.model_, calibration=replace(model.model_.calibration, trust=0.0))
    assert unread(deaf).endswith("held-out forecasts gave it no weight")
    heard = replace(model.model_, calibration=replace(model.model_.calibration, trust=0.5))
    assert unread(heard) == ""
