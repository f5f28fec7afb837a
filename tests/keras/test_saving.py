"""Keras' own files: ours in and out, weights between stock layers and ours, and what a file says that it needs."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import torch

import recurra.keras as rk


def model_of(models: Any, layers: Any, seed: int = 1) -> Any:
    keras.utils.set_random_seed(seed)
    model = models.Sequential([
        keras.Input((6, 2)),
        layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
        layers.GRU(4, return_sequences=True, reset_after=False),
        layers.RNN([keras.layers.GRUCell(3), keras.layers.SimpleRNNCell(2)], return_sequences=True),
        layers.SimpleRNN(3),
        layers.Dense(1),
    ])  # fmt: skip
    model.compile("adam", "mse")
    return model


X = torch.randn(4, 6, 2, generator=torch.Generator().manual_seed(0))


@pytest.mark.slow
def test_a_model_of_ours_goes_through_its_file(tmp_path: Path) -> None:
    model: Any = model_of(rk.models, rk.layers)
    model.fit(X.numpy(), np.ones((4, 1), np.float32), verbose=0)
    model.save(tmp_path / "model.keras")
    found: Any = keras.models.load_model(tmp_path / "model.keras")
    assert type(found) is rk.Sequential
    assert type(found.layers[0].backward_layer) is rk.LSTM
    assert found(X).equal(model(X))
    models: list[Any] = [model, found]
    logs = [m.fit(X.numpy(), np.ones((4, 1), np.float32), verbose=0).history["loss"] for m in models]
    assert logs[0] == logs[1]  # the moments of Adam came along


@pytest.mark.spawn
def test_the_file_says_what_it_needs(tmp_path: Path) -> None:
    model_of(rk.models, rk.layers).save(tmp_path / "model.keras")
    config = json.loads(zipfile.ZipFile(tmp_path / "model.keras").read("config.json"))
    assert (config["module"], config["registered_name"]) == ("recurra.keras", "recurra>Sequential")
    names = {layer["registered_name"] for layer in config["config"]["layers"]}
    assert names == {None, "recurra>GRU", "recurra>RNN", "recurra>SimpleRNN"}
    code = (
        f"import keras\npath = {str(tmp_path / 'model.keras')!r}\n"
        "try:\n    keras.models.load_model(path)\nexcept TypeError as error:\n    print(error)\n"
        "import recurra.keras\nkeras.models.load_model(path)\n"
    )
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    assert "'module': 'recurra.keras'" in run.stdout
    assert run.returncode == 0, run.stderr


@pytest.mark.slow
def test_a_restored_model_needs_keras_alone(tmp_path: Path) -> None:
    model = rk.accelerate(model_of(keras.models, keras.layers))
    model.fit(X.numpy(), np.ones((4, 1), np.float32), verbose=0)
    expected = model(X)
    rk.restore(model).save(tmp_path / "model.keras")
    assert b"recurra" not in zipfile.ZipFile(tmp_path / "model.keras").read("config.json")
    found: Any = keras.models.load_model(tmp_path / "model.keras")
    torch.testing.assert_close(found(X), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("ours_first", [True, False])
def test_weights_go_both_ways(ours_first: bool, tmp_path: Path) -> None:
    pair = [model_of(rk.models, rk.layers, 1), model_of(keras.models, keras.layers, 2)]
    giver, taker = pair if ours_first else pair[::-1]
    assert not torch.allclose(giver(X), taker(X))
    giver.save_weights(tmp_path / "some.weights.h5")
    taker.load_weights(tmp_path / "some.weights.h5")
    torch.testing.assert_close(taker(X), giver(X), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("through", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
@pytest.mark.parametrize("accelerated", [True, False])
def test_copies(through: Any, accelerated: bool) -> None:
    model = rk.accelerate(model_of(keras.models, keras.layers)) if accelerated else model_of(rk.models, rk.layers)
    model.fit(X.numpy(), np.ones((4, 1), np.float32), verbose=0)
    found = through(model)
    assert found(X).equal(model(X))
    found.fit(X.numpy(), np.ones((4, 1), np.float32), verbose=0)
    assert not found(X).equal(model(X))
