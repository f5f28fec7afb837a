"""A training by processor time: it has a whole schedule, ends in time, and looks at its held-out part seldom enough."""

from __future__ import annotations

import time

import pytest

from recurra.errors import InputError
from recurra.training import Run, TrainingOptions, train
from recurra.training.checkpoint import CheckpointFolder
from tests.training.problems import Lines


class Clock:
    """Processor time in which a step takes one second and a validation `validation`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, validation: float = 0.0) -> None:
        self.now, self.validation = 100.0, validation
        monkeypatch.setattr(time, "process_time", lambda: self.now)

    def problem(self) -> Lines:
        clock = self

        class Timed(Lines):
            def loss(self, network, batch):
                clock.now += 1.0
                return super().loss(network, batch)

            def validate(self, network):
                clock.now += clock.validation
                return super().validate(network)

        return Timed()


def options(seconds: float) -> TrainingOptions:
    return TrainingOptions(seconds=seconds, epochs=1000, batch_size=16, learning_rate=0.02, patience=100)


def test_the_time_ends_it_and_the_schedule_is_whole(monkeypatch):
    clock = Clock(monkeypatch)
    record = train(clock.problem(), options(200), seed=0, name="a", steps=7)
    rates = record.frame()["learning_rate"].to_numpy()
    assert record.steps == record.frame()["step"].iloc[-1] == 200
    assert len(rates) == 25
    assert 0.19 < 10 * rates.max() <= 0.2
    assert rates[-1] < 1e-6
    top = int(rates.argmax())
    assert list(rates[: top + 1]) == sorted(rates[: top + 1])
    assert list(rates[top:]) == sorted(rates[top:], reverse=True)


@pytest.mark.parametrize("cost", [2.0, 20.0])
def test_validations_take_about_a_tenth_of_it(monkeypatch, cost):
    clock = Clock(monkeypatch, cost)
    record = train(clock.problem(), options(600), seed=0, name="a")
    spent = cost * len(record.rows)
    assert spent <= 0.1 * 600 + 2 * cost
    assert 600 - spent <= record.steps <= 600


def test_it_goes_on_after_the_time_that_was_spent(tmp_path, monkeypatch):
    clock = Clock(monkeypatch)

    class Stop(Exception):
        pass

    class Killer:
        def start(self, label, total):
            pass

        def update(self, step, text):
            if step >= 500:
                raise Stop

        def stop(self):
            pass

    monkeypatch.setattr("recurra.training.loop._CHECKPOINT_SECONDS", 0.0)
    folder = CheckpointFolder(tmp_path / "a", {})
    with pytest.raises(Stop):
        train(clock.problem(), options(60), seed=0, name="a", run=Run(checkpoints=folder, progress=Killer()))
    clock.now = 7.0  # another process
    folder = CheckpointFolder(tmp_path / "a", {}, resume=True)
    record = train(clock.problem(), options(60), seed=0, name="a", run=Run(checkpoints=folder))
    assert record.steps == 60
    assert record.frame()["step"].is_monotonic_increasing


def test_no_time_is_refused_and_a_share_of_it_is_less():
    with pytest.raises(InputError, match=r"seconds is 0: expected a number above 0"):
        TrainingOptions(seconds=0)
    assert options(60).part(0.5) == options(30)
    assert TrainingOptions(epochs=3).part(0.5) == TrainingOptions(epochs=3)
