"""Recurrent layers of different widths and kinds on top of each other, with residual connections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence

from recurra.errors import InputError
from recurra.nn.accelerate import accelerate
from recurra.nn.checks import read_lengths
from recurra.nn.contract import Lengths
from recurra.nn.layer import RecurrentLayer
from recurra.nn.stream import Stream


class Stack(nn.Module):
    """Layers on top of each other: the outputs of one are the input of the next.

        y_k = layer_k(x_k)
        x_{k+1} = dropout(y_k + x_k) where `residual` and both are equally wide, else dropout(y_k)

    layers    recurrent layers of Recurra or torch.nn; each with as many features as the one below gives
    residual  add the input of a layer to its outputs wherever they are equally wide (He et al. 2016)
    dropout   the share of features dropped between the layers, in training

    Raises InputError where the layers do not fit together.

    >>> import torch
    >>> import recurra as rc
    >>> stack = rc.nn.Stack([rc.nn.GRU(3, 8), rc.nn.LSTM(8, 8), rc.nn.RNN(8, 4)], residual=True)
    >>> outputs, states = stack(torch.randn(7, 2, 3))
    >>> outputs.shape, len(states)
    (torch.Size([7, 2, 4]), 3)
    """

    def __init__(self, layers: Iterable[nn.Module], *, residual: bool = False, dropout: float = 0.0) -> None:
        super().__init__()
        given: list[Any] = list(layers)
        _check(given, dropout)
        self.layers = nn.ModuleList(given)
        self.residual = residual
        self.dropout = dropout
        accelerate(self)
        widths = [(layer.input_size, output_width(layer)) for layer in given]
        self.added = [residual and before == after for before, after in widths]
        if residual and not any(self.added):
            raise InputError(
                f"residual is True, but no layer is as wide as its input: the widths are {widths}. Give at least one "
                "layer an output of the width of its input"
            )

    def forward(
        self,
        input: Tensor | PackedSequence,
        hx: Sequence[Any] | None = None,
        *,
        lengths: Lengths | None = None,
    ) -> tuple[Any, tuple[Any, ...]]:
        """Run all layers; `input` and `lengths` as for a single layer, `hx` one state (or None) per layer.

        Returns the outputs of the last layer, and one last state per layer.
        """
        if hx is not None and len(hx) != len(self.layers):
            raise InputError(f"hx has {len(hx)} states: expected one per layer, {len(self.layers)}, or None")
        x = input
        if lengths is not None and self.residual and isinstance(x, Tensor):
            x, lengths = self._without_padding(x, lengths)
        states = []
        for i, layer in enumerate(self.layers):
            state = None if hx is None else hx[i]
            y, last = layer(x, state) if lengths is None else layer(x, state, lengths=lengths)
            states.append(last)
            if self.added[i]:
                y = _each(y, _data(y) + _data(x))
            if self.dropout and self.training and i < len(self.layers) - 1:
                y = _each(y, functional.dropout(_data(y), self.dropout))
            x = y
        return x, tuple(states)

    def step(self, input: Tensor, hx: Sequence[Any] | None = None) -> tuple[Tensor, tuple[Any, ...]]:
        """Run all layers over the next step of a stream: what `forward` gives for the sequence, a step at a time.

        `input` [B, F] or [F]; `hx` the states that the step before returned, None at the beginning. Returns the outputs
        [B, R] or [R] and the states for the next step. Raises InputError where a layer needs the whole sequence.

        >>> import torch
        >>> import recurra as rc
        >>> y, states = rc.nn.Stack([rc.nn.GRU(3, 8), rc.nn.MinGRU(8, 4)]).step(torch.randn(2, 3))
        >>> y.shape
        torch.Size([2, 4])
        """
        if hx is not None and len(hx) != len(self.layers):
            raise InputError(f"hx has {len(hx)} states: expected one per layer, {len(self.layers)}, or None")
        self._refuse_dropout()
        x, states = input, []
        layers: Any = self.layers
        for i, layer in enumerate(layers):
            y, last = layer.step(x, None if hx is None else hx[i])
            states.append(last)
            x = y + x if self.added[i] else y
        return x, tuple(states)

    def stream(
        self, batch: int = 1, *, head: nn.Linear | None = None, threads: int | None = None, int8: bool = False
    ) -> Stream:
        """The stack as a stream that goes on one step at a time, as a single layer's `stream`.

        >>> import numpy as np
        >>> import recurra as rc
        >>> rc.nn.Stack([rc.nn.GRU(3, 8), rc.nn.LSTM(8, 4)]).stream(batch=2).step(np.zeros((2, 3))).shape
        (2, 4)
        """
        self._refuse_dropout()
        layers: Any = self.layers
        each = list(zip(layers, self.added, strict=True))
        return Stream(each, alone=False, batch=batch, head=head, threads=threads, int8=int8)

    def _refuse_dropout(self) -> None:
        if self.training and self.dropout:
            raise InputError("the stack is in training mode and drops features between its layers: call eval() first")

    def _without_padding(self, x: Tensor, lengths: Lengths) -> tuple[Tensor, Lengths]:
        """Zeros after each row's end, so that a residual connection does not carry padding into the outputs."""
        batch_first = self.layers[0].batch_first
        batched = x if x.dim() == 3 else x.unsqueeze(0 if batch_first else 1)
        if batched.dim() != 3:
            return x, lengths  # the first layer refuses it in its own words
        steps, batch = batched.shape[1 if batch_first else 0], batched.shape[0 if batch_first else 1]
        ends = read_lengths(lengths, steps, batch)
        if ends is None:
            return x, lengths
        ended = torch.arange(steps).unsqueeze(1) >= ends
        ended = (ended.T if batch_first else ended).unsqueeze(-1).to(x.device)
        return batched.masked_fill(ended, 0).view_as(x), ends

    def extra_repr(self) -> str:
        """The arguments that differ from their defaults."""
        return ", ".join(f"{name}={getattr(self, name)}" for name in ("residual", "dropout") if getattr(self, name))


def output_width(layer: Any) -> int:
    """Features of a layer's outputs: D*R."""
    return (layer.proj_size or layer.hidden_size) * (2 if layer.bidirectional else 1)


def _check(layers: list[Any], dropout: float) -> None:
    if not layers:
        raise InputError("layers is empty: expected at least one recurrent layer")
    for i, layer in enumerate(layers):
        if not isinstance(layer, nn.RNN | nn.LSTM | nn.GRU | RecurrentLayer):
            raise InputError(
                f"layers[{i}] is of type {type(layer).__name__}: expected a recurrent layer of Recurra or torch.nn, "
                "such as an RNN, LSTM or GRU"
            )
    for i, (below, above) in enumerate(pairwise(layers)):
        if above.input_size != output_width(below):
            raise InputError(
                f"layers[{i + 1}] has input_size {above.input_size}: expected {output_width(below)}, the width of the "
                f"outputs of layers[{i}]"
            )
        if above.batch_first != below.batch_first:
            raise InputError(
                f"layers[{i + 1}] has batch_first={above.batch_first}: expected {below.batch_first}, as layers[{i}]"
            )
    if not 0 <= dropout < 1:
        raise InputError(f"dropout is {dropout}: expected a share of at least 0 and below 1")


def _data(x: Tensor | PackedSequence) -> Tensor:
    return x.data if isinstance(x, PackedSequence) else x


def _each(like: Tensor | PackedSequence, data: Tensor) -> Tensor | PackedSequence:
    return like._replace(data=data) if isinstance(like, PackedSequence) else data
