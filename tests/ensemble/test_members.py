"""A member of an ensemble has weights, examples and checkpoints of its own, and only its seat decides which."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from tests.tasks.sequences import SILENT
from tests.training.problems import Lines

from recurra.ensemble.members import Member, Seat, learning_curves, stopped
from recurra.training import Run, TrainingOptions, TrainingRecord, train

SEAT = Seat("training", 1, 3, 7)
OPTIONS = TrainingOptions(batch_size=16, learning_rate=0.02, epochs=3)


class Labels:
    """A progress that notes what is shown."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def start(self, label: str, total: int) -> None:
        self.seen.append(label)

    def update(self, step: int, text: str) -> None:
        pass

    def stop(self) -> None:
        pass


def bits(problem: Lines) -> bytes:
    return torch.cat([p.detach().flatten() for p in problem.network.parameters()]).numpy().tobytes()


def test_the_seat_draws_and_the_callers_generator_does_not_move() -> None:
    def drawn(seat: Seat) -> float:
        with seat.drawing():
            return float(torch.rand(1))

    before = torch.get_rng_state()
    first = [drawn(replace(SEAT, number=number)) for number in range(3)]
    assert len(set(first)) == 3
    assert first == [drawn(replace(SEAT, number=number, name="study")) for number in range(3)]
    assert torch.equal(torch.get_rng_state(), before)


def test_it_trains_as_the_loop_does_under_its_own_seed() -> None:
    one, other, labels = Lines(), Lines(), Labels()
    record = SEAT.train(one, OPTIONS, run=Run(progress=labels), watch=False)
    train(other, OPTIONS, seed=SEAT.own_seed, name="x", run=SILENT)
    assert bits(one) == bits(other)
    assert record.steps == OPTIONS.steps(one.examples)
    assert not one.network.training
    assert labels.seen == ["training 2/3"]
    assert SEAT.train(Lines(), OPTIONS, run=SILENT, watch=False, steps=5).steps == 5


def test_an_ensemble_of_one_is_not_counted() -> None:
    labels = Labels()
    Seat("training", 0, 1, 0).train(Lines(), OPTIONS, run=Run(progress=labels), watch=False, steps=2)
    assert labels.seen == ["training"]


def test_curves_of_those_that_were_trained_here() -> None:
    problem = Lines()
    member = Member(problem.network, SEAT.train(problem, OPTIONS, run=SILENT, watch=False))
    loaded = Member(problem.network)
    frame = learning_curves({"study": [], "training": [loaded, member]})
    assert set(frame["run"]) == {"training"}
    assert set(frame["member"]) == {2}
    assert member.record is not None
    assert len(frame) == len(member.record.rows)
    assert learning_curves({"training": [loaded]}).empty
    assert not loaded.interrupted
    assert not loaded.watched().flows


def test_a_training_that_was_stopped_says_how_far_it_came() -> None:
    rows = np.array([[10, 1, 1, 1, 1, 0], [16, 1, 1, 1, 1, 0]], dtype=float)
    record = TrainingRecord(rows, 1.0, 16, 200, interrupted=True)
    network = torch.nn.Linear(1, 1)
    assert [fact.value for fact in stopped([Member(network, record)], 40.0)] == ["after 3.2 of 40 passes"]
    assert [fact.value for fact in stopped([Member(network, record)], None)] == ["after 16 of 200 steps"]
    assert stopped([Member(network, replace(record, interrupted=False)), Member(network)], 40.0) == []
