"""Keras 3 with its recurrent layers on Recurra's kernels.

>>> import recurra.keras as keras
>>> model = keras.Sequential([keras.Input((30, 1)), keras.layers.SimpleRNN(50), keras.layers.Dense(1)])
>>> type(model.layers[0]) is keras.SimpleRNN
True

Every other name and submodule is Keras' own. `accelerate(model)` exchanges the layers of a model that exists.
"""

from __future__ import annotations

import sys
from typing import Any

from recurra.keras.choosing import KerasError, ensure_torch

ensure_torch()

import keras as _keras  # noqa: E402  # a backend is to be chosen before

from recurra.keras import layers, models  # noqa: E402
from recurra.keras.accelerating import accelerate, restore  # noqa: E402
from recurra.keras.explaining import why_not  # noqa: E402
from recurra.keras.recurrent import GRU, LSTM, RNN, SimpleRNN  # noqa: E402
from recurra.keras.sequential import Sequential  # noqa: E402

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "KerasError",
    "Sequential",
    "SimpleRNN",
    "accelerate",
    "layers",
    "models",
    "restore",
    "why_not",
]

# `from recurra.keras.optimizers import Adam`: an import asks sys.modules, not the function below.
for _name, _module in list(sys.modules.items()):
    if _name.startswith("keras.") and not _name.startswith(("keras.src", "keras._")):
        sys.modules.setdefault(f"recurra.{_name}", _module)


def __getattr__(name: str) -> Any:
    return getattr(_keras, name)


def __dir__() -> list[str]:
    return sorted({*__all__, *dir(_keras)})
