"""The layer of any registered cell: `recurra.nn.MinGRU`, `recurra.nn.SLSTM`, and that of a cell of your own.

Everything that is particular to it follows from what the cell declares: its parameters, their names, shapes and first
values, its states, and the options that it takes.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection
from dataclasses import fields
from functools import lru_cache, partial
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from recurra import cells
from recurra.cells import Cell
from recurra.cells.cell import OPTIONS
from recurra.errors import InputError
from recurra.nn.calls import PARAMETERS, has_option
from recurra.nn.contract import weight_of
from recurra.nn.layer import RecurrentLayer
from recurra.nn.recurrent import DROP_INS
from recurra.nn.regularisation import Regularisation

TRANSFORMER = "transformer"
SPAN = 128  # steps that a Transformer sees of a sequence without end


class CellLayer(RecurrentLayer):
    """A cell over a sequence, with the arguments that torch.nn's recurrent layers have.

    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype    as torch.nn's
    layer_norm, peepholes, proj_size, regularisation      for a cell that declares them
    and the fields of the cell's variant, by their names

    Parameters: `weight_ih_l0` [G*H, F], `bias_ih_l0` [G*H], and those that the cell declares (U is `weight_hh_l0`), for
    every layer and direction. Raises InputError for an option that the cell does not take, and sizes that are none.
    """

    CELL: ClassVar[type[Cell]]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        layer_norm: bool = False,
        peepholes: bool = False,
        proj_size: int = 0,
        regularisation: Regularisation | None = None,
        **variant: Any,
    ) -> None:
        super().__init__()
        _check_sizes(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout <= 1:
            raise InputError(f"dropout is {dropout!r}: expected a share from 0 to 1")
        if dropout and num_layers == 1:
            warnings.warn(f"dropout is {dropout} and there is one layer: it drops between layers", stacklevel=2)
        self._cell = _made(self.CELL, variant)
        _ = self._cell.variant  # made now, because torch.compile cannot
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bool(bias), bool(batch_first), float(dropout)
        self.bidirectional, self.proj_size = bool(bidirectional), proj_size
        self.layer_norm, self.peepholes, self.regularisation = layer_norm, peepholes, regularisation
        for option, asked in _asked(self).items():
            if asked:
                self._cell.require(option)
        self._all_weights = []
        for at, suffix in enumerate(self.suffixes()):
            features = input_size if at < self.directions else self.width * self.directions
            names = {name: torch.empty(*shape, device=device, dtype=dtype) for name, shape in self._shapes(features)}
            for name, values in names.items():
                self.register_parameter(name + suffix, nn.Parameter(values))
            self._all_weights.append([name + suffix for name in names])
        self.reset_parameters()

    @property
    def cell(self) -> Cell:
        """The cell that every layer and direction computes."""
        return self._cell

    def some_weight(self) -> Tensor:
        """U where there is one, else W."""
        return weight_of(self, "weight_hh_l0" if "weight_hh_l0" in self._all_weights[0] else "weight_ih_l0")

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The parameters of every layer and direction."""
        return [[weight_of(self, name) for name in names] for names in self._all_weights]

    def flatten_parameters(self) -> None:
        """Do nothing: it is there for code that calls it of torch.nn's layers."""

    def reset_parameters(self) -> None:
        """Draw all weights anew, as the cell says; gains of layer norms become 1, their biases 0.

        Those without memory (on the device "meta") have nothing to be drawn into.
        """
        if next(self.parameters()).is_meta:
            return
        field_of = {parameter: field for field, names in PARAMETERS.items() for parameter in names}
        field_of |= {"weight_ih": "input_weight", "bias_ih": "input_bias"}
        for at, names in enumerate(self._all_weights):
            layer = at // self.directions
            depth = layer / (self.num_layers - 1) if self.num_layers > 1 else 0.0
            suffix = names[0].removeprefix("weight_ih")
            features = self._parameters[names[0]].shape[1]  # type: ignore[union-attr]
            for name in names:
                parameter, plain = self._parameters[name], name.removesuffix(suffix)
                assert parameter is not None
                if "_norm_" in plain:
                    nn.init.constant_(parameter, 0.0 if plain.startswith("bias_") else 1.0)
                else:
                    self._cell.initialise(field_of.get(plain, plain), parameter, self.hidden_size, depth, features)

    def extra_repr(self) -> str:
        """The arguments that differ from their defaults."""
        given = [str(self.input_size), str(self.hidden_size)]
        defaults = dict(
            num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False, layer_norm=False,
            peepholes=False, proj_size=0, regularisation=None,
        )  # fmt: skip
        given += [f"{name}={getattr(self, name)}" for name, value in defaults.items() if getattr(self, name) != value]
        changed = {field.name: getattr(self._cell, field.name) for field in fields(self._cell)}  # type: ignore[arg-type]
        given += [f"{name}={value!r}" for name, value in changed.items() if value != getattr(type(self._cell)(), name)]
        return ", ".join(given)

    def _shapes(self, features: int) -> list[tuple[str, tuple[int, ...]]]:
        """The parameters of a layer and direction by the beginnings of their names, W first."""
        rows = self._cell.blocks * self.hidden_size
        found: list[tuple[str, tuple[int, ...]]] = [("weight_ih", (rows, features))]
        if self.bias:
            found.append(("bias_ih", (rows,)))
        for name, shape in self._cell.parameters(self.hidden_size, self.width).items():
            if name not in PARAMETERS:
                found.append((name, shape))
            elif has_option(self, name):
                parts = PARAMETERS[name]
                found += [(part, shape if len(parts) == 1 else shape[1:]) for part in parts]
        return found


