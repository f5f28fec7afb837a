"""The training loop: repeatable, resumable to the same bits, stoppable, and clear when it cannot go on."""

from __future__ import annotations

import copy
import gc
import math
import os
import pickle
import signal
import weakref

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from recurra.errors import InputError, ModelFileError, TrainingError
from recurra.kernels import workspace
from recurra.training import Run, TrainingOptions, train
from recurra.training.checkpoint import CheckpointFolder
from recurra.training.progress import quiet
from tests.training.problems import Lines

OPTIONS = TrainingOptions(batch_size=16, learning_rate=0.02)


class Stop(Exception):
    """What a kill is made of."""


class Killer:
    """A progress that raises at a step."""

    def __init__(self, at: int, signal_number: int | None = None) -> None:
        self.at, self.signal_number = at, signal_number

    def start(self, label, total):
        pass

    def update(self, step, text):
        if step != self.at:
            return
        if self.signal_number is None:
            raise Stop
        os.kill(os.getpid(), self.signal_number)

    def stop(self):
        pass


def bits(problem):
    return torch.cat([p.detach().flatten() for p in problem.network.parameters()]).numpy().tobytes()


def test_it_learns_and_keeps_the_best_weights():
    problem = Lines()
    before = problem.validate(problem.network.eval())
    record = train(problem, OPTIONS, seed=0, name="a", steps=300)
    after = problem.validate(problem.network.eval())
    assert after < 0.1 * before
    assert after <= 1.05 * record.best
    frame = record.frame()
    assert record.best == frame["validation_loss"].min()
    assert frame["step"].iloc[-1] == 300


def test_what_is_left_behind_is_ready_to_be_used_and_saved(tmp_path):
    problem = Lines()
    train(problem, OPTIONS, seed=0, name="a", steps=20)
    network = problem.network
    assert not network.training
    assert all(parameter.grad is None for parameter in network.parameters())
    save_file(network.state_dict(), tmp_path / "network.safetensors")
    twin = copy.deepcopy(network)
    twin.load_state_dict(load_file(tmp_path / "network.safetensors"))
    again = pickle.loads(pickle.dumps(network))
    for other in (twin, again):
        assert problem.validate(other) == problem.validate(network)


def test_the_memory_of_its_temporary_tensors_is_given_back():
    block = workspace.empty(torch.empty(0), workspace.LARGE)
    del block
    assert workspace._pool
    train(Lines(), OPTIONS, seed=0, name="a", steps=1)
    assert not workspace._pool


def test_the_same_seed_gives_the_same_bits_and_leaves_the_generator_alone():
    first, second, other = Lines(), Lines(), Lines()
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    train(first, OPTIONS, seed=3, name="a", steps=50)
    assert torch.rand(1) == expected
    train(second, OPTIONS, seed=3, name="a", steps=50)
    train(other, OPTIONS, seed=4, name="a", steps=50)
    assert bits(first) == bits(second) != bits(other)


def test_every_example_is_seen_once_in_an_epoch():
    problem = Lines()
    train(problem, TrainingOptions(batch_size=16, epochs=2), seed=0, name="a")
    assert sorted(problem.seen[:100]) == list(range(100))
    assert sorted(problem.seen[100:200]) == list(range(100))
    assert problem.seen[:100] != problem.seen[100:200]


@pytest.mark.slow
@pytest.mark.parametrize("schedule", ["one-cycle", "plateau"])
@pytest.mark.parametrize("at", [10, 40, 110])
def test_killed_and_resumed_is_the_same_to_the_bit(tmp_path, monkeypatch, schedule, at):
    monkeypatch.setattr("recurra.training.loop._CHECKPOINT_SECONDS", 0.0)
    options = TrainingOptions(batch_size=16, learning_rate=0.02, schedule=schedule)
    whole = Lines()
    record = train(whole, options, seed=1, name="a", steps=120)
    folder = CheckpointFolder(tmp_path / "run", {"data": "x"})
    with pytest.raises(Stop):
        train(Lines(), options, seed=1, name="a", steps=120, run=Run(checkpoints=folder, progress=Killer(at)))
    resumed = Lines()
    again = CheckpointFolder(tmp_path / "run", {"data": "x"}, resume=True)
    saved = again.load("a")
    assert saved is not None
    assert saved.state["step"] == at - 1
    found = train(resumed, options, seed=1, name="a", steps=120, run=Run(checkpoints=again))
    assert bits(resumed) == bits(whole)
    np.testing.assert_array_equal(found.rows, record.rows)
    finished = Lines()
    train(finished, options, seed=1, name="a", steps=120, run=Run(checkpoints=again))
    assert finished.seen == []
    assert bits(finished) == bits(whole)


def test_ctrl_c_keeps_the_best_so_far():
    problem = Lines()
    handler = signal.getsignal(signal.SIGINT)
    record = train(problem, OPTIONS, seed=0, name="a", steps=500, run=Run(progress=Killer(50, signal.SIGINT)))
    assert record.interrupted
    assert record.frame()["step"].iloc[-1] <= 52
    assert problem.validate(problem.network.eval()) == pytest.approx(record.best, rel=1e-6)
    assert signal.getsignal(signal.SIGINT) is handler


