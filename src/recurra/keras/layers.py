"""`keras.layers`, with the recurrent layers on our kernels: `from recurra.keras.layers import Dense, SimpleRNN`."""

from __future__ import annotations

from typing import Any

import keras

from recurra.keras.recurrent import GRU, LSTM, RNN, SimpleRNN

__all__ = ["GRU", "LSTM", "RNN", "SimpleRNN"]


def __getattr__(name: str) -> Any:
    return getattr(keras.layers, name)


def __dir__() -> list[str]:
    return sorted({*__all__, *dir(keras.layers)})