@lru_cache
def _layer_class(cell: type[Cell]) -> type[CellLayer]:
    text = (cell.__doc__ or "").strip().splitlines()
    doc = f"The layer of the cell {cell.name!r}. {text[0] if text else ''}\n\n{CellLayer.__doc__}"
    names = {"CELL": cell, "__module__": "recurra.nn", "__qualname__": cell.__name__, "__doc__": doc}
    return type(cell.__name__, (CellLayer,), names)


def options_of(name: str) -> Collection[str]:
    """What the layer of a cell, or of "transformer", takes: "layer_norm", "recurrent_dropout", ...

    Raises InputError where no cell has this name.
    """
    return ("recurrent_dropout",) if name == TRANSFORMER else cells.get(name).options


def layer_of(name: str) -> Any:
    """The class of the layer of a cell, by the cell's name: `recurra.nn.LSTM` of "lstm".

    "transformer" is no cell: blocks of one, in the place of a recurrence (`nn.transformer_layer`). Raises InputError
    where no cell has this name.

    >>> layer_of("slstm")(3, 8, heads=2)
    SLSTM(3, 8, heads=2)
    """
    if name == TRANSFORMER:
        from recurra.nn.transformer_layer import TransformerLayer

        return TransformerLayer
    return DROP_INS[name] if name in DROP_INS else _layer_class(cells.get(name))


def endless_layer_of(name: str) -> Any:
    """The same for sequences that go on for ever: a Transformer sees the last `SPAN` steps of them."""
    return partial(layer_of(name), span=SPAN) if name == TRANSFORMER else layer_of(name)


def _made(cell: type[Cell], variant: dict[str, Any]) -> Cell:
    own = [field.name for field in fields(cell)]  # type: ignore[arg-type]
    unknown = [name for name in variant if name not in own]
    if unknown:
        raise InputError(
            f"{unknown[0]} is no argument of {cell.__name__}: expected one of torch.nn's recurrent layers"
            + (f", or {', '.join(own)}" if own else "")
        )
    return cell(**variant)


def _asked(layer: CellLayer) -> dict[str, bool]:
    given = layer.regularisation
    asked = {name: bool(getattr(layer, name)) for name in OPTIONS if hasattr(layer, name)}
    if given is not None:
        asked |= {"recurrent_dropout": given.recurrent_dropout > 0, "zoneout": any(given.zoneout_rates)}
    return asked


def _check_sizes(**sizes: object) -> None:
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise InputError(f"{name} is {size!r}: expected a whole number of at least 1")
