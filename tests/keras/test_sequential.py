"""The shorter training step against Keras' own, and what is left to Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import torch

import recurra.keras as rk
from recurra.keras import sequential

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(70, 6, 2)).astype(np.float32)  # the last batch is a short one
Y = (X[:, -1, :1] - X[:, -2, 1:]).astype(np.float32)
WEIGHT = DRAW.uniform(0, 2, 70).astype(np.float32)


def program(models: Any, layers: Any, more: list[Any] | None = None, **options: Any) -> Any:
    """A compiled model with the same first weights whoever makes it."""
    keras.utils.set_random_seed(4)
    model = models.Sequential([keras.Input((6, 2)), layers.SimpleRNN(8), *(more or []), layers.Dense(1)])
    model.compile(**{"optimizer": "adam", "loss": "mse", **options})
    return model


@pytest.fixture
def short_steps(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each training step, whether it was the short one."""
    seen: list[bool] = []
    own = sequential._is_chain

    def noted(model: Any, x: Any) -> bool:
        seen.append(own(model, x))
        return seen[-1]

    monkeypatch.setattr(sequential, "_is_chain", noted)
    return seen


def assert_same_training(make: Callable[[Any, Any], Any], **fit: Any) -> None:
    """The same logs after each epoch, and the same weights at the end."""
    results = []
    for models, layers in ((keras.models, keras.layers), (rk.models, rk.layers)):
        model = make(models, layers)
        history = model.fit(X, Y, **{"epochs": 3, "batch_size": 32, "shuffle": False, "verbose": 0, **fit})
        results.append((history.history, model.get_weights()))
    (expected, theirs), (found, ours) = results
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=2e-5, err_msg=name)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)


PLAIN = {
    "the article's": {},
    "SGD": {"optimizer": "sgd"},
    "clipped": {"optimizer": "clipped"},
    "another loss": {"loss": "mae"},
    "a loss object": {"loss": keras.losses.MeanSquaredError()},
    "a sum": {"loss": keras.losses.MeanSquaredError(reduction="sum")},
    "a weighted loss": {"loss_weights": 0.5},
    "metrics": {"metrics": ["mae"], "weighted_metrics": ["mse"]},
}


@pytest.mark.parametrize("options", PLAIN.values(), ids=PLAIN)
def test_the_same_curve_as_keras(options: dict[str, Any], short_steps: list[bool]) -> None:
    if options.get("optimizer") == "clipped":
        assert_same_training(lambda m, ls: program(m, ls, optimizer=keras.optimizers.Adam(clipnorm=0.1)))
    else:
        assert_same_training(lambda m, ls: program(m, ls, **options))
    assert short_steps == [True] * 9


@pytest.mark.parametrize(
    "fit",
    [
        {"sample_weight": WEIGHT},
        {"validation_split": 0.2},
        {"shuffle": True},
        {"batch_size": None, "steps_per_epoch": 1},
    ],
    ids=lambda fit: next(iter(fit)),
)
def test_the_same_curve_however_it_is_fitted(fit: dict[str, Any], short_steps: list[bool]) -> None:
    assert_same_training(program, **fit)
    assert all(short_steps)


def test_the_same_curve_with_regularisers_dropout_and_frozen_layers(short_steps: list[bool]) -> None:
    def make(models: Any, layers: Any) -> Any:
        frozen = layers.Dense(5, trainable=False)
        ruled = layers.Dense(4, kernel_regularizer="l2", kernel_constraint="non_neg", activation="relu")
        return program(models, layers, [layers.Dropout(0.4, seed=3), frozen, ruled])

    assert_same_training(make)
    assert short_steps == [True] * 9


