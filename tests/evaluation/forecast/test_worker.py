"""The baselines from other processes are those of this one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.errors import TrainingError
from recurra.evaluation.forecast.baselines import forecast_baselines
from recurra.evaluation.forecast.steps import Steps
from recurra.evaluation.forecast.worker import BaselineWorker, _shared_out

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
    assert [process.returncode is not None for process in worker._processes] == [True]


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that help even with work for a moment."""
    monkeypatch.setattr("recurra.evaluation.forecast.worker._HELP", 1e-9)


@pytest.mark.usefixtures("eager")
def test_several_processes_share_the_series_and_say_the_same() -> None:
    histories = [RNG.normal(size=40 + s).cumsum() for s in range(7)]
    origins = [np.array([20, 30, 40]) if s % 3 else np.array([25]) for s in range(6)] + [np.array([], dtype=np.int64)]
    events = [np.zeros(len(history) + 4, dtype=np.int64) for history in histories]
    events[2][[5, 12, 19, 26, 33]] = 1
    known: dict[str, Any] = dict(levels=LEVELS, methods=METHODS, events=events)
    expected = forecast_baselines(histories, origins, 4, Steps((7,)), **known)
    seen: list[int] = []
    with BaselineWorker(histories, origins, 4, Steps((7,)), **known) as worker:
        found = worker.result(seen.append, 3)
        assert len(worker._processes) == 3
        assert len(worker._told["parts"]) > 3
    assert seen == sorted(seen)
    assert found.attrs["fallbacks"] == expected.attrs["fallbacks"]
    expected.attrs = found.attrs
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


@pytest.mark.usefixtures("eager")
def test_a_process_that_is_killed_ends_the_wait_for_the_others() -> None:
    histories = [RNG.normal(size=300).cumsum() for _ in range(40)]
    origins = [np.arange(100, 300, 10)] * 40
    with BaselineWorker(histories, origins, 4, Steps((7,)), LEVELS, methods=("AutoETS",)) as worker:
        worker._processes[0].kill()
        with pytest.raises(TrainingError, match="baselines ended with -9"):
            worker.result(None, 2)


def test_little_work_is_left_to_one_process() -> None:
    with BaselineWorker(HISTORIES, ORIGINS, 7, Steps((7,)), LEVELS, methods=METHODS) as worker:
        worker.result(None, 8)
        assert len(worker._processes) == 1


@given(st.lists(st.integers(0, 9), min_size=1, max_size=200))
def test_every_series_is_in_one_part(counts: list[int]) -> None:
    parts = _shared_out(np.array(counts))
    assert [s for first, end in parts for s in range(first, end)] == list(range(len(counts)))
    assert len(parts) <= 64
    of_parts = [sum(counts[first:end]) for first, end in parts]
    assert max(of_parts) <= sum(counts) / min(64, len(counts)) + max(counts)


def test_a_process_that_fails_says_why() -> None:
    with (
        BaselineWorker(HISTORIES, ORIGINS, 0, Steps((7,)), LEVELS) as worker,
        pytest.raises(TrainingError, match="baselines ended"),
    ):
        worker.result()


def test_processes_that_leave_before_the_work_is_done_are_not_waited_for() -> None:
    with BaselineWorker(HISTORIES, ORIGINS, 7, Steps((7,)), LEVELS, methods=METHODS) as worker:
        folder = Path(worker._folder.name)
        for k in range(len(worker._parts)):
            (folder / f"claim-{k}").touch()  # by nobody
        first = worker._processes.pop()
        with first:
            first.kill()
        worker._start()
        with pytest.raises(TrainingError, match="baselines ended with 0"):
            worker.result()
