"""What accompanies a training cannot stop it, nor move a bit of it, whatever goes wrong."""

from __future__ import annotations

import errno
import math
from pathlib import Path

import pytest
import torch

from recurra import InputError, TrainingOptions
from recurra.training import Run, train
from recurra.training.checkpoint import CheckpointFolder
from tests.training.problems import Lines

OPTIONS = TrainingOptions(batch_size=16)
ERRORS = [
    RuntimeError("CUDA error"),
    MemoryError("no room"),
    InputError("a single step"),
    RecursionError(),
    KeyError(3),
]


def bits(problem: Lines) -> bytes:
    """The weights of its network."""
    return b"".join(value.numpy().tobytes() for value in problem.network.state_dict().values())


class Failing:
    """A watcher that draws and then raises, where `where` says so."""

    def __init__(self, where: str, error: Exception) -> None:
        self.where, self.error, self.asked = where, error, 0

    def __call__(self, network: torch.nn.Module) -> Failing:
        self._perhaps("made")
        return self

    def step(self, loss_of, *, loss, gradient_norm):
        self.asked += 1
        if self.asked == 7:
            loss_of()
            self._perhaps("step")

    def log(self, board, *, picture=True):
        self._perhaps("log")

    def state(self):
        self._perhaps("state")
        return torch.zeros(3, dtype=torch.uint8)

    def restore(self, state):
        self._perhaps("restore")

    def _perhaps(self, where: str) -> None:
        if where == self.where:
            torch.rand(5)
            raise self.error


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("where", ["made", "step", "log", "state"])
def test_a_failing_watcher_changes_no_bit(where, error, tmp_path):
    pytest.importorskip("tensorboard")
    alone, watched = Lines(), Lines()
    train(alone, OPTIONS, seed=1, name="a", steps=20)
    watcher = Failing(where, error)
    record = train(watched, OPTIONS, seed=1, name="a", steps=20, run=Run(log=tmp_path), watch=watcher)
    assert bits(alone) == bits(watched)
    assert record.watched is None
    (remark,) = record.remarks
    assert "the gradient's flow through time was not recorded" in remark
    assert type(error).__name__ in remark


def test_what_was_recorded_and_cannot_be_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr("recurra.training.loop._CHECKPOINT_SECONDS", 0.0)
    folder = CheckpointFolder(tmp_path / "run", {"data": "x"})
    whole = train(Lines(), OPTIONS, seed=1, name="a", steps=20, run=Run(folder), watch=Failing("", KeyError()))
    assert whole.remarks == ()
    resumed = CheckpointFolder(tmp_path / "run", {"data": "x"}, resume=True)
    watcher = Failing("restore", ValueError("damaged"))
    again = train(Lines(), OPTIONS, seed=1, name="a", steps=20, run=Run(resumed), watch=watcher)
    assert (again.rows == whole.rows).all()
    assert "damaged" in again.remarks[0]


def test_a_full_disk_ends_the_log_and_not_the_training(tmp_path, monkeypatch):
    pytest.importorskip("tensorboard")
    from torch.utils.tensorboard import SummaryWriter

    def full(self, *given):
        raise OSError(errno.ENOSPC, "No space left on device")

    alone, logged = Lines(), Lines()
    train(alone, OPTIONS, seed=1, name="a", steps=20)
    monkeypatch.setattr(SummaryWriter, "add_scalar", full)
    record = train(logged, OPTIONS, seed=1, name="a", steps=20, run=Run(log=tmp_path))
    assert bits(alone) == bits(logged)
    (remark,) = record.remarks
    assert "the log was not written to its end" in remark
    assert "No space left" in remark


def test_a_log_that_cannot_be_begun_is_refused(tmp_path):
    pytest.importorskip("tensorboard")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot write a log to .*file: .*; choose another folder with log="):
        train(Lines(), OPTIONS, seed=1, name="a", steps=20, run=Run(log=Path(tmp_path / "file")))


def test_an_error_of_the_training_itself_is_raised():
    class Broken(Lines):
        def loss(self, network, batch):
            raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        train(Broken(), OPTIONS, seed=1, name="a", steps=20, watch=Failing("", KeyError()))
    assert math.isfinite(train(Lines(), OPTIONS, seed=1, name="a", steps=20).best)
