"""Stopped by the user, a study keeps the networks that were tested; killed and resumed, it ends in the same bytes."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import file_bytes, quick, same_model, shops

import recurra as rc
from recurra import Forecaster, TrainingOptions
from recurra.training import Run
from recurra.training.checkpoint import CheckpointFolder

pytestmark = pytest.mark.usefixtures("baselines_here")


class Killed(Exception):
    """What a kill is made of."""


class Watcher:
    """A progress that counts updates over all trainings and, at one of them, kills or interrupts."""

    def __init__(self, at: int = -1, *, during: str = "", how: str = "kill") -> None:
        self.at, self.during, self.how = at, during, how
        self.count, self.label, self.labels = 0, "", []

    def start(self, label: str, total: int) -> None:
        self.label = label
        self.labels.append(label)

    def update(self, step: int, text: str) -> None:
        if self.during and not self.label.startswith(self.during):
            return
        self.count += 1
        if self.count == self.at and self.how == "kill":
            raise Killed
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGINT)

    def stop(self) -> None:
        pass


def forecaster() -> Forecaster:
    return quick(members=2, training=TrainingOptions(epochs=6.0, batch_size=32))


def study(run: Run) -> Forecaster:
    made = forecaster()
    made.study(shops(), 2, run=run)
    return made


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, int]:
    """The file of an uninterrupted study, and how many updates it took."""
    from tests.tasks.small import BaselinesHere

    watcher = Watcher()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recurra.tasks.forecast.rivals.BaselineWorker", BaselinesHere)
        made = study(Run(progress=watcher))
    assert watcher.labels == ["backtest 1/2", "backtest 2/2", "training 1/2", "training 2/2"]
    return file_bytes(made, tmp_path_factory.mktemp("whole")), watcher.count


@pytest.mark.parametrize("share", np.random.default_rng(0).random(8).round(3))
def test_killed_at_any_moment_and_resumed(
    whole: tuple[bytes, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    monkeypatch.setattr("recurra.training.loop._CHECKPOINT_SECONDS", 0.0)
    expected, updates = whole
    for attempt, at in enumerate((1 + int(share * updates), 5)):  # a second time soon after going on
        folder = CheckpointFolder(tmp_path / "run", {"data": "x"}, resume=attempt > 0)
        try:
            study(Run(checkpoints=folder, progress=Watcher(at)))
        except Killed:
            continue
        assert attempt == 1  # there was nothing left to kill
    folder = CheckpointFolder(tmp_path / "run", {"data": "x"}, resume=True)
    assert file_bytes(study(Run(checkpoints=folder)), tmp_path) == expected


@pytest.mark.parametrize("member", [1, 2])
def test_stopped_in_the_backtest_it_keeps_what_was_tested(tmp_path: Path, member: int) -> None:
    watcher = Watcher(3, during=f"backtest {member}", how="interrupt")
    made = study(Run(progress=watcher))
    assert made.model_.interrupted
    assert watcher.labels == [f"backtest {k + 1}/2" for k in range(member)]
    assert len(made.model_.members) == member
    assert [a.network is b.network for a, b in zip(made.model_.members, made.holdout_.members, strict=True)] == [
        True
    ] * member
    assert made.verdict_
    # It forecasts from the end of all data, and so it does from its file.
    ahead = made.predict()
    assert ahead["day"].min() == pd.Timestamp("2024-03-31")
    made.save(tmp_path / "m.safetensors")
    again = rc.load(tmp_path / "m.safetensors")
    pd.testing.assert_frame_equal(again.predict(), ahead, check_exact=True)
    assert again.verdict_ == made.verdict_


@pytest.mark.parametrize("member", [1, 2])
def test_stopped_in_the_last_training_it_keeps_what_was_tested(tmp_path: Path, member: int) -> None:
    made = study(Run(progress=Watcher(3, during=f"training {member}", how="interrupt")))
    assert len(made.model_.members) == 2
    assert [a.network is b.network for a, b in zip(made.model_.members, made.holdout_.members, strict=True)] == [
        True
    ] * 2
    ahead = made.predict()
    assert ahead["day"].min() == pd.Timestamp("2024-03-31")
    made.save(tmp_path / "m.safetensors")
    pd.testing.assert_frame_equal(rc.load(tmp_path / "m.safetensors").predict(), ahead, check_exact=True)


def test_fit_may_be_stopped_too() -> None:
    made = forecaster().fit(shops(), run=Run(progress=Watcher(3, during="validation 1", how="interrupt")))
    assert made.model_.interrupted
    assert np.isfinite(made.predict()["forecast"]).all()
    late = forecaster().fit(shops(), run=Run(progress=Watcher(3, during="training 1", how="interrupt")))
    assert len(late.model_.members) == 2


def test_an_interrupted_training_is_not_taken_for_a_finished_one(whole: tuple[bytes, int], tmp_path: Path) -> None:
    """Ctrl-C and later resume=: the training goes on where it was, to the same bytes."""
    folder = CheckpointFolder(tmp_path / "run", {"data": "x"})
    study(Run(checkpoints=folder, progress=Watcher(3, during="training 1", how="interrupt")))
    again = CheckpointFolder(tmp_path / "run", {"data": "x"}, resume=True)
    assert file_bytes(study(Run(checkpoints=again)), tmp_path) == whole[0]


def test_a_backtest_leaves_the_fitted_state_alone() -> None:
    made = forecaster().fit(shops())
    before = made.model_
    backtest = made.backtest(shops(100), 2)
    assert made.model_ is before
    assert len(backtest.forecasts) == 2 * 2 * 5
    assert not hasattr(made, "holdout_")


def test_study_and_backtest_agree() -> None:
    one, other = forecaster(), forecaster()
    first, second = one.backtest(shops(), 2), other.study(shops(), 2)
    pd.testing.assert_frame_equal(first.forecasts, second.forecasts, check_exact=True)
    assert first.verdict.sentence == second.verdict.sentence == other.verdict_
    assert same_model(other.model_, other.model_)
    assert set(other.learning()["run"]) == {"backtest", "training"}
