"""All layers and directions of one recurrent layer, one after the other, through the kernel that was chosen."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from recurra.kernels import chooser
from recurra.kernels.contract import Layout
from recurra.kernels.masks import Masks
from recurra.nn.contract import Layer


def run_layers(
    layer: Layer,
    x: Tensor,
    states: tuple[Tensor, ...] | None,
    layout: Layout,
    backend: str,
    dtype: torch.dtype | None = None,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """x [N, F], states [L*D, B, .] each or None for zeros -> outputs [N, D*R], last states [L*D, B, .].

    `backend`: by name; `dtype`: what autocast has us compute in, or None.
    """
    if dtype is not None and torch.is_autocast_enabled(x.device.type):
        states = None if states is None else tuple(state.to(dtype) for state in states)
        with torch.autocast(x.device.type, enabled=False):
            x, last = run_layers(layer, x.to(dtype), states, layout, backend, dtype)
        if layer.proj_size:  # a product is the last thing that made h
            dtype = torch.get_autocast_dtype(x.device.type)
            return x.to(dtype), (last[0].to(dtype), *last[1:])
        return x, last
    directed = len(layer._all_weights)
    kernel = chooser.kernel(backend, directed)
    masks, call = None if layer.is_plain else Masks(), layer.call
    if directed == 1:
        start = None if states is None else tuple([state[0] for state in states])
        x, last = kernel(call(x, start, layout, 0, dtype, masks))
        return x, tuple([state.unsqueeze(0) for state in last])
    lasts: list[tuple[Tensor, ...]] = []
    for at in range(0, directed, layer.directions):
        asked = [
            call(x, None if states is None else tuple([state[k] for state in states]), layout, k, dtype, masks)
            for k in range(at, at + layer.directions)
        ]
        found = chooser.both(backend, *asked) if len(asked) == 2 else None
        found = [kernel(each) for each in asked] if found is None else found
        lasts += [last for _output, last in found]
        x = found[0][0] if len(found) == 1 else torch.cat([output for output, _last in found], dim=-1)
        if layer.dropout and layer.training and at + layer.directions < directed:
            x = functional.dropout(x, layer.dropout)
    return x, tuple([torch.stack(parts) for parts in zip(*lasts, strict=True)])


def autocast_dtype(layer: Layer, x: Tensor, states: tuple[Tensor, ...] | None, layout: Layout) -> torch.dtype | None:
    """The dtype that torch.nn's results have under the autocast that is active for `x`; None where it changes nothing.

    torch rounds the products of a GRU, and those of an LSTM over packed input or with a projection, but not their
    states: there the states' dtype is that of the result, and we compute in it altogether. (The h of a projection is
    a product, which `run_layers` rounds at the end.) A cell that torch has not is computed in the dtype of its weights.
    """
    device = x.device.type
    if not torch.is_autocast_enabled(device) or x.dtype == torch.float64:
        return None
    mode = getattr(layer, "mode", None)
    if mode is None:
        return torch.promote_types(x.dtype, layer.some_weight().dtype)
    if mode == "GRU" or (mode == "LSTM" and (layout.offsets is not None or layer.proj_size)):
        dtype = x.dtype
        for state in states or ():
            dtype = torch.promote_types(dtype, state.dtype)
        return dtype
    return torch.get_autocast_dtype(device)
