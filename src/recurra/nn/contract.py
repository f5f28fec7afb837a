"""What the parts of a recurrent layer know of it: sizes, weights, its cell, and what its kernels are asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from recurra.cells import Cell
from recurra.kernels.contract import Call, Layout
from recurra.kernels.masks import Masks
from recurra.nn.regularisation import Regularisation

States = Tensor | tuple[Tensor, ...]
Lengths = Sequence[int] | Tensor


class Layer(Protocol):
    """A recurrent layer, as `nn.forward` and `nn.layers` run it."""

    input_size: int
    hidden_size: int
    num_layers: int
    batch_first: bool
    dropout: float
    bidirectional: bool
    proj_size: int
    bias: bool
    training: bool
    regularisation: Regularisation | None
    _parameters: Any
    _all_weights: Any  # the names of the weights of each layer and direction

    @property
    def cell(self) -> Cell: ...
    @property
    def is_plain(self) -> bool: ...
    @property
    def width(self) -> int: ...
    @property
    def directions(self) -> int: ...

    def some_weight(self) -> Tensor:
        """One of the weights of the recurrence, U where there is one: of the dtype and on the device of all."""
        ...

    def call(
        self,
        x: Tensor,
        state: tuple[Tensor, ...] | None,
        layout: Layout,
        at: int,
        dtype: torch.dtype | None,
        masks: Masks | None,
    ) -> Call:
        """What a kernel is asked for the layer and direction number `at`; `dtype` is what autocast asks for; `masks`
        are there unless the layer `is_plain`."""
        ...


def unpaired(states: tuple[Tensor, ...]) -> States:
    """As a layer's forward gives and takes them: a single state by itself, several as a tuple."""
    return states[0] if len(states) == 1 else states


def weight_of(layer: Any, name: str) -> Tensor:
    """A parameter, or the tensor that a parametrisation computes under its name."""
    parameter = layer._parameters.get(name)
    return getattr(layer, name) if parameter is None else parameter
