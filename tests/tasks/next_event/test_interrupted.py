"""A recommender that was stopped anywhere: the training goes on to the same bits, and so does a saved stream."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tests.tasks.next_event.logs import NETWORK, log_of

import recurra as rc
from recurra.errors import ModelFileError
from recurra.training import Run
from recurra.training.callback import Callback
from recurra.training.checkpoint import CheckpointFolder


class Stop(Exception):
    """The power went off."""


class StopsAt(Callback):
    """Ends the program after so many steps of all trainings."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def on_step(self, step: int, loss: float, gradient_norm: float) -> None:
        """See Callback."""
        self.steps -= 1
        if not self.steps:
            raise Stop


def small(**changed) -> rc.NextEvent:
    return rc.NextEvent(training={"epochs": 2.0, "batch_size": 16}, network=NETWORK, verbose=False, **changed)


@pytest.mark.train
def test_killed_anywhere_it_goes_on_to_the_same_bits(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("recurra.training.loop._CHECKPOINT_SECONDS", -1.0)
    log, whole = log_of(50), small()
    evaluation = whole.study(log)
    for steps in (2, 7, 12):  # in the first training, the second, and that on all events
        folder = tmp_path / str(steps)
        with pytest.raises(Stop):
            small().study(log, run=Run(checkpoints=CheckpointFolder(folder, {}), callbacks=(StopsAt(steps),)))
        again = small()
        resumed = again.study(log, run=Run(checkpoints=CheckpointFolder(folder, {}, resume=True)))
        ours, theirs = (model.networks[0].state_dict() for model in (again, whole))
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
        assert resumed.table.equals(evaluation.table)


@pytest.mark.train
@pytest.mark.parametrize("seen", ["keep", "exclude"])
def test_a_saved_stream_goes_on_with_all_that_it_knew(seen: Any, tmp_path: Path):
    model = small(seen=seen).fit(log_of(50))
    first = model.stream(users=["a", "b"])
    for item in ("i1", "i2", "i3", "i1", "i2"):
        first.observe("a", item, time=1.4e9)
    first.observe("b", "i7")
    first.save(tmp_path / "users.safetensors")
    again = model.stream(users=["a", "b"])
    again.load(tmp_path / "users.safetensors")
    for stream in (first, again):
        stream.observe("a", "i3", time=1.4e9 + 5)
    for user in ("a", "b"):
        assert first.recommend(user, 10) == again.recommend(user, 10)
        assert (first.scores(user, blended=True) == again.scores(user, blended=True)).all()
    if seen == "exclude":
        assert not {"i1", "i2", "i3"} & set(again.recommend("a", 7))
    with pytest.raises(ModelFileError, match="other users"):
        model.stream(users=["a", "c"]).load(tmp_path / "users.safetensors")
    other = rc.NextEvent(training={"epochs": 1.0}, network=NETWORK, seen=seen, seed=1, verbose=False).fit(log_of(50))
    with pytest.raises(ModelFileError, match="another model"):
        other.stream(users=["a", "b"]).load(tmp_path / "users.safetensors")
