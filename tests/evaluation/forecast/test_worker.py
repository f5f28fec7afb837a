"""The baselines from another process are those of this one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recurra.errors import TrainingError
from recurra.evaluation.forecast.baselines import forecast_baselines
from recurra.evaluation.forecast.steps import Steps
from recurra.evaluation.forecast.worker import BaselineWorker

RNG = np.random.default_rng(0)
HISTORIES = [10 + np.tile(np.arange(7.0), 12) + RNG.normal(size=84), RNG.normal(size=60), RNG.normal(size=30)]
ORIGINS = [np.array([70, 77]), np.array([50]), np.array([], dtype=np.int64)]
LEVELS = (0.1, 0.5, 0.9)
METHODS = ("naive", "seasonal naive", "AutoTheta")


def test_another_process_says_the_same() -> None:
    with BaselineWorker(HISTORIES, ORIGINS, 7, Steps((7,)), LEVELS, methods=METHODS) as worker:
        expected = forecast_baselines(HISTORIES, ORIGINS, 7, Steps((7,)), levels=LEVELS, methods=METHODS)
        found = worker.result()
    assert found.attrs["fallbacks"] == expected.attrs["fallbacks"]
    expected.attrs = found.attrs
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, check_exact=True)
    assert set(found.loc[found["series"] == 0, "origin"]) == {70, 77}


def test_what_lies_after_the_last_origin_is_not_sent() -> None:
    worker = BaselineWorker(HISTORIES, ORIGINS, 7, Steps((7,)), LEVELS, methods=METHODS)
    assert worker._arrays["lengths"].tolist() == [77, 50, 0]


def test_old_rows_are_left_out_and_the_origins_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recurra.evaluation.forecast.worker._ENOUGH", 50)
    worker = BaselineWorker(HISTORIES, ORIGINS, 7, Steps((2,)), LEVELS, methods=METHODS)
    assert worker._arrays["lengths"].tolist() == [57, 50, 0]
    assert worker._arrays["origins"].tolist() == [50, 57, 50]
    with worker:
        found = worker.result()
    assert set(found.loc[found["series"] == 0, "origin"]) == {70, 77}


def test_it_says_how_far_it_is_and_what_the_budget_left_out() -> None:
    seen: list[int] = []
    with BaselineWorker(HISTORIES, ORIGINS, 7, Steps((7,)), LEVELS, budget=0.05) as worker:
        assert worker.forecasts == 3
        found = worker.result(seen.append)
    assert seen == sorted(seen)
    assert set(seen) <= {0, 1, 2, 3}
    assert "AutoARIMA" in found.attrs["left_out"]
    assert "AutoARIMA" not in found


def test_leaving_early_stops_the_process() -> None:
    with pytest.raises(KeyError), BaselineWorker(HISTORIES, ORIGINS, 7, Steps((7,)), LEVELS, methods=METHODS) as worker:
        raise KeyError
    assert worker._process.returncode is not None


def test_a_process_that_fails_says_why() -> None:
    with (
        BaselineWorker(HISTORIES, ORIGINS, 0, Steps((7,)), LEVELS) as worker,
        pytest.raises(TrainingError, match="baselines ended"),
    ):
        worker.result()
