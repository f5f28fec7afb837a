"""Models of every kind before and after `accelerate`: the same objects, variables and numbers."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
import torch
from tests.keras.pairs import engine_calls

import recurra.keras as rk
from recurra.errors import InputError
from recurra.keras import optimiser


class Subclassed(keras.Model):
    """A model that is written as a class."""

    def __init__(self) -> None:
        super().__init__()
        self.read = keras.layers.Bidirectional(keras.layers.GRU(4, return_sequences=True))
        self.parts = [keras.layers.RNN(keras.layers.LSTMCell(3)), keras.layers.Dense(1)]

    def call(self, x: Any, training: bool = False) -> Any:
        x = self.read(x, training=training)
        for part in self.parts:
            x = part(x)
        return x


def functional() -> Any:
    x = inputs = keras.Input((None, 3))
    first = keras.layers.LSTM(4, return_sequences=True, return_state=True)
    x, h, c = first(x)
    x = keras.layers.LSTM(4)(x, initial_state=[h, c])
    shared = keras.layers.SimpleRNN(2, return_sequences=True)
    return keras.Model(inputs, [keras.layers.Dense(1)(x), shared(shared(keras.layers.Dense(2)(inputs)))])


def sequential() -> Any:
    return keras.Sequential([keras.layers.Masking(), keras.layers.SimpleRNN(4), keras.layers.Dense(1)])


def nested() -> Any:
    inner = keras.Sequential([keras.Input((None, 3)), keras.layers.GRU(4, return_sequences=True)])
    return keras.Sequential([keras.Input((None, 3)), inner, keras.layers.TimeDistributed(keras.layers.Dense(1))])


def alone() -> Any:
    return keras.layers.GRU(3)


MODELS = [sequential, functional, Subclassed, nested, alone]
STOCK = (keras.layers.SimpleRNN, keras.layers.LSTM, keras.layers.GRU, keras.layers.RNN)


def recurrent(model: Any) -> list[Any]:
    return [layer for layer in model._flatten_layers() if isinstance(layer, STOCK)]


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("built", [True, False])
def test_accelerate_and_restore(make: Any, built: bool) -> None:
    model, x = make(), torch.randn(2, 6, 3)
    if not built:
        before = [type(layer) for layer in recurrent(model)]
        rk.accelerate(model)
        rk.restore(model)
        assert [type(layer) for layer in recurrent(model)] == before
        rk.accelerate(model)
        model(x)
        assert all(type(layer).__module__ == "recurra.keras" for layer in recurrent(model))
        return
    expected, variables = model(x), model.variables
    layers = recurrent(model)
    assert layers
    assert rk.accelerate(model) is model
    before = engine_calls()
    found = model(x)
    assert engine_calls() >= before + len(layers)
    keras.tree.map_structure(lambda a, b: torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6), found, expected)
    assert all(a is b for a, b in zip(recurrent(model), layers, strict=True))
    assert all(a is b for a, b in zip(model.variables, variables, strict=True))
    assert all(type(layer).__module__ == "recurra.keras" for layer in layers)
    rk.accelerate(model)
    assert rk.restore(model) is model
    assert all(type(layer) in STOCK for layer in layers)
    count = engine_calls()
    assert keras.tree.flatten(model(x))[0].equal(keras.tree.flatten(expected)[0])
    assert engine_calls() == count


@pytest.mark.slow
@pytest.mark.parametrize("make", MODELS[:-1])
def test_training_goes_on_with_the_same_curve(make: Any) -> None:
    x = np.random.default_rng(1).normal(size=(40, 5, 3)).astype(np.float32)
    curves = []
    for accelerated in (False, True):
        keras.utils.set_random_seed(5)
        model = make()
        y = keras.tree.map_structure(lambda out: np.ones(tuple(out.shape), np.float32), model(x))
        model.compile("adam", "mse")
        losses = list(model.fit(x, y, epochs=2, shuffle=False, verbose=0).history["loss"])
        if accelerated:
            rk.accelerate(model)
        losses += model.fit(x, y, epochs=3, shuffle=False, verbose=0).history["loss"]
        rk.restore(model)
        curves.append(losses + model.fit(x, y, epochs=2, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*curves, rtol=1e-4)


def test_a_subclass_of_keras_layers_is_left_alone() -> None:
    class Own(keras.layers.LSTM):
        pass

    model = keras.Sequential([Own(3)])
    assert type(rk.accelerate(model).layers[0]) is Own


@pytest.mark.parametrize("change", [rk.accelerate, rk.restore])
@pytest.mark.parametrize("wrong", [torch.nn.LSTM(2, 3), None, "model"])
def test_what_is_no_keras_model(change: Any, wrong: Any) -> None:
    with pytest.raises(InputError, match=f"model is of type {type(wrong).__name__}: expected a Keras layer or model"):
        change(wrong)


def test_the_clone_of_an_accelerated_model_is_one() -> None:
    model = rk.accelerate(functional())
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    x = torch.randn(2, 6, 3)
    assert clone(x)[0].equal(model(x)[0])
    assert [type(a) for a in recurrent(clone)] == [type(a) for a in recurrent(model)]


def compiled(optimizer: Any = "adam") -> Any:
    model = functional()
    model.compile(optimizer, "mse")
    return model


def is_fused(model: Any) -> bool:
    own = vars(model.optimizer).get("apply")
    return isinstance(own, partial) and own.func is optimiser.apply


@pytest.mark.parametrize("optimizer", [None, "sgd", "adamw"])
def test_other_optimisers_are_left_alone(optimizer: Any) -> None:
    model = functional() if optimizer is None else compiled(optimizer)
    for change in (rk.accelerate, rk.restore):
        assert "apply" not in vars(getattr(change(model), "optimizer", None) or keras.optimizers.SGD())


def test_adam_is_fused_and_back() -> None:
    model = compiled()
    assert is_fused(rk.accelerate(model))
    assert is_fused(rk.accelerate(model))
    assert "apply" not in vars(rk.restore(model).optimizer)


def test_an_apply_that_somebody_put_on_adam_stays() -> None:
    model, heard = compiled(), []
    own = model.optimizer.apply

    def noted(grads: Any, variables: Any) -> None:
        heard.append(len(variables))
        own(grads, variables)

    model.optimizer.apply = noted
    x = torch.randn(2, 6, 3)
    for change in (rk.accelerate, rk.restore):
        change(model).train_on_batch(x, [torch.ones_like(part) for part in model(x)])
    assert heard == [len(model.trainable_variables)] * 2


@pytest.mark.slow
@pytest.mark.parametrize("renew", [lambda model: model.compile("adam", "mse") or model, copy.deepcopy])
def test_a_new_optimiser_is_accelerated_again(renew: Any) -> None:
    model, x = rk.accelerate(compiled()), torch.randn(2, 6, 3)
    model.train_on_batch(x, [torch.ones_like(part) for part in model(x)])
    model = renew(model)
    assert not is_fused(model)
    assert is_fused(rk.accelerate(model))


def test_the_clone_of_a_sequential_is_accelerated_again() -> None:
    clone = keras.models.clone_model(rk.accelerate(sequential()))
    assert type(clone) is keras.Sequential
    assert type(rk.accelerate(clone)) is rk.Sequential
    assert rk.accelerate.__doc__ is not None
    assert "is accelerated again" in rk.accelerate.__doc__
