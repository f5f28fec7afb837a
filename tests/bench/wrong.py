"""Layers that look like ours and compute something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn


def wrong_layer(layer: type[nn.RNNBase], change: Callable[..., Any]) -> Callable[..., nn.RNNBase]:
    """A stand-in for the class of `layer` whose result is what `change` makes of outputs and last state."""

    def build(*arguments: Any, **options: Any) -> nn.RNNBase:
        built = layer(*arguments, **options)
        built.register_forward_hook(lambda _module, _input, result: change(*result))
        return built

    return build
