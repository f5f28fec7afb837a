"""Lanes: every symbol in order, the state carried on, and a run resumed to the same bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from recurra.errors import InputError
from recurra.nn.generator import GeneratorNetwork, GeneratorOptions
from recurra.tasks.generate.problem import TextProblem, logits_of
from recurra.training import Run, TrainingOptions, train
from recurra.training.callback import Callback
from recurra.training.checkpoint import CheckpointFolder
from recurra.training.lanes import LaneSource

TEXT = np.random.default_rng(0).integers(1, 6, 700)


def test_windows_follow_one_another_in_every_lane() -> None:
    source = LaneSource(torch.arange(103), lanes=4, steps=7)
    for step in range(9):
        window, after = source.batch(step), source.batch(step + 1)
        assert torch.equal(window.targets[:-1], window.inputs[1:])
        assert torch.equal(window.targets[-1], after.inputs[0])


def test_a_sequence_shorter_than_its_lanes_is_refused() -> None:
    with pytest.raises(InputError, match="at least two for each of 8"):
        LaneSource(torch.arange(15), lanes=8, steps=4)


def trained(folder: Path | None, steps: int, stop: int | None = None) -> dict[str, Tensor]:
    torch.manual_seed(0)
    network = GeneratorNetwork(6, "lstm", GeneratorOptions(hidden=8, layers=2, embedding=5))
    source = LaneSource(torch.from_numpy(TEXT), lanes=4, steps=9)
    problem = TextProblem(network, source, TEXT[:60], 1, torch.device("cpu"))

    class Stop(Callback):
        def on_step(self, step: int, loss: float, gradient_norm: float) -> None:
            if step == stop:
                raise KeyboardInterrupt

    checkpoints = None if folder is None else CheckpointFolder(folder, {"a": "b"}, resume=True)
    run = Run(checkpoints=checkpoints, callbacks=(Stop(),) if stop else ())
    train(problem, TrainingOptions(), seed=0, name="x", steps=steps, source=source, run=run)
    return network.state_dict()


@pytest.mark.slow
def test_a_stopped_run_goes_on_to_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recurra.training.loop._CHECKPOINT_SECONDS", 0.0)
    whole = trained(None, 30)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "run", 30, stop=17)
    resumed = trained(tmp_path / "run", 30)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_reading_in_lanes_costs_what_reading_in_order_does() -> None:
    torch.manual_seed(0)
    network = GeneratorNetwork(6, "gru", GeneratorOptions(hidden=8, layers=1, embedding=5)).eval()
    text = np.random.default_rng(1).integers(1, 6, 3000)
    found = {}
    for least in (10_000, 500):
        every = np.zeros((len(text), 6))
        for at, logits in logits_of(network, text, 1, least=least):
            every[at] = logits
        found[least] = every
    np.testing.assert_allclose(found[500], found[10_000], atol=1e-4)


def test_a_step_gives_what_the_sequence_does_and_so_does_the_stream() -> None:
    torch.manual_seed(0)
    network = GeneratorNetwork(6, "lstm", GeneratorOptions(hidden=8, layers=2, embedding=5, tied=True)).eval()
    symbols = torch.from_numpy(TEXT[:20]).unsqueeze(1)
    with torch.no_grad():
        every, _ = network(symbols)
        state, stream = None, network.stream()
        table = network.embedding.weight.detach().numpy()
        for t in range(20):
            logits, state = network.step(symbols[t], state)
            torch.testing.assert_close(logits, every[t])
            np.testing.assert_allclose(stream.step(table[TEXT[t]]), every[t, 0].numpy(), atol=1e-5)
    assert isinstance(network.output, nn.Linear)
    assert network.output.weight is network.embedding.weight
