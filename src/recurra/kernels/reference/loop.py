"""A plain loop over the cell's step: slow and obviously right, the oracle for every faster kernel.

It runs on any device and dtype, and autograd differentiates it as often as one likes.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from recurra.cells.cell import zeros
from recurra.cells.weights import EPSILON
from recurra.kernels.contract import Call, Layout
from recurra.kernels.reference.observer import Observer, Step


def loop(call: Call, observer: Observer | None = None) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All steps of one layer and direction, one after the other: outputs [N, R] and the last state."""
    recurrence, x, _, _, _, weights, layout, drawn = call
    cell = recurrence.cell
    alive = alive_steps(layout, x.device)
    xp = projected(call, alive)
    state = initial(call, xp)
    at = _reader(layout)
    seen = None if observer is None else observer.begin(recurrence, weights, layout)
    others = len(state) - 1
    masks = (drawn.zoneout_h, *[drawn.zoneout_c] * others)
    rates = (recurrence.zoneout[0], *[recurrence.zoneout[1]] * others)
    outputs: list[Tensor] = [state[0]] * layout.steps
    for t in reversed(range(layout.steps)) if recurrence.reverse else range(layout.steps):
        xp_t = at(xp, t)
        live = len(xp_t)
        old = tuple(s[:live] for s in state)
        dropout = None if drawn.dropout is None else drawn.dropout[:live]
        gates = cell.activate(xp_t, old, weights, dropout)
        new = tuple(
            _zoneout(s, s_new, None if mask is None else at(mask, t), rate)
            for s, s_new, mask, rate in zip(old, cell.update(gates, old, weights), masks, rates, strict=True)
        )
        if seen is not None:
            new = seen(Step(t, xp_t, gates, old, new))
        outputs[t] = new[0]
        if alive is not None:
            outputs[t] = torch.where(alive[t], new[0], torch.zeros_like(new[0]))
            new = tuple(torch.where(alive[t], s_new, s) for s, s_new in zip(old, new, strict=True))
        state = (
            new
            if live == layout.batch
            else tuple(torch.cat([s_new, s[live:]]) for s, s_new in zip(state, new, strict=True))
        )
    return _together(outputs, layout, state[0]), state


def projected(call: Call, alive: Tensor | None) -> Tensor:
    """W x + b of all rows [N, G*H]; `alive` as of `alive_steps`."""
    _, x, input_weight, input_bias, _, weights, layout, _ = call
    if alive is not None:  # what lies after a row's end must not reach a gradient, not even as 0 * NaN
        x = torch.where(_rows(alive, layout), x, torch.zeros((), dtype=x.dtype, device=x.device))
    xp = x if input_weight is None else functional.linear(x, input_weight)
    if weights.norm_input is not None:
        xp = functional.layer_norm(xp, xp.shape[-1:], weights.norm_input, None, EPSILON)
    return xp if input_bias is None else xp + input_bias


def initial(call: Call, xp: Tensor) -> tuple[Tensor, ...]:
    """The state before the first step: the one given, or zeros."""
    return call.state if call.state is not None else zeros(call.recurrence.cell, xp, call.layout.batch, *call.sizes())


def alive_steps(layout: Layout, device: torch.device) -> Tensor | None:
    """[T, B, 1], whether a row has not ended; None where every row that is stored is alive."""
    if layout.lengths is None or layout.offsets is not None:
        return None
    return (torch.arange(layout.steps).unsqueeze(1) < layout.lengths).unsqueeze(-1).to(device)


def _zoneout(old: Tensor, new: Tensor, mask: Tensor | None, rate: float) -> Tensor:
    if mask is not None:
        return torch.where(mask.bool(), old, new)
    return rate * old + (1 - rate) * new if rate else new


def _rows(alive: Tensor, layout: Layout) -> Tensor:
    """[T, B, 1] in the order of the N rows: [N, 1]."""
    return (alive.transpose(0, 1) if layout.batch_first else alive).reshape(-1, 1)


def _reader(layout: Layout) -> Callable[[Tensor, int], Tensor]:
    """A function (tensor [N, .], t) -> the rows of step t."""
    if layout.offsets is not None and layout.lengths is not None:
        starts = layout.offsets.tolist()
        live = (layout.lengths > torch.arange(layout.steps).unsqueeze(1)).sum(1).tolist()
        return lambda tensor, t: tensor[starts[t] : starts[t] + live[t]]
    if layout.batch_first:
        return lambda tensor, t: tensor.reshape(layout.batch, layout.steps, tensor.shape[-1])[:, t]
    return lambda tensor, t: tensor.reshape(layout.steps, layout.batch, tensor.shape[-1])[t]


def _together(outputs: list[Tensor], layout: Layout, h: Tensor) -> Tensor:
    """The outputs of all steps as N rows."""
    if not outputs:
        return h[:0].clone()  # of the graph, too
    if layout.offsets is not None:
        return torch.cat(outputs)
    return torch.stack(outputs, dim=1 if layout.batch_first else 0).reshape(-1, h.shape[-1])
