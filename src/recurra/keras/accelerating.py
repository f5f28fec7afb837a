"""One line for a Keras model that exists: its recurrent layers become ours, and back."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeVar

import keras

from recurra.errors import InputError
from recurra.keras.optimiser import ADAM, apply
from recurra.keras.recurrent import GRU, LSTM, RNN, SimpleRNN
from recurra.keras.sequential import Sequential

Model = TypeVar("Model", bound=keras.layers.Layer)

OURS: dict[type, type] = {
    keras.layers.SimpleRNN: SimpleRNN,
    keras.layers.LSTM: LSTM,
    keras.layers.GRU: GRU,
    keras.layers.RNN: RNN,
    keras.Sequential: Sequential,
}
THEIRS = {ours: theirs for theirs, ours in OURS.items()}


def accelerate(model: Model) -> Model:
    """Let every SimpleRNN, LSTM, GRU and RNN of a Keras model run on Recurra's kernels, in place; the model comes back.

    Each layer keeps its identity, name, variables and results: only its class changes, also within Bidirectional,
    TimeDistributed and nested models, before or after `compile` and `fit`. Subclasses of Keras' layers are left alone,
    since they may compute something else. A `keras.Sequential` gets the training step of ours, and where the model is
    compiled with Adam, its update becomes one fused call; compile first, then accelerate. What makes a new optimiser or
    a new model of Keras' own (another `compile`, a copy, `clone_model` of a Sequential) is accelerated again.

    Errors: InputError for anything but a Keras layer or model.

    >>> import keras
    >>> import recurra.keras as rk
    >>> model = keras.Sequential([keras.Input((7, 3)), keras.layers.Bidirectional(keras.layers.LSTM(5))])
    >>> type(rk.accelerate(model).layers[0].forward_layer) is rk.LSTM
    True
    """
    _exchange(model, OURS)
    _fuse(getattr(model, "optimizer", None))
    return model


def restore(model: Model) -> Model:
    """Undo `accelerate`, in place: every layer of ours becomes Keras' own, and a saved model needs Keras alone.

    Errors: InputError for anything but a Keras layer or model.

    >>> import keras
    >>> import recurra.keras as rk
    >>> type(rk.restore(rk.accelerate(keras.layers.GRU(5)))) is keras.layers.GRU
    True
    """
    _exchange(model, THEIRS)
    _unfuse(getattr(model, "optimizer", None))
    return model


def _exchange(model: Any, classes: dict[type, type]) -> None:
    if not isinstance(model, keras.layers.Layer):
        raise InputError(
            f"model is of type {type(model).__name__}: expected a Keras layer or model. "
            "For a torch.nn.Module there is `recurra.accelerate`"
        )
    for layer in model._flatten_layers():
        if type(layer) in classes:
            layer.__class__ = classes[type(layer)]


def _fuse(optimizer: Any) -> None:
    """Let a Keras Adam step by one fused call, in place; any other, or one with an `apply` put on it, stays."""
    if type(optimizer) is ADAM and "apply" not in vars(optimizer):
        optimizer.apply = partial(apply, optimizer)


def _unfuse(optimizer: Any) -> None:
    if optimizer is None:
        return
    own = vars(optimizer).get("apply")
    if isinstance(own, partial) and own.func is apply:
        del optimizer.apply
