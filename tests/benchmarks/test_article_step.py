"""The two trainers that run here learn the same, and a peer that learns otherwise gets no ratio."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

Script = Callable[[str], ModuleType]
CELLS = ("rnn", "gru", "lstm")


@pytest.mark.parametrize("cell", CELLS)
def test_our_loss_curve_is_that_of_torch(script: Script, cell: str) -> None:
    step, trainers = script("article_step"), script("trainers")
    article = script("article").Article(cell, hidden=8, batch=4, steps=6, batches=5)
    expected = step.torch_curve(trainers.TorchTrainer(article))
    assert step.difference(step.torch_curve(trainers.OurTrainer(article)), expected) < 1e-4
    assert expected[-1] < expected[0]  # it learns, or any two would agree


def test_shuffling_changes_the_order_alone(script: Script) -> None:
    article = script("article").Article("rnn", batch=4, batches=5)
    plain, mixed = article.order(False), article.order(True)
    assert plain.shape == mixed.shape == (5, 4)
    assert not np.array_equal(plain, mixed)
    assert sorted(mixed.ravel()) == plain.ravel().tolist()


def test_one_bias_stays_at_zero(script: Script) -> None:
    trainers = script("trainers")
    trainer = trainers.TorchTrainer(script("article").Article("lstm", hidden=4, batch=2, batches=2), one_bias=True)
    trainer.epoch()
    assert not trainer.network.recurrence.bias_hh_l0.any()
    assert trainer.network.recurrence.bias_ih_l0.grad.any()


def run(script: Script, monkeypatch: pytest.MonkeyPatch, out: Path, *arguments: str) -> list[dict[str, object]]:
    usual = ["article_step.py", "--cells", "rnn", "--batches", "2", "--rounds", "1", "--seconds", "0"]
    monkeypatch.setattr(sys, "argv", [*usual, "--out", str(out), *arguments])
    before = torch.get_num_threads()
    try:
        script("article_step").main()
    finally:
        torch.set_num_threads(before)
    return json.loads((out / "article_step.json").read_text())["rows"]


def test_the_whole_script_on_torch_alone(script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (row,) = run(script, monkeypatch, tmp_path, "--threads", "1")
    assert isinstance(row["ratio"], float)


def test_another_curve_gets_no_ratio(script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ours = script("trainers").OurTrainer
    monkeypatch.setattr(script("article_step"), "TorchTrainer", lambda article, **_: frozen(ours(article)))
    with pytest.raises(SystemExit) as leaving:
        run(script, monkeypatch, tmp_path)
    assert leaving.value.code == 1
    assert json.loads((tmp_path / "article_step.json").read_text())["rows"][0]["ratio"] == "refused"


def frozen(trainer: object) -> object:
    """A trainer that has been trained an epoch too much."""
    trainer.epoch()  # pyright: ignore[reportAttributeAccessIssue]  # a class of a script, imported by name
    return trainer
