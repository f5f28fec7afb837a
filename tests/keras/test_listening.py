"""Every way of listening to a layer's calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest
from torch.nn.modules.module import register_module_forward_hook

from recurra.keras.listening import is_watched

WAYS: dict[str, Callable[[Any], Any]] = {
    "forward": lambda layer: layer.register_forward_hook(print),
    "before": lambda layer: layer.register_forward_pre_hook(print),
    "backward": lambda layer: layer.register_full_backward_hook(print),
    "before backward": lambda layer: layer.register_full_backward_pre_hook(print),
    "every module": lambda _: register_module_forward_hook(print),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_hooks(way: Callable[[Any], Any]) -> None:
    layer = keras.layers.Dense(2)
    handle = way(layer)
    try:
        assert is_watched(layer)
    finally:
        handle.remove()
    assert not is_watched(layer)


def test_a_call_put_on_the_layer() -> None:
    layer: Any = keras.layers.Dense(2)
    layer.call = layer.call
    assert is_watched(layer)
    del layer.call
    assert not is_watched(layer)
