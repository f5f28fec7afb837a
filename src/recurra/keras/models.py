"""`keras.models`, unchanged: `from recurra.keras.models import Sequential`."""

from __future__ import annotations

from typing import Any

import keras


def __getattr__(name: str) -> Any:
    return getattr(keras.models, name)


def __dir__() -> list[str]:
    return dir(keras.models)
