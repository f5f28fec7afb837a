"""A stock layer of Keras and ours with the same weights."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import torch
from torch import Tensor

import recurra.keras as rk
from recurra.kernels import calls

# Stock Keras rounds a layer of float64 to float32 on its way; ours against exact numbers: test_loop's gradgradcheck.
TOLERANCE = {"float32": 1e-5, "float64": 1e-6}


def pair(name: str, units: int, shape: tuple[int, int, int], **options: Any) -> tuple[Any, Any]:
    """keras.layers.`name` and recurra.keras.`name`, built for `shape` [B, T, F], every weight drawn, biases too."""
    draw = np.random.default_rng(3)
    stock, ours = getattr(keras.layers, name)(units, **options), getattr(rk, name)(units, **options)
    stock.build(shape)
    ours.build(shape)
    weights = [draw.normal(size=weight.shape) * 0.4 for weight in stock.get_weights()]
    stock.set_weights(weights)
    ours.set_weights(weights)
    return stock, ours


def flat(result: Any) -> list[Tensor]:
    """Whatever a layer returned, as a list of tensors."""
    return keras.tree.flatten(result)


def gradients(layer: Any, result: Any, x: Tensor) -> list[Tensor]:
    """Of a fixed weighting of the results, by the input and every weight."""
    generator = torch.Generator().manual_seed(1)
    total = torch.zeros((), dtype=torch.float64)
    for part in flat(result):
        total = total + (part.double() * torch.randn(part.shape, generator=generator, dtype=torch.float64)).sum()
    return list(torch.autograd.grad(total, [x, *(weight.value for weight in layer.trainable_weights)]))


def assert_same(stock: Any, ours: Any, x: Tensor, **call: Any) -> None:
    """Results, last states and all gradients agree."""
    dtype = str(x.dtype).removeprefix("torch.")
    close = TOLERANCE[dtype]
    theirs_x, our_x = x.clone().requires_grad_(), x.clone().requires_grad_()
    theirs, found = stock(theirs_x, **call), ours(our_x, **call)
    assert keras.tree.map_structure(lambda t: t.shape, theirs) == keras.tree.map_structure(lambda t: t.shape, found)
    for expected, got in zip(flat(theirs), flat(found), strict=True):
        torch.testing.assert_close(got, expected, rtol=close, atol=close)
    pairs = zip(gradients(stock, theirs, theirs_x), gradients(ours, found, our_x), strict=True)
    for expected, got in pairs:
        torch.testing.assert_close(got, expected, rtol=10 * close, atol=10 * close)


def engine_calls() -> int:
    """How often our engine has run so far."""
    return calls()["cpu"]