def test_training_stops_when_it_has_become_clearly_worse():
    problem = Lines()
    losses = iter([1.0, *[1.04] * 5, *[1.1] * 100])
    problem.validate = lambda network: next(losses)
    record = train(problem, TrainingOptions(batch_size=16, patience=3), seed=0, name="a", steps=1000)
    assert record.frame()["step"].iloc[-1] == (1 + 5 + 3) * (1000 // 25)
    assert record.best_step == 1000 // 25


def test_without_early_stopping_the_end_is_reached_and_kept():
    problem, twin = Lines(), Lines()
    losses = iter([1.0, *[5.0] * 100])
    problem.validate = lambda network: next(losses)
    options = TrainingOptions(batch_size=16, patience=3, early_stopping=False)
    record = train(problem, options, seed=0, name="a", steps=60)
    assert record.best_step == record.frame()["step"].iloc[-1] == 60
    assert record.best == 5.0
    twin.validate = lambda network: math.nan
    train(twin, options, seed=0, name="a", steps=60)
    assert bits(problem) == bits(twin)


def test_without_held_out_examples_the_last_weights_are_kept():
    problem, twin = Lines(), Lines()
    problem.validate = lambda network: math.nan
    record = train(problem, OPTIONS, seed=0, name="a", steps=60)
    assert record.best_step == 60
    twin.validate = lambda network: -float(twin.seen.__len__())
    train(twin, OPTIONS, seed=0, name="a", steps=60)
    assert bits(problem) == bits(twin)


def test_a_loss_that_is_no_number_is_explained():
    with pytest.raises(TrainingError, match=r"loss became (nan|inf) at step \d+ of 50.*lower the learning rate"):
        train(Lines(scale=1e30), OPTIONS, seed=0, name="a", steps=50)


def test_gradients_are_clipped_and_counted():
    record = train(Lines(), TrainingOptions(batch_size=16, clip_norm=1e-3), seed=0, name="a", steps=50)
    assert record.frame()["clipped"].min() == 1.0


def test_another_task_is_not_resumed(tmp_path):
    CheckpointFolder(tmp_path / "run", {"data": "x", "options": "y"})
    with pytest.raises(ModelFileError, match="the data was x, and is now z"):
        CheckpointFolder(tmp_path / "run", {"data": "z", "options": "y"}, resume=True)
    fresh = CheckpointFolder(tmp_path / "run", {"data": "z", "options": "y"})
    assert fresh.load("a") is None


def test_a_damaged_checkpoint_is_refused(tmp_path):
    folder = CheckpointFolder(tmp_path / "run", {"data": "x"})
    train(Lines(), OPTIONS, seed=0, name="a", steps=20, run=Run(checkpoints=folder))
    path = tmp_path / "run" / "a.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelFileError, match="damaged"):
        folder.load("a")


def test_curves_are_written_for_tensorboard(tmp_path):
    pytest.importorskip("tensorboard")
    train(Lines(), OPTIONS, seed=0, name="a", steps=20, run=Run(log=tmp_path, progress=quiet()))
    assert list((tmp_path / "a").glob("events.out.tfevents.*"))


@pytest.mark.parametrize("schedule", ["one-cycle", "plateau"])
def test_a_training_may_be_as_short_as_one_step(schedule):
    for steps in range(1, 13):
        record = train(Lines(), TrainingOptions(schedule=schedule), seed=0, name="a", steps=steps)
        assert record.frame()["learning_rate"].between(0, 3e-3, inclusive="right").all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size is 0"),
        ({"learning_rate": -1.0}, "learning_rate is -1.0"),
        ({"schedule": "cosine"}, "schedule is 'cosine': expected one of one-cycle, plateau"),
        ({"weight_decay": math.nan}, "weight_decay is nan"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(InputError, match=message):
        TrainingOptions(**options)


class Counting:
    """A watcher that counts, and looks at every loss."""

    def __init__(self, network):
        self.network, self.seen, self.shown = network, [], 0

    def step(self, loss_of, *, loss, gradient_norm):
        with torch.random.fork_rng(devices=[]):
            assert math.isfinite(float(loss_of().detach()))
        assert gradient_norm > 0
        self.seen.append(loss)

    def log(self, board, *, picture=True):
        self.shown += 1

    def state(self):
        return torch.tensor(self.seen, dtype=torch.float64).view(torch.uint8)

    def restore(self, state):
        self.seen = state.view(torch.float64).tolist()


def test_a_watcher_sees_every_step_and_changes_none():
    blind, watched = Lines(), Lines()
    train(blind, OPTIONS, seed=1, name="a", steps=30)
    record = train(watched, OPTIONS, seed=1, name="a", steps=30, watch=Counting)
    assert bits(blind) == bits(watched)
    assert record.watched is not None
    losses = record.watched.view(torch.float64)
    assert len(losses) == 30
    assert np.allclose(record.rows[0, 1], losses[: int(record.rows[0, 0])].mean())


class Keeping(Counting):
    """One that keeps what it was given."""

    def step(self, loss_of, *, loss, gradient_norm):
        self.loss_of, self.seen = loss_of, [loss]


def test_the_data_go_with_the_problem_and_wait_for_no_collection():
    problem = Lines()
    alive = weakref.ref(problem)
    gc.disable()
    try:
        train(problem, OPTIONS, seed=1, name="a", steps=2, watch=Keeping)
        del problem
        assert alive() is None
    finally:
        gc.enable()


def test_a_watcher_goes_on_after_a_kill(tmp_path, monkeypatch):
    monkeypatch.setattr("recurra.training.loop._CHECKPOINT_SECONDS", 0.0)
    whole = train(Lines(), OPTIONS, seed=1, name="a", steps=30, watch=Counting)
    folder = CheckpointFolder(tmp_path / "run", {"data": "x"})
    with pytest.raises(Stop):
        train(Lines(), OPTIONS, seed=1, name="a", steps=30, run=Run(folder, progress=Killer(20)), watch=Counting)
    resumed = CheckpointFolder(tmp_path / "run", {"data": "x"}, resume=True)
    again = train(Lines(), OPTIONS, seed=1, name="a", steps=30, run=Run(resumed), watch=Counting)
    assert whole.watched is not None
    assert again.watched is not None
    assert torch.equal(whole.watched, again.watched)
