"""The trainers of labelled_epoch.py: the same network, the same batches, and no ratio where one learns less."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch

Script = Callable[[str], ModuleType]


@pytest.fixture
def few(script: Script) -> tuple:
    """Texts of 1 to 9 of 30 words, of class 1 where word 1 is there."""
    texts, rng = script("texts"), np.random.default_rng(0)
    rows = [rng.integers(2, 30, length) for length in rng.integers(1, 10, 240)]
    labels = rng.integers(0, 2, 240)
    for row, label in zip(rows, labels, strict=True):
        row[0] = 1 if label else row[0]
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    return texts.Texts(np.concatenate(rows), offsets, labels, np.arange(200), np.arange(200, 240), 30)


def test_rows_are_cut_and_padded(script: Script, few: tuple) -> None:
    texts = script("texts")
    rows = texts.Texts(*few).rows(np.array([3, 0]))
    assert [len(row) for row in rows] == texts.Texts(*few).lengths(np.array([3, 0])).tolist()
    table = texts.padded(rows, 12)
    assert (table > 0).sum(axis=1).tolist() == [len(row) for row in rows]
    assert (table[0, : len(rows[0])] - 1 == rows[0]).all()


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_both_have_the_same_parameters_and_learn(script: Script, few: tuple, cell: str) -> None:
    trainers = script("text_trainers")
    ours, theirs = trainers.OurTexts(cell, few), trainers.TorchTexts(cell, few, like_with_like=False)
    for trainer in (ours, theirs):
        assert trainer.learn() >= 0
        for _ in range(14):
            assert trainer.epoch() >= 0
    size = sum(p.numel() for p in ours.stepper.network.parameters())
    # PyTorch's table has a row more: 0 is its padding.
    assert sum(p.numel() for p in theirs.network.parameters()) - size == 128
    with torch.no_grad():
        right = [theirs._logits(numbers).argmax(1) == theirs.labels[numbers] for numbers in theirs._tested()]
        problem = ours.problem
        batch = problem.batch(torch.arange(200))
        learnt = ours.stepper.network(batch.inputs)[0].argmax(1) == batch.truth
    assert torch.cat(right).float().mean() > 0.9
    assert learnt.float().mean() > 0.9


class Known:
    """A trainer of known accuracy and speed."""

    def __init__(self, accuracy: float, seconds: float) -> None:
        self.accuracy, self.seconds = accuracy, seconds

    def learn(self) -> float:
        return self.accuracy

    def epoch(self) -> float:
        return self.seconds


def test_ratio_of_epochs_and_refusal(script: Script) -> None:
    module = script("labelled_epoch")
    row = module.line("gru", "peer", Known(76.0, 2.0), Known(77.0, 7.0), 76.0, 3)
    assert row["ratio"] == pytest.approx(3.5)
    assert module.line("gru", "peer", Known(76.0, 2.0), Known(50.0, 7.0), 76.0, 3)["ratio"] == "refused"