def test_targets_of_another_rank_mean_what_they_mean_to_keras() -> None:
    results = []
    for models, layers in ((keras.models, keras.layers), (rk.models, rk.layers)):
        model = program(models, layers)
        results.append(model.fit(X, Y[:, 0], epochs=2, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*results, rtol=1e-5)


UNUSUAL = {
    "a layer that is not known": lambda m, ls: program(m, ls, [ls.LayerNormalization()]),
    "activity regularizer": lambda m, ls: program(m, ls, [ls.Dense(3, activity_regularizer="l2")]),
    "mixed precision": lambda m, ls: program(m, ls, [ls.Dense(3, dtype="mixed_bfloat16")]),
    "a model in it": lambda m, ls: program(m, ls, [m.Sequential([ls.Dense(3)])]),
}


@pytest.mark.slow
@pytest.mark.parametrize("make", UNUSUAL.values(), ids=UNUSUAL)
def test_what_is_unusual_is_left_to_keras(make: Any, short_steps: list[bool]) -> None:
    if make is not UNUSUAL["mixed precision"]:
        assert_same_training(make)
    else:
        make(rk.models, rk.layers).fit(X, Y, verbose=0)
    assert not any(short_steps)


def test_a_hook_and_a_call_of_ones_own_are_heard(short_steps: list[bool]) -> None:
    model, heard = program(rk.models, rk.layers), []
    handle = model.layers[0].register_forward_hook(lambda *_: heard.append("hook"))
    model.train_on_batch(X, Y)
    handle.remove()
    own = model.layers[1].call
    model.layers[1].call = lambda *args, **kwargs: heard.append("call") or own(*args, **kwargs)
    model.train_on_batch(X, Y)
    assert short_steps == [False, False]
    assert {"hook", "call"} <= set(heard)
    del model.layers[1].call
    model.train_on_batch(X, Y)
    assert short_steps[-1]


def test_a_batch_of_the_wrong_width_is_refused_in_words() -> None:
    model = program(rk.models, rk.layers)
    model.train_on_batch(X, Y)
    with pytest.raises(ValueError, match=r"'input_weight' is torch.float32 \(8, 2\).*expected torch.float32 \(8, 5\)"):
        model.train_step((torch.zeros(3, 6, 5), torch.zeros(3, 1)))


def test_an_unbuilt_model_is_built_by_its_first_batch(short_steps: list[bool]) -> None:
    model: Any = rk.Sequential([rk.LSTM(4), rk.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    assert model.count_params() == 4 * 4 * (2 + 4 + 1) + 5
    assert short_steps[-1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_batches_of_ones_own(dtype: Any, short_steps: list[bool]) -> None:
    models = [program(keras.models, keras.layers), program(rk.models, rk.layers)]
    logs = [[model.train_on_batch(X.astype(dtype), Y.astype(dtype)) for _ in range(4)] for model in models]
    np.testing.assert_allclose(*logs, rtol=2e-5)
    assert short_steps == [True] * 4


@pytest.mark.slow
def test_callbacks_and_a_learning_rate_that_changes() -> None:
    def make(models: Any, layers: Any) -> Any:
        return program(models, layers, optimizer=keras.optimizers.Adam(0.05))

    def rate(epoch: int, now: float) -> float:
        return now * 0.1 if epoch else now

    assert_same_training(make, callbacks=[keras.callbacks.LearningRateScheduler(rate)])


@pytest.mark.parametrize("dtype", ["int32", "bfloat16"])
def test_an_input_of_another_dtype_is_cast_as_keras_does(dtype: str, short_steps: list[bool]) -> None:
    losses = []
    for models, layers in ((keras.models, keras.layers), (rk.models, rk.layers)):
        keras.utils.set_random_seed(4)
        model = models.Sequential([keras.Input((6, 2), dtype=dtype), layers.SimpleRNN(8), layers.Dense(1)])
        model.compile("adam", "mse")
        losses.append([model.train_on_batch(3 * X, Y) for _ in range(3)])
    np.testing.assert_allclose(*losses, rtol=1e-6)
    assert not any(short_steps)


def test_a_compute_loss_of_ones_own_is_asked() -> None:
    losses = []
    for models, layers in ((keras.models, keras.layers), (rk.models, rk.layers)):
        model = program(models, layers)
        own = model.compute_loss
        model.compute_loss = lambda *args, own=own, **kwargs: 10 * own(*args, **kwargs)
        losses.append([model.train_on_batch(X, Y) for _ in range(3)])
    np.testing.assert_allclose(*losses, rtol=2e-5)


def test_an_apply_of_ones_own_is_called_each_step(short_steps: list[bool]) -> None:
    model, heard = program(rk.models, rk.layers), []
    own = model.optimizer.apply

    def noted(grads: Any, variables: Any) -> None:
        heard.append(len(grads))
        own(grads, variables)

    model.optimizer.apply = noted
    for _ in range(2):
        model.train_on_batch(X, Y)
    assert heard == [5, 5]
    assert short_steps == [True, True]


class InPlace(keras.optimizers.Optimizer):
    """An optimiser that writes into the variables, which torch refuses with gradients on."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        variable.value.sub_(learning_rate * gradient)


def test_an_optimiser_that_writes_in_place(short_steps: list[bool]) -> None:
    assert_same_training(lambda m, ls: program(m, ls, optimizer=InPlace(0.01)))
    assert short_steps == [True] * 9


def test_a_layer_that_thaws_after_the_optimiser_was_built() -> None:
    for models, layers in ((keras.models, keras.layers), (rk.models, rk.layers)):
        model = program(models, layers)
        model.layers[1].trainable = False
        model.compile("adam", "mse")
        model.train_on_batch(X, Y)
        model.layers[1].trainable = True
        with pytest.raises(ValueError, match=r"(?s)Unknown variable: .*recreate a new optimizer instance"):
            model.train_on_batch(X, Y)


def test_predictions_for_no_rows() -> None:
    assert program(rk.models, rk.layers).predict_on_batch(X[:0]).shape == (0, 1)


class Untraceable(keras.layers.Layer):
    """A layer without an output for a symbolic input, so that Keras builds no graph of the model."""

    def call(self, inputs: Any) -> Any:
        return inputs

    def compute_output_spec(self, inputs: Any) -> Any:
        raise NotImplementedError


def test_a_model_without_a_graph_is_left_to_keras(short_steps: list[bool]) -> None:
    model: Any = rk.Sequential([rk.SimpleRNN(8), Untraceable(), rk.layers.Dense(1)])
    model.compile("adam", "mse")
    model(X)
    assert model.built
    model.train_on_batch(X, Y)
    assert not any(short_steps)
