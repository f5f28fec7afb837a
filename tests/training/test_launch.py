"""Two processes train one network: the weights come back, as good as those of one process."""

from __future__ import annotations

import importlib.util

import pytest
import torch

from recurra.errors import InputError, TrainingError
from recurra.training import Run, TrainingOptions, train
from recurra.training.launch import train_on
from recurra.training.progress import ProgressBar
from tests.training.problems import Lines

OPTIONS = TrainingOptions(batch_size=16, learning_rate=0.02)
needs_fabric = pytest.mark.skipif(
    importlib.util.find_spec("lightning_fabric") is None, reason="needs Lightning Fabric (recurra[distributed])"
)


@needs_fabric
def test_two_processes_learn_as_well_as_one() -> None:
    alone, shared = Lines(), Lines()
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
    # What came back is what was judged there, and it has learnt.
    found = shared.validate(shared.network.eval())
    assert found <= 1.05 * double.best + 1e-6
    assert found < 0.1 * untrained
    assert double.best == pytest.approx(single.best, rel=1.0)


@needs_fabric
def test_a_refusal_in_a_process_arrives_in_its_own_words() -> None:
    with pytest.raises(TrainingError, match=r"^the training loss became (nan|inf) at step \d+ of 20"):
        train_on(2, Lines(scale=1e30), OPTIONS, seed=0, name="a", steps=20, label="a", run=Run())


def test_without_fabric_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"devices is 2, which needs Lightning Fabric: pip install"):
        train_on(2, Lines(), OPTIONS, seed=0, name="a", steps=2, label="a", run=Run())
