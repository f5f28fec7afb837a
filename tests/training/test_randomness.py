"""The generators of a training: seeded, saved, restored, and the caller's left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from recurra.training import Run, TrainingOptions, train
from recurra.training.checkpoint import CheckpointFolder
from recurra.training.randomness import forked, seeded_states, set_states, states
from tests.training.problems import Lines

GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
DEVICES = [torch.device("cpu"), pytest.param(torch.device("cuda"), marks=GPU)]


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_they_go_on_where_they_were_and_the_callers_stay(device: torch.device) -> None:
    before = states(device)
    with forked(device):
        set_states(seeded_states(3, device), device)
        torch.rand(5, device=device)
        saved = states(device)
        expected = torch.rand(5), torch.rand(5, device=device)
        set_states(saved, device)
        assert all(map(torch.equal, (torch.rand(5), torch.rand(5, device=device)), expected))
        set_states(seeded_states(3, device), device)
        first = torch.rand(5)
    assert torch.equal(first, torch.rand(5, generator=torch.Generator().manual_seed(3)))
    after = states(device)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


class OnGpu(Lines):
    """The same lines on a GPU, whose generator then decides the dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.network, self.x, self.y = self.network.cuda(), self.x.cuda(), self.y.cuda()


class Stop(Exception):
    """What a kill is made of."""


class Killer:
    """A progress that raises at a step."""

    def start(self, label: str, total: int) -> None:
        pass

    def update(self, step: int, text: str) -> None:
        if step == 40:
            raise Stop

    def stop(self) -> None:
        pass


@GPU
def test_killed_on_a_gpu_and_resumed_is_the_same_to_the_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recurra.training.loop._CHECKPOINT_SECONDS", 0.0)
    options = TrainingOptions(batch_size=16, learning_rate=0.02)
    whole, resumed = OnGpu(), OnGpu()
    theirs = torch.cuda.get_rng_state()
    train(whole, options, seed=1, name="a", steps=60)
    assert torch.equal(torch.cuda.get_rng_state(), theirs)
    folder = CheckpointFolder(tmp_path / "run", {"data": "x"})
    with pytest.raises(Stop):
        train(OnGpu(), options, seed=1, name="a", steps=60, run=Run(checkpoints=folder, progress=Killer()))
    torch.cuda.manual_seed(99)  # another process would have another state
    again = CheckpointFolder(tmp_path / "run", {"data": "x"}, resume=True)
    train(resumed, options, seed=1, name="a", steps=60, run=Run(checkpoints=again))
    pairs = zip(whole.network.parameters(), resumed.network.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
