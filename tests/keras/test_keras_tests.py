"""Keras' own tests of its recurrent layers, from the installed package, with our layers in the place of theirs."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from keras.src import layers as stock
from keras.src.testing import TestCase

import recurra.keras as rk
from recurra.kernels import calls

# its own run_layer_test passes a generator to fit
pytestmark = pytest.mark.filterwarnings("ignore:`shuffle=True` was passed:UserWarning")

FILES = (
    "simple_rnn_test",
    "lstm_test",
    "gru_test",
    "rnn_test",
    "bidirectional_test",
    "stacked_rnn_cells_test",
    "time_distributed_test",
)


class OurLayers:
    """`keras.src.layers` with ours in place."""

    SimpleRNN, LSTM, GRU, RNN = rk.SimpleRNN, rk.LSTM, rk.GRU, rk.RNN

    def __getattr__(self, name: str) -> Any:
        return getattr(stock, name)


def with_ours(file: str) -> Any:
    """One of Keras' test files, seeing our layers."""
    module: Any = importlib.import_module(f"keras.src.layers.rnn.{file}")
    assert module.layers in (stock, OURS)
    module.layers = OURS
    return module


def cases(file: str) -> dict[str, type]:
    """Its test cases, which pytest collects where it finds them; two files have one of the same name."""
    module = with_ours(file)
    return {
        f"{file}_{name}": value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, TestCase) and value.__module__ == module.__name__
    }


OURS = OurLayers()
for file in FILES:
    globals().update(cases(file))

# Tests in which no cell of Keras' own runs: cells written in the test, other layers, a mocked cuDNN, constructors.
WITHOUT = {
    "rnn_test": ("test_",),
    "time_distributed_test": ("test_",),
    "stacked_rnn_cells_test": ("test_correctness", "test_statefullness"),
    "bidirectional_test": ("_eligibility", "test_keeps_use_cudnn", "_dispatch_fires"),
    "gru_test": ("_dispatch_fires",),
}


@pytest.fixture(autouse=True)
def _our_kernels_run(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test that has a SimpleRNN, an LSTM or a GRU must have called the engine."""
    before = calls()["cpu"]
    yield
    file = request.cls.__module__.rpartition(".")[2]
    if not any(part in request.node.name for part in WITHOUT.get(file, ())):
        assert calls()["cpu"] > before, f"{request.node.name} did without our kernels"
