"""Two processes train one network: the weights come back, as good as those of one process."""

from __future__ import annotations

import atexit
import importlib.util
import os
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.multiprocessing.spawn import ProcessExitedException

from recurra.errors import InputError, TrainingError
from recurra.training import Run, TrainingOptions, train
from recurra.training.launch import _Job, train_on
from recurra.training.progress import ProgressBar
from tests.training.problems import Lines

OPTIONS = TrainingOptions(batch_size=16, learning_rate=0.02)
needs_fabric = pytest.mark.skipif(
    importlib.util.find_spec("lightning_fabric") is None, reason="needs Lightning Fabric (recurra[distributed])"
)
TASKS = Path("/proc/self/task")


class Watched(Lines):
    """Writes the names of the threads that a process has in its work and at its end to files in `folder`."""

    def __init__(self, folder: Path, scale: float = 1.0) -> None:
        super().__init__(scale=scale)
        self.folder = folder
        self.watched = not TASKS.is_dir()

    def batch(self, numbers: Tensor) -> Tensor:
        if not self.watched:
            self.watched = True
            self.write("during")
            atexit.register(self.write, "after")
        return super().batch(numbers)

    def write(self, when: str) -> None:
        names = " ".join((task / "comm").read_text().strip() for task in TASKS.iterdir())
        (self.folder / f"{os.getpid()}.{when}").write_text(names)

    def check(self, ended: int) -> None:
        """At least `ended` processes came to their own end, and none of them with a thread of the group running."""
        if not TASKS.is_dir():
            return
        during = [path.read_text() for path in self.folder.glob("*.during")]
        after = [path.read_text() for path in self.folder.glob("*.after")]
        assert any("gloo" in names for names in during)
        assert len(after) >= ended
        assert not any("gloo" in names or "tcpstore" in names for names in after)


@needs_fabric
def test_two_processes_learn_as_well_as_one(tmp_path: Path) -> None:
    alone, shared = Lines(), Watched(tmp_path)
    untrained = alone.validate(alone.network.eval())
    before = [parameter.clone() for parameter in shared.network.parameters()]
    single = train(alone, OPTIONS, seed=0, name="a", steps=150)
    run = Run(progress=ProgressBar())
    double = train_on(2, shared, OPTIONS, seed=0, name="a", steps=150, label="a", run=run)
    assert double.steps == single.steps == 150
    assert double.frame().columns.equals(single.frame().columns)
    assert not double.interrupted
    assert torch.isfinite(torch.tensor(double.rows)).all()
    assert any((one != other).any() for one, other in zip(shared.network.parameters(), before, strict=True))
    # What came back is what was evaluated there, and it has learnt.
    found = shared.validate(shared.network.eval())
    assert found <= 1.05 * double.best + 1e-6
    assert found < 0.1 * untrained
    assert double.best == pytest.approx(single.best, rel=1.0)
    shared.check(ended=2)


@needs_fabric
def test_a_refusal_in_a_process_arrives_in_its_own_words(tmp_path: Path) -> None:
    problem = Watched(tmp_path, scale=1e30)
    with pytest.raises(TrainingError, match=r"^the training loss became (nan|inf) at step \d+ of 20"):
        train_on(2, problem, OPTIONS, seed=0, name="a", steps=20, label="a", run=Run())
    problem.check(ended=1)  # the launcher ends the other one where it stands


@needs_fabric
@pytest.mark.parametrize("refusal", ["the loss became inf", None])
def test_a_refusal_arrives_although_another_process_was_killed_first(
    monkeypatch: pytest.MonkeyPatch, refusal: str | None
) -> None:
    from lightning_fabric import Fabric

    def launch(fabric: object, work: object, job: _Job) -> None:
        if refusal is not None:
            (job.folder / "refusal").write_text(refusal, encoding="utf-8")
        raise ProcessExitedException("process 1 terminated with signal SIGABRT", 1, 1, -6, "SIGABRT")

    monkeypatch.setattr(Fabric, "launch", launch)
    expected = ProcessExitedException if refusal is None else TrainingError
    with pytest.raises(expected, match=refusal or "SIGABRT"):
        train_on(2, Lines(), OPTIONS, seed=0, name="a", steps=2, label="a", run=Run())


def test_without_fabric_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"devices is 2, which needs Lightning Fabric: pip install"):
        train_on(2, Lines(), OPTIONS, seed=0, name="a", steps=2, label="a", run=Run())
