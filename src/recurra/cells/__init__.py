"""The mathematics of recurrence: one file per cell, which declares what it is and computes one step.

A cell declares its name, states, gates and weights (`cells.cell`), and has `step(projected_input, state, weights,
dropout) -> state`, made of `activate`, the values of its gates, and `update`. `names` are all that there are, `get` is
one by name; `register` adds one of your own, and `check` tries it out.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from recurra.cells.registry import by_class_name, class_names, decode, get, names, register, unregister

if TYPE_CHECKING:
    from recurra.cells.cell import Cell, Gate, State
    from recurra.cells.declared import check
    from recurra.cells.gru import GRU
    from recurra.cells.lstm import LSTM
    from recurra.cells.mingru import MinGRU
    from recurra.cells.rnn import RNN
    from recurra.cells.slstm import SLSTM
    from recurra.cells.weights import Weights

__all__ = [
    "GRU", "LSTM", "RNN", "SLSTM", "Cell", "Gate", "MinGRU", "State", "Weights", "check", "decode", "get", "names",
    "register", "unregister",
]  # fmt: skip

# These need torch, which takes a second to load; the names of the cells do not.
_LATER = {"Cell": "cell", "Gate": "cell", "State": "cell", "Weights": "weights", "check": "declared"}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        found = getattr(importlib.import_module(f"recurra.cells.{_LATER[name]}"), name)
    elif (cell := by_class_name(name)) is not None:
        return get(cell)
    else:
        raise AttributeError(f"module 'recurra.cells' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, *class_names()})
