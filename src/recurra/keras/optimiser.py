"""Keras' Adam as one fused call of torch's.

    m = b1 m + (1 - b1) g;   v = b2 v + (1 - b2) g^2
    w = w - rate * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps)

torch's adds eps to sqrt(v / (1 - b2^t)), so that it is handed eps / sqrt(1 - b2^t): the same numbers to rounding.
Kingma and Ba (2015), "Adam: a method for stochastic optimization", section 2, the form before "eps hat" is replaced.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import torch
from torch import Tensor

_DTYPES = frozenset({torch.float32, torch.float64})
_STATE = ("_momentums", "_velocities", "_get_variable_index")  # what Keras 3 calls them


class FusedApply:
    """`optimizer.apply` of a Keras Adam; whatever the fused call does not cover goes to Keras' own `apply`."""

    def __init__(self, optimizer: Any) -> None:
        self._optimizer = optimizer
        self._own = optimizer.apply

    def __call__(self, grads: Any, trainable_variables: Any = None) -> None:
        """Move the variables against their gradients, and count the step."""
        optimizer, grads = self._optimizer, list(grads)
        variables = None if trainable_variables is None else list(trainable_variables)
        if variables is None or not _is_plain(optimizer) or not _are_plain(grads, variables):
            self._own(grads, variables)
            return
        indices = [optimizer._get_variable_index(variable) for variable in variables]
        t = int(optimizer.iterations.value) + 1
        step = torch.tensor(float(t))
        with torch.no_grad():
            torch._fused_adam_(  # pyright: ignore[reportPrivateImportUsage]  # the public class keeps moments of its own
                [variable.value for variable in variables],
                grads,
                [optimizer._momentums[k].value for k in indices],
                [optimizer._velocities[k].value for k in indices],
                [],
                [step] * len(grads),
                lr=float(optimizer.learning_rate),
                beta1=optimizer.beta_1,
                beta2=optimizer.beta_2,
                weight_decay=0.0,
                eps=optimizer.epsilon / math.sqrt(1 - optimizer.beta_2**t),
                amsgrad=False,
                maximize=False,
            )
        optimizer.iterations.assign_add(1)


def fuse(optimizer: Any) -> None:
    """Give a Keras Adam the fused `apply`, in place; any other optimiser stays as it is."""
    if type(optimizer) is type(keras.optimizers.Adam()) and not isinstance(optimizer.apply, FusedApply):
        optimizer.apply = FusedApply(optimizer)


def unfuse(optimizer: Any) -> None:
    """Undo `fuse`."""
    if isinstance(getattr(optimizer, "apply", None), FusedApply):
        del optimizer.apply


def _is_plain(optimizer: Any) -> bool:
    """Whether the optimiser does nothing but Adam: what it was built with may be changed at any time."""
    return (
        optimizer.built
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


def _are_plain(grads: list[Tensor | None], variables: list[Any]) -> bool:
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
        for grad, variable in zip(grads, variables, strict=True)
    )
