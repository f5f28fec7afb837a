"""Which cells are ours, and what becomes of their weights."""

from __future__ import annotations

from typing import Any

import keras
import pytest
import torch

from recurra.cells import GRU, LSTM, RNN
from recurra.keras.weights import as_cell, read_weights

CELLS = [
    (keras.layers.SimpleRNNCell(2), RNN("tanh")),
    (keras.layers.SimpleRNNCell(2, activation="relu"), RNN("relu")),
    (keras.layers.SimpleRNNCell(2, activation="linear"), None),
    (keras.layers.SimpleRNNCell(2, activation="gelu"), None),
    (keras.layers.LSTMCell(2), LSTM()),
    (keras.layers.LSTMCell(2, recurrent_activation="tanh"), None),
    (keras.layers.GRUCell(2), GRU()),
    (keras.layers.GRUCell(2, reset_after=False), GRU(reset_after=False)),
    (keras.layers.GRUCell(2, activation="relu"), None),
    (keras.layers.StackedRNNCells([keras.layers.GRUCell(2)]), None),
    (type("Own", (keras.layers.GRUCell,), {})(2), None),
]


@pytest.mark.parametrize(("cell", "expected"), CELLS)
def test_as_cell(cell: Any, expected: Any) -> None:
    assert as_cell(cell) == expected


@pytest.mark.parametrize("cell", [cell for cell, ours in CELLS if ours], ids=repr)
def test_one_step_of_ours_with_these_weights_is_one_of_keras(cell: Any) -> None:
    cell.build((5, 3))
    for weight in cell.weights:
        weight.assign(torch.randn(weight.shape))
    ours = as_cell(cell)
    assert ours is not None
    w, b, weights = read_weights(cell)
    x, state = torch.randn(5, 3), tuple(torch.randn(5, 2) for _ in range(len(ours.states)))
    projected = x @ w.t() + (0 if b is None else b)
    _, expected = cell(x, list(state))
    for found, theirs in zip(ours.step(projected, state, weights), expected, strict=True):
        torch.testing.assert_close(found, theirs)
