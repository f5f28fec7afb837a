"""`keras.models`, with our training step: `from recurra.keras.models import Sequential`."""

from __future__ import annotations

from typing import Any

import keras

from recurra.keras.sequential import Sequential

__all__ = ["Sequential"]


def __getattr__(name: str) -> Any:
    return getattr(keras.models, name)


def __dir__() -> list[str]:
    return sorted({*__all__, *dir(keras.models)})
