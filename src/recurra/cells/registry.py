"""The cells by name: those of Recurra, and those that somebody else registers. Nothing here imports torch.

>>> names()[:3]
('rnn', 'gru', 'lstm')
"""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any, TypeVar

from recurra.errors import InputError
from recurra.plugins import PLUGINS, load_plugins

if TYPE_CHECKING:
    from recurra.cells.cell import Cell

_Registered = TypeVar("_Registered", bound="type[Cell]")

# A cell of Recurra's own: where its class is, loaded when it is asked for.
_cells: dict[str, type[Cell] | str] = {
    "rnn": "recurra.cells.rnn:RNN",
    "gru": "recurra.cells.gru:GRU",
    "lstm": "recurra.cells.lstm:LSTM",
    "mingru": "recurra.cells.mingru:MinGRU",
    "slstm": "recurra.cells.slstm:SLSTM",
}


def names() -> tuple[str, ...]:
    """The names of all cells, Recurra's own first; those of the modules that RECURRA_PLUGINS names are among them."""
    load_plugins()
    return tuple(_cells)


def get(name: str) -> type[Cell]:
    """The class of a cell; InputError where no cell has this name.

    >>> get("gru").__name__
    'GRU'
    """
    if isinstance(name, str) and name not in _cells:
        load_plugins()
    found = _cells.get(name) if isinstance(name, str) else None
    if found is None:
        raise InputError(
            f"cell is {name!r}: expected one of {', '.join(_cells)}. For a cell of your own, import the module that "
            f"registers it, or name it in the environment variable {PLUGINS}"
        )
    if isinstance(found, str):
        module, _, attribute = found.partition(":")
        found = _cells[name] = getattr(importlib.import_module(module), attribute)
    return found


def register(cell: _Registered) -> _Registered:
    """Add a cell, as a decorator of its class: from then on its layer is `recurra.nn.<class name>`, its name a choice.

    Raises InputError where the class declares no cell, or another cell has its name. To have its mathematics checked
    too: `recurra.cells.check`.
    """
    from recurra.cells.declared import check_declaration

    check_declaration(cell)
    taken = _cells.get(cell.name)
    if taken is not None and _path(taken) != _path(cell):
        raise InputError(f"name is {cell.name!r}: expected a name that no cell has, and {_path(taken)} has this one")
    layers = {_class_name(each): name for name, each in _cells.items() if name != cell.name}
    if cell.__name__ in layers:
        raise InputError(
            f"the class is called {cell.__name__}, as that of {layers[cell.__name__]!r}: expected another name, as "
            f"its layer is recurra.nn.{cell.__name__}"
        )
    _cells[cell.name] = cell
    return cell


def unregister(name: str) -> None:
    """Take a cell out again; nothing happens where there is none of this name."""
    _cells.pop(name, None)


def by_class_name(class_name: str) -> str | None:
    """The name of the cell whose class is called so."""
    return next((name for name, cell in _cells.items() if _class_name(cell) == class_name), None)


def class_names() -> tuple[str, ...]:
    """What the classes of all cells, and their layers, are called."""
    return tuple(map(_class_name, _cells.values()))


def decode(variant: str) -> Cell:
    """The cell that `Cell.variant` wrote as text.

    >>> decode('gru {"reset_after": false}')
    GRU(reset_after=False)
    """
    name, _, changed = variant.partition(" ")
    given: dict[str, Any] = json.loads(changed) if changed else {}
    return get(name)(**given)


def _class_name(cell: type[Cell] | str) -> str:
    return cell.rpartition(":")[2] if isinstance(cell, str) else cell.__name__


def _path(cell: type[Cell] | str) -> str:
    return cell if isinstance(cell, str) else f"{cell.__module__}:{cell.__qualname__}"
