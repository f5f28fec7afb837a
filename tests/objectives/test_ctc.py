"""CTC's loss against the sum over all paths, and texts that are too long for their frames."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from recurra import InputError
from recurra.decoding.ctc.best_path import collapsed
from recurra.objectives.ctc import Targets, ctc_loss, refuse_long


def test_the_loss_is_that_of_all_paths() -> None:
    y = torch.randn(5, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).log_softmax(-1)
    texts = [np.array([1, 2]), np.array([2, 2])]
    expected = []
    for row, (units, length) in enumerate(zip(texts, (5, 4), strict=True)):
        total = sum(
            np.exp(sum(float(y[t, row, u]) for t, u in enumerate(path)))
            for path in itertools.product(range(3), repeat=length)
            if collapsed(list(path)) == units.tolist()
        )
        expected.append(-np.log(total) / 2)
    found = ctc_loss(y, torch.tensor([5, 4]), Targets.of(texts))
    assert float(found) == pytest.approx(np.mean(expected))


def test_texts_that_are_too_long_are_named() -> None:
    units = [np.array([1, 2]), np.array([1, 1, 1])]
    refuse_long(units, np.array([2, 5]), ["a.wav", "b.wav"], ["ab", "aaa"])
    with pytest.raises(InputError, match=r"the text of b.wav \('aaa'\) needs 5 steps, and the recording has 4"):
        refuse_long(units, np.array([2, 4]), ["a.wav", "b.wav"], ["ab", "aaa"])
