"""Keras' Adam as one fused call of torch's.

    m = b1 m + (1 - b1) g;   v = b2 v + (1 - b2) g^2
    w = w - rate * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps)

torch's adds eps to sqrt(v / (1 - b2^t)), so that it is handed eps / sqrt(1 - b2^t): the same numbers to rounding.
Kingma and Ba (2015), "Adam: a method for stochastic optimization", section 2, the form before "eps hat" is replaced.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import torch
from torch import Tensor

_DTYPES = frozenset({torch.float32, torch.float64})
ADAM = type(keras.optimizers.Adam())  # Keras gives each backend a class of its own
_STATE = ("_momentums", "_velocities", "_get_variable_index", "_check_variables_are_known")  # what Keras 3 calls them


def apply(optimizer: Any, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
    """`optimizer.apply`: one fused call where the optimiser is a plain Adam, else Keras' own."""
    grads = list(grads)
    if trainable_variables is None or not _is_plain(optimizer) or not _are_plain(grads, trainable_variables):
        type(optimizer).apply(optimizer, grads, trainable_variables)
        return
    optimizer._check_variables_are_known(trainable_variables)  # Keras' error says what to do
    values = [variable.value for variable in trainable_variables]
    indices = [optimizer._get_variable_index(variable) for variable in trainable_variables]
    with torch.no_grad():
        first, second = (
            [_laid_out(moments[k].value, value) for k, value in zip(indices, values, strict=True)]
            for moments in (optimizer._momentums, optimizer._velocities)
        )
        t = int(optimizer.iterations.value) + 1
        torch._fused_adam_(  # pyright: ignore[reportPrivateImportUsage]  # the public class keeps moments of its own
            values,
            [
                grad if grad.stride() == value.stride() else _as(grad, value)
                for grad, value in zip(grads, values, strict=True)
            ],
            first,
            second,
            [],
            [torch.tensor(float(t))] * len(values),
            lr=float(optimizer.learning_rate),
            beta1=optimizer.beta_1,
            beta2=optimizer.beta_2,
            weight_decay=0.0,
            eps=optimizer.epsilon / math.sqrt(1 - optimizer.beta_2**t),
            amsgrad=False,
            maximize=False,
        )
        optimizer.iterations.value.add_(1)


def apply_of(optimizer: Any) -> Any:
    """The optimiser's `apply`: what somebody has put on it, else the one above."""
    return vars(optimizer).get("apply") or partial(apply, optimizer)


def _laid_out(moment: Tensor, value: Tensor) -> Tensor:
    """A moment in the memory layout of its value: the fused call goes through memory, and knows no strides.

    Keras draws an orthogonal matrix with its columns one after the other, and its moments with their rows.
    """
    if moment.stride() != value.stride():
        moment.data = _as(moment, value)
    return moment


def _as(tensor: Tensor, like: Tensor) -> Tensor:
    return torch.empty_like(like).copy_(tensor)


def _is_plain(optimizer: Any) -> bool:
    """Whether the optimiser does nothing but Adam: what it was built with may be changed at any time."""
    return (
        type(optimizer) is ADAM
        and optimizer.built
        and not optimizer.amsgrad
        and optimizer.weight_decay is None
        and optimizer.clipnorm is None
        and optimizer.clipvalue is None
        and optimizer.global_clipnorm is None
        and not optimizer.use_ema
        and not optimizer.gradient_accumulation_steps
        and optimizer.loss_scale_factor is None
        and all(hasattr(optimizer, name) for name in _STATE)
    )


def _are_plain(grads: list[Tensor | None], variables: Sequence[Any]) -> bool:
    """Whether every variable has a dense gradient of one dtype on the CPU, and no constraint."""
    if not grads or len(grads) != len(variables):
        return False
    first = grads[0]
    if first is None or first.dtype not in _DTYPES:
        return False
    return all(
        type(grad) is Tensor
        and grad.dtype is first.dtype
        and grad.is_cpu
        and grad.layout is torch.strided
        and variable.constraint is None
        and not variable.overwrite_with_gradient
        and variable.value.dtype is first.dtype
        and _is_dense(variable.value)
        for grad, variable in zip(grads, variables, strict=True)
    )


def _is_dense(value: Tensor) -> bool:
    """Whether another tensor can have the very same layout: no gaps, no element twice."""
    return value.is_contiguous() or (value.dim() == 2 and value.t().is_contiguous())
