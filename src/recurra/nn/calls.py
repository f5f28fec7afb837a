"""What the kernels are asked for one layer and direction: its weights, and the masks of its regularisation.

At the sizes of most networks a recurrence takes a tenth of a millisecond, and what stands here is a part of it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from recurra.cells import GRU, LSTM, RNN, Weights
from recurra.cells.cell import OPTION_OF
from recurra.kernels.contract import NO_MASKS, Call, DropoutMasks, Layout, Recurrence, call_of
from recurra.kernels.masks import Masks
from recurra.kernels.shapes import check_input_weights, check_weights
from recurra.nn.contract import Layer, weight_of

# What torch.nn computes too is made once: a call of a small layer takes no longer than a few of these objects.
PLAIN = {
    (mode, reverse): Recurrence(cell, reverse)
    for mode, cell in {"RNN_TANH": RNN(), "RNN_RELU": RNN("relu"), "LSTM": LSTM(), "GRU": GRU()}.items()
    for reverse in (False, True)
}
# How the parameters of a layer are called that hold a field of `Weights`.
PARAMETERS = {
    "recurrent": ("weight_hh",), "bias": ("bias_hh",), "projection": ("weight_hr",), "peephole": ("weight_peephole",),
    "norm": ("weight_norm_hh",), "norm_cell": ("weight_norm_cell", "bias_norm_cell"), "norm_input": ("weight_norm_ih",),
}  # fmt: skip


def plain_call(
    layer: Any, x: Tensor, state: tuple[Tensor, ...] | None, layout: Layout, at: int, dtype: torch.dtype | None
) -> Call:
    """The call of a layer that torch.nn has."""
    names = layer._all_weights[at]
    parameters: dict[str, Any] = layer._parameters
    found: list[Tensor] = [parameters[name] if name in parameters else getattr(layer, name) for name in names]
    if dtype is not None:
        found = [weight.to(dtype) for weight in found]
    input_bias, bias = found[2:4] if layer.bias else (None, None)
    weights = Weights(found[1], bias, found[-1] if layer.proj_size else None)
    recurrence = PLAIN[layer.mode, layer.bidirectional and at % 2 == 1]
    check_weights(recurrence.cell, weights, layer.hidden_size, layer.width, x)
    check_input_weights(len(found[1]), x, found[0], input_bias)
    return Call(recurrence, x, found[0], input_bias, state, weights, layout, NO_MASKS)


def call(
    layer: Layer,
    x: Tensor,
    state: tuple[Tensor, ...] | None,
    layout: Layout,
    at: int,
    dtype: torch.dtype | None,
    masks: Masks | None,
) -> Call:
    """The call of a layer of any cell, with any of its options."""
    suffix = layer._all_weights[at][0].removeprefix("weight_ih")
    cell = layer.cell

    def found(name: str) -> Tensor:
        weight = weight_of(layer, name + suffix)
        return weight if dtype is None else weight.to(dtype)

    named: dict[str, Tensor] = {}
    own: list[Tensor] = []
    for name in cell.parameters(layer.hidden_size, layer.width):
        if name not in PARAMETERS:
            own.append(found(name))
        elif has_option(layer, name):
            parts = [found(parameter) for parameter in PARAMETERS[name]]
            named[name] = parts[0] if len(parts) == 1 else torch.stack(parts)
    if layer.training and masks is not None and layer.regularisation is not None and "recurrent" in named:
        named["recurrent"] = masks.weights(named["recurrent"], layer.regularisation.weight_drop)
    weights = Weights(**named, own=tuple(own))
    input_weight, input_bias = found("weight_ih"), found("bias_ih") if layer.bias else None
    check_weights(cell, weights, layer.hidden_size, layer.width, x)
    check_input_weights(cell.blocks * layer.hidden_size, x, input_weight, input_bias)
    zoneout, drawn = _regularised(layer, layout.batch, x, masks)
    recurrence = Recurrence(cell, layer.bidirectional and at % 2 == 1, zoneout)
    return Call(recurrence, x, input_weight, input_bias, state, weights, layout, drawn)


def layer_calls(layer: Layer, *, copied: bool = True) -> list[list[Call]]:
    """A call of one step and row for every layer and direction: what a layer computes. It draws no masks.

    The weights are copied, so that the calls stand apart from the layer, unless `copied` is false.
    """
    found: list[list[Call]] = []
    layout = Layout(1, 1)
    with torch.no_grad():
        features = layer.input_size
        for at in range(layer.num_layers * layer.directions):
            x = layer.some_weight().new_zeros(1, features)
            asked = layer.call(x, None, layout, at, None, None if layer.is_plain else Masks())
            tensors = [None if each is None else each.detach() for each in asked.tensors()]
            call = call_of(asked.frame(), [t.clone() if copied and t is not None else t for t in tensors])
            if at % layer.directions == 0:
                found.append([])
            found[-1].append(call)
            if at % layer.directions == layer.directions - 1:
                features = layer.width * layer.directions
    return found


def has_option(layer: Any, name: str) -> bool:
    """Whether a layer's options ask for a field of `Weights`."""
    option = OPTION_OF.get(name)
    return option is None or bool(getattr(layer, option, False))


def _regularised(layer: Layer, batch: int, x: Tensor, masks: Masks | None) -> tuple[tuple[float, float], DropoutMasks]:
    """The rates of zoneout, and in training the masks."""
    given = layer.regularisation
    if given is None:
        return (0.0, 0.0), NO_MASKS
    zoneout = given.zoneout_rates
    if not layer.training:
        return zoneout, NO_MASKS
    assert masks is not None  # such a layer is not plain
    return zoneout, DropoutMasks(
        masks.dropout(batch, layer.width, given.recurrent_dropout, x),
        masks.zoneout(x.shape[0], layer.width, zoneout[0], x),
        masks.zoneout(x.shape[0], layer.hidden_size, zoneout[1], x) if len(layer.cell.states) > 1 else None,
    )
