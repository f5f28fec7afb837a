"""The rules by which a network and its training are chosen."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.data.encoders.reader import Reader
from recurra.data.encoders.tokens import SymbolEncoder
from recurra.data.examples.inputs import Symbols
from recurra.data.examples.ragged import Ragged
from recurra.tasks.labelled.plan import default_network, default_training, usual_steps

LETTERS = SymbolEncoder(("A", "C", "G", "T"))


@pytest.mark.parametrize(("steps", "left"), [(1, 1), (64, 64), (200, 50), (399, 100), (100_000, 12_500)])
def test_of_a_long_sequence_fifty_to_a_hundred_steps_are_left(steps: int, left: int) -> None:
    assert -(-steps // default_network(LETTERS, steps=steps).shrink) == left


def test_steps_with_labels_are_kept() -> None:
    assert default_network(LETTERS, steps=5_000, per_step=True).shrink == 1


def test_a_label_for_every_step_takes_fewer_passes() -> None:
    reader = Reader({"dna": Symbols()}, {"dna": LETTERS})
    once, every = (default_training(reader, 2_000, per_step=per_step).steps(2_000) for per_step in (False, True))
    assert 3 < once / every < 4


def test_the_median_length() -> None:
    assert usual_steps(Ragged.of([np.zeros(3), np.zeros(9), np.zeros(4)])) == 4.0
