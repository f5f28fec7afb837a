"""One call of a layer, as it is timed and as it is checked: forward, and backward where it trains."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from recurra.bench.cases import Case

CLASSES = {"rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}


@dataclass(frozen=True)
class LayerCall:
    """A layer and its input, called as a network would call it.

    `input` is [T, B, I] or a PackedSequence; `upstream` the gradients that arrive at outputs and last states, in the
    order of `tensors_of`; None for inference.
    """

    layer: nn.Module
    input: Tensor | PackedSequence
    upstream: tuple[Tensor, ...] | None

    def __call__(self) -> tuple[Tensor, ...]:
        """Forward without gradients, or forward and backward into fresh gradients."""
        if self.upstream is None:
            with torch.no_grad():
                return tensors_of(self.layer(self.input))
        for parameter in self.layer.parameters():
            parameter.grad = None
        self.data.grad = None
        tensors = tensors_of(self.layer(self.input))
        torch.autograd.backward(tensors, self.upstream)
        return tensors

    @property
    def data(self) -> Tensor:
        """The input's numbers."""
        return self.input.data if isinstance(self.input, PackedSequence) else self.input

    def results(self) -> dict[str, Tensor]:
        """Outputs, last states and, where it trains, the gradients of the input and of every parameter."""
        tensors = self()
        found: dict[str, Tensor] = dict(
            zip(("outputs", "last h", "last c"), (tensor.detach() for tensor in tensors), strict=False)
        )
        if self.upstream is None:
            return found
        gradients = {"input": self.data.grad, **{name: p.grad for name, p in self.layer.named_parameters()}}
        return found | {f"gradient of {name}": _present(gradient, name) for name, gradient in gradients.items()}

    def in_dtype(self, dtype: torch.dtype) -> LayerCall:
        """The same call with the same numbers in another dtype."""
        layer = copy.deepcopy(self.layer).to(dtype)
        upstream = None if self.upstream is None else tuple(tensor.to(dtype) for tensor in self.upstream)
        data = self.data.detach().to(dtype, copy=True).requires_grad_(self.data.requires_grad)
        input = self.input._replace(data=data) if isinstance(self.input, PackedSequence) else data
        return LayerCall(layer, input, upstream)

    def with_layer(self, layer: nn.Module) -> LayerCall:
        """Another layer on the same numbers; the input's gradient is its own."""
        data = self.data.detach().clone().requires_grad_(self.data.requires_grad)
        input = self.input._replace(data=data) if isinstance(self.input, PackedSequence) else data
        return LayerCall(layer, input, self.upstream)


def tensors_of(result: Any) -> tuple[Tensor, ...]:
    """Outputs (a packed sequence's data) and last states of what a layer returns."""
    outputs, state = result
    flat = outputs.data if isinstance(outputs, PackedSequence) else outputs
    return (flat, *state) if isinstance(state, tuple) else (flat, state)


def make_layer(library: ModuleType, case: Case, **options: Any) -> nn.Module:
    """The layer of `library` (torch.nn or recurra.nn) that `case` asks for, its weights drawn by torch."""
    layer = getattr(library, CLASSES[case.cell])(case.hidden, case.hidden, **options)
    return layer.to(getattr(torch, case.dtype)).train(case.mode == "training")


def make_call(layer: nn.Module, case: Case, *, lengths: Tensor | None = None) -> LayerCall:
    """A call of `layer` at the case's size on random numbers; packed where `lengths` [B] are given."""
    dtype = getattr(torch, case.dtype)
    training = case.mode == "training"
    x = torch.randn(case.steps, case.batch, case.hidden).to(dtype)
    input = x if lengths is None else pack_padded_sequence(x, lengths, enforce_sorted=False)
    data = input.data if isinstance(input, PackedSequence) else x
    upstream = None
    if training:
        with torch.no_grad():
            upstream = tuple(torch.randn_like(tensor) for tensor in tensors_of(layer(input)))
        data.requires_grad_()
    return LayerCall(layer, input, upstream)


def make_pair(
    ours: ModuleType, theirs: ModuleType, case: Case, *, lengths: Tensor | None = None, seed: int = 0
) -> tuple[LayerCall, LayerCall]:
    """The same call on the layers of two libraries: same weights, same input, same upstream gradients."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        their_layer = make_layer(theirs, case)
        our_layer = make_layer(ours, case)
        our_layer.load_state_dict(their_layer.state_dict())
        their_call = make_call(their_layer, case, lengths=lengths)
    return their_call.with_layer(our_layer), their_call


def _present(gradient: Tensor | None, name: str) -> Tensor:
    return torch.full((), torch.nan) if gradient is None else gradient
