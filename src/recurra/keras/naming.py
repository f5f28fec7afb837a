"""What a saved model calls our classes."""

from __future__ import annotations

from typing import TypeVar

import keras

Class = TypeVar("Class", bound=type)


def public(given: Class) -> Class:
    """Saved models name the class "recurra>LSTM", and `recurra.keras` as the module to import."""
    given.__module__ = "recurra.keras"
    keras.saving.register_keras_serializable(package="recurra")(given)
    return given
