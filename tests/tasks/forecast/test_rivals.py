"""Baselines that a forecast consists of are computed in processes of their own where there are many."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import quick, shops

import recurra as rc
from recurra.evaluation.forecast.worker import BaselineWorker
from recurra.tasks.forecast.forecaster import Forecaster


@pytest.fixture(scope="module")
def combined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rivals") / "theta.safetensors"
    quick(method="AutoTheta").fit(shops()).save(path)
    return path


@pytest.mark.parametrize("later", [False, True])
def test_the_forecast_is_the_same_from_processes_of_its_own(
    combined: Path, later: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    class Counted(BaselineWorker):
        """Says that it was started, and for how many forecasts."""

        def __enter__(self) -> BaselineWorker:
            started.append(self.forecasts)
            return super().__enter__()

    forecaster = rc.load(combined)
    assert isinstance(forecaster, Forecaster)
    data = shops(100) if later else None
    monkeypatch.setattr("recurra.tasks.forecast.rivals.BaselineWorker", Counted)
    here = forecaster.predict(data)
    assert not started
    monkeypatch.setattr("recurra.tasks.forecast.rivals._LONG", 0.0)
    elsewhere = forecaster.predict(data)
    assert started == [here["shop"].nunique()]
    pd.testing.assert_frame_equal(here, elsewhere, check_exact=True)
    assert np.isfinite(here["forecast"]).all()
