"""`why_not` says None where the engine runs, and why where it does not."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import torch
from tests.keras.pairs import engine_calls, pair

import recurra.keras as rk
from recurra.errors import InputError

X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)

REASONS: list[tuple[str, dict[str, Any], dict[str, Any], str | None]] = [
    ("GRU", {}, {}, None),
    ("LSTM", {}, {"mask": np.ones((2, 5), bool), "training": True}, None),
    ("LSTM", {}, {"initial_state": [np.ones((2, 4)), np.ones((2, 4))]}, None),
    ("LSTM", {"recurrent_dropout": 0.5}, {}, None),
    ("LSTM", {"recurrent_dropout": 0.5}, {"training": True}, "every gate has a dropout mask of its own"),
    ("GRU", {"activation": "elu"}, {}, "the kernels have no GRUCell with these activations"),
    ("GRU", {}, {"mask": np.ones((1, 5), bool)}, "the mask is of shape (1, 5), the input of (2, 5, 3)"),
    (
        "GRU",
        {},
        {"initial_state": np.ones((1, 4))},
        "the initial states are of shapes [[(1, 4)]], not [[(2, 4)]]",
    ),
]


@pytest.mark.parametrize(("name", "options", "call", "expected"), REASONS, ids=str)
def test_it_tells_what_happens(name: str, options: Any, call: Any, expected: str | None) -> None:
    _, layer = pair(name, 4, (2, 5, 3), **options)
    assert rk.why_not(layer, X, **call) == expected
    before = engine_calls()
    layer(X, **call)
    assert engine_calls() == before + (expected is None)


def test_no_step() -> None:
    _, layer = pair("GRU", 4, (2, 5, 3))
    assert rk.why_not(layer, X[:, :0]) == "the input has no step"


def test_a_listener() -> None:
    _, layer = pair("GRU", 4, (2, 5, 3))
    layer.cell.register_forward_hook(lambda *_: None)
    assert rk.why_not(layer, X) == "somebody listens to the calls of a cell"


def test_a_stack() -> None:
    layer = rk.RNN([keras.layers.LSTMCell(4), keras.layers.SimpleRNNCell(3, activation="gelu")])
    layer.build((2, 5, 3))
    assert rk.why_not(layer, X) == "the kernels have no SimpleRNNCell with these activations"


def test_a_layer_of_keras_is_to_be_accelerated() -> None:
    stock, _ = pair("GRU", 4, (2, 5, 3))
    found = rk.why_not(stock, X)
    assert found is not None
    assert found.endswith("gru.GRU: `recurra.keras.accelerate` exchanges Keras' own layers")
    assert rk.why_not(rk.accelerate(stock), X) is None


def test_what_is_no_recurrent_layer() -> None:
    with pytest.raises(InputError, match="layer is of type Dense: expected a SimpleRNN, LSTM, GRU or RNN of Keras"):
        rk.why_not(keras.layers.Dense(1), torch.zeros(2, 3))


def test_a_layer_without_weights() -> None:
    with pytest.raises(InputError, match="layer 'mine' has no weights yet: expected a built layer, call it on a batch"):
        rk.why_not(rk.GRU(3, name="mine"), X)
