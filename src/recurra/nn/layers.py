"""All layers and directions of one recurrent layer, one after the other, through the kernel that was chosen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from recurra.cells import GRU, LSTM, RNN, Weights
from recurra.kernels import chooser
from recurra.kernels.contract import SILENCE, Layout, Noise, Recurrence
from recurra.kernels.masks import Masks
from recurra.kernels.shapes import check_input_weights, check_weights

if TYPE_CHECKING:
    from recurra.nn.layer import RecurrentLayer

# What torch.nn computes too is made once: a call of a small layer takes no longer than a few of these objects.
PLAIN = {
    (mode, reverse): Recurrence(cell, reverse)
    for mode, cell in {"RNN_TANH": RNN(), "RNN_RELU": RNN("relu"), "LSTM": LSTM(), "GRU": GRU()}.items()
    for reverse in (False, True)
}


def run_layers(
    layer: RecurrentLayer,
    x: Tensor,
    states: tuple[Tensor, ...] | None,
    layout: Layout,
    backend: str,
    plain: bool,
    dtype: torch.dtype | None = None,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """x [N, F], states [L*D, B, .] each or None for zeros -> outputs [N, D*R], last states [L*D, B, .].

    `backend`: by name; `plain`: torch.nn has this very layer; `dtype`: what autocast has us compute in, or None.
    """
    if dtype is not None and torch.is_autocast_enabled(x.device.type):
        states = None if states is None else tuple(state.to(dtype) for state in states)
        with torch.autocast(x.device.type, enabled=False):
            x, last = run_layers(layer, x.to(dtype), states, layout, backend, plain, dtype)
        if layer.proj_size:  # a product is the last thing that made h
            dtype = torch.get_autocast_dtype(x.device.type)
            return x.to(dtype), (last[0].to(dtype), *last[1:])
        return x, last
    directed = len(layer._all_weights)
    kernel = chooser.kernel(backend, directed)
    arguments = _plain_arguments if plain else partial(_arguments, masks=Masks())
    if directed == 1:
        start = None if states is None else tuple([state[0] for state in states])
        x, last = kernel(*arguments(layer, x, start, layout, 0, dtype))
        return x, tuple([state.unsqueeze(0) for state in last])
    outputs: list[Tensor] = []
    lasts: list[tuple[Tensor, ...]] = []
    for at in range(directed):
        start = None if states is None else tuple([state[at] for state in states])
        output, last = kernel(*arguments(layer, x, start, layout, at, dtype))
        outputs.append(output)
        lasts.append(last)
        if len(outputs) == layer.directions:
            x = output if len(outputs) == 1 else torch.cat(outputs, dim=-1)
            outputs.clear()
            if layer.dropout and layer.training and at < directed - 1:
                x = functional.dropout(x, layer.dropout)
    return x, tuple([torch.stack(parts) for parts in zip(*lasts, strict=True)])


def weight_of(layer: torch.nn.Module, name: str) -> Tensor:
    """A parameter, or the tensor that a parametrisation computes under its name."""
    parameter = layer._parameters.get(name)
    return getattr(layer, name) if parameter is None else parameter


def autocast_dtype(
    layer: RecurrentLayer, x: Tensor, states: tuple[Tensor, ...] | None, layout: Layout
) -> torch.dtype | None:
    """The dtype that torch.nn's results have under the autocast that is active for `x`; None where it changes nothing.

    torch rounds the products of a GRU, and those of an LSTM over packed input or with a projection, but not their
    states: there the states' dtype is that of the result, and we compute in it altogether. (The h of a projection is
    a product, which `run_layers` rounds at the end.)
    """
    device = x.device.type
    if not torch.is_autocast_enabled(device) or x.dtype == torch.float64:
        return None
    if layer.mode == "GRU" or (layer.mode == "LSTM" and (layout.offsets is not None or layer.proj_size)):
        dtype = x.dtype
        for state in states or ():
            dtype = torch.promote_types(dtype, state.dtype)
        return dtype
    return torch.get_autocast_dtype(device)


def _plain_arguments(
    layer: RecurrentLayer,
    x: Tensor,
    state: tuple[Tensor, ...] | None,
    layout: Layout,
    at: int,
    dtype: torch.dtype | None,
) -> tuple[Recurrence, Tensor, Tensor | None, Tensor | None, tuple[Tensor, ...] | None, Weights, Layout, Noise]:
    """What a backend's `run` takes, for the layer and direction number `at`."""
    names = layer._all_weights[at]
    parameters: dict[str, Any] = layer._parameters
    found: list[Tensor] = [parameters[name] if name in parameters else getattr(layer, name) for name in names]
    if dtype is not None:
        found = [weight.to(dtype) for weight in found]
    input_bias, bias = found[2:4] if layer.bias else (None, None)
    weights = Weights(found[1], bias, found[-1] if layer.proj_size else None)
    recurrence = PLAIN[layer.mode, layer.bidirectional and at % 2 == 1]
    check_weights(recurrence.cell, weights, layer.hidden_size, layer.width, x)
    check_input_weights(len(weights.recurrent), x, found[0], input_bias)
    return recurrence, x, found[0], input_bias, state, weights, layout, SILENCE


def _arguments(
    layer: RecurrentLayer,
    x: Tensor,
    state: tuple[Tensor, ...] | None,
    layout: Layout,
    at: int,
    dtype: torch.dtype | None,
    masks: Masks,
) -> tuple[Recurrence, Tensor, Tensor | None, Tensor | None, tuple[Tensor, ...] | None, Weights, Layout, Noise]:
    """The same where a layer has options that torch.nn lacks."""
    plain, x, input_weight, input_bias, state, weights, layout, noise = _plain_arguments(
        layer, x, state, layout, at, dtype
    )
    suffix = layer._all_weights[at][0].removeprefix("weight_ih")

    def added(name: str) -> Tensor:
        weight = weight_of(layer, name + suffix)
        return weight if dtype is None else weight.to(dtype)

    if layer.peepholes:
        weights = weights._replace(peephole=added("weight_peephole"))
    if layer.layer_norm:
        weights = weights._replace(norm=added("weight_norm_hh"), norm_input=added("weight_norm_ih"))
        if layer.mode == "LSTM":
            weights = weights._replace(norm_cell=torch.stack([added("weight_norm_cell"), added("bias_norm_cell")]))
    check_weights(layer.cell, weights, layer.hidden_size, layer.width, x)
    zoneout = (0.0, 0.0)
    if layer.regularisation is not None:
        zoneout = layer.regularisation.zoneout_rates
        if layer.training:
            width = weights.recurrent.shape[1]
            noise = Noise(
                masks.dropout(layout.batch, width, layer.regularisation.recurrent_dropout, x),
                masks.zoneout(len(x), width, zoneout[0], x),
                masks.zoneout(len(x), layer.hidden_size, zoneout[1], x) if layer.mode == "LSTM" else None,
            )
    return Recurrence(layer.cell, plain.reverse, zoneout), x, input_weight, input_bias, state, weights, layout, noise
