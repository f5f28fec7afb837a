"""A Sequential whose training step costs less around its layers.

Of a step of the article's program Keras spends five sixths outside the recurrence: conversions, name scopes and checks
around each layer, the loss and Adam in small operations. Where a model is one chain of known layers nothing of that
changes a number, and it is left out; anywhere else, and for whatever is unusual, the step is Keras' own.
"""

from __future__ import annotations

from typing import Any, final

import keras
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from recurra.keras.listening import is_watched
from recurra.keras.naming import public
from recurra.keras.optimiser import apply_of
from recurra.keras.recurrent import GRU, LSTM, SimpleRNN

_KNOWN = frozenset({SimpleRNN, LSTM, GRU, keras.layers.Dense, keras.layers.Dropout})  # none makes or takes a mask
_SQUARED_ERROR = ("mse", "MSE", "mean_squared_error")


@final
@public
class Sequential(keras.Sequential):
    """`keras.Sequential` with a shorter training step: the same methods, files and results, to rounding.

    >>> import recurra.keras as rk
    >>> model = rk.Sequential([rk.Input((30, 1)), rk.SimpleRNN(50), rk.layers.Dense(1)])
    >>> model.compile(optimizer="adam", loss="mse")
    >>> model.count_params()
    2651
    """

    def train_step(self, data: Any) -> Any:
        """One step on a batch (x, y) or (x, y, sample_weight): the logs."""
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        x, y = _as_tensor(x), _as_tensor(y)
        if not _is_chain(self, x):
            return super().train_step(data)  # pyright: ignore[reportCallIssue]  # it is that of the backend
        self.zero_grad()
        y_pred = x
        for layer in self.layers:
            y_pred = layer.call(y_pred, training=True)  # pyright: ignore[reportCallIssue]  # of Layer, it takes nothing
        if sample_weight is None and _is_squared_error(self, y, y_pred):
            loss: Any = functional.mse_loss(y_pred, y)
        else:
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=True)
        self._loss_tracker.update_state(loss.detach(), sample_weight=len(x))
        self.optimizer.scale_loss(loss).backward()
        variables = self.trainable_weights
        with torch.no_grad():  # an optimiser of somebody's own may write into the variables
            apply_of(self.optimizer)([variable.value.grad for variable in variables], variables)
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)


def _as_tensor(given: Any) -> Any:
    """What `train_on_batch` hands over as NumPy's, and Keras would convert in every layer."""
    is_floats = isinstance(given, np.ndarray) and given.dtype.kind == "f"
    return keras.ops.convert_to_tensor(given, "float32") if is_floats else given


def _is_chain(model: Sequential, x: Any) -> bool:
    """Whether a call of the model is the `call` of its layers one after the other, in float32, and nothing else."""
    if type(x) is not Tensor or x.dtype is not torch.float32 or not x.is_cpu or torch.compiler.is_compiling():
        return False
    if not model.built or getattr(model, "_loss_tracker", None) is None or model.optimizer is None:
        return False
    if model._functional is None or model.inputs[0].dtype != "float32":  # Keras casts to what the Input says
        return False
    shape = model.input_shape
    if not isinstance(shape, tuple) or len(shape) != x.dim() or keras.distribution.distribution() is not None:
        return False
    if any(size is not None and size != found for size, found in zip(shape[1:], x.shape[1:], strict=True)):
        return False
    if getattr(x, "_keras_mask", None) is not None or is_watched(model):
        return False
    return bool(model.trainable_weights) and all(
        type(layer) in _KNOWN
        and layer.built
        and layer.dtype_policy.name == "float32"
        and layer.activity_regularizer is None
        and not getattr(layer, "return_state", False)
        and not is_watched(layer)
        for layer in model.layers
    )


def _is_squared_error(model: Sequential, y: Any, y_pred: Tensor) -> bool:
    """Whether the loss is the plain mean of (y - y_pred)^2."""
    loss = model.loss
    if type(loss) is keras.losses.MeanSquaredError:
        plain = loss.reduction == "sum_over_batch_size" and loss.dtype == "float32"
    else:
        plain = isinstance(loss, str) and loss in _SQUARED_ERROR and keras.config.floatx() == "float32"
    return (
        plain
        and "compute_loss" not in vars(model)
        and type(y) is Tensor
        and y.shape == y_pred.shape
        and y.dtype is y_pred.dtype
        and getattr(model._compile_loss, "_user_loss_weights", loss) is None
        and not model.losses
    )
