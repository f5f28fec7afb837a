"""Recurrent layers, and the networks and heads built of them.

Every cell of `recurra.cells`, one of your own as well, has its layer here, under the name of its class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recurra.cells.registry import by_class_name, class_names
from recurra.nn.accelerate import accelerate, restore
from recurra.nn.cell_layer import CellLayer, layer_of
from recurra.nn.recurrent import GRU, LSTM, RNN
from recurra.nn.regularisation import Regularisation
from recurra.nn.resets import run_with_resets
from recurra.nn.stack import Stack
from recurra.nn.stream import Stream

if TYPE_CHECKING:
    from recurra.nn.cell_layer import CellLayer

    MinGRU = SLSTM = CellLayer

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "SLSTM",
    "CellLayer",
    "MinGRU",
    "Regularisation",
    "Stack",
    "Stream",
    "accelerate",
    "layer_of",
    "restore",
    "run_with_resets",
]


def __getattr__(name: str) -> Any:
    cell = by_class_name(name)
    if cell is None:
        raise AttributeError(f"module 'recurra.nn' has no attribute {name!r}")
    return layer_of(cell)


def __dir__() -> list[str]:
    return sorted({*globals(), *class_names()})
