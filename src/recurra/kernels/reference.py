"""A plain loop over the cell's step: slow and obviously right, the oracle for every faster kernel.

It runs on any device and dtype, and autograd differentiates it as often as one likes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from recurra.cells import Weights
from recurra.cells.weights import EPSILON
from recurra.kernels.contract import SILENCE, Layout, Noise, Recurrence


class Step(NamedTuple):
    """One step as an observer sees it: of the rows that are stored, b of the B."""

    t: int
    projected: Tensor  # [b, G*H]
    gates: tuple[Tensor, ...]  # as the cell's `gates`
    old: tuple[Tensor, ...]  # the state before
    new: tuple[Tensor, ...]  # the state after it, zoneout included


class Observer(Protocol):
    """Sees every step of every run."""

    def begin(self, recurrence: Recurrence, weights: Weights, layout: Layout) -> Callable[[Step], tuple[Tensor, ...]]:
        """A run begins: the result is called at each of its steps, and the state that it returns takes the new one's
        place in the outputs and in the recurrence."""
        ...


_observer: ContextVar[Observer | None] = ContextVar("recurra_observer", default=None)


@contextlib.contextmanager
def observing(observer: Observer) -> Iterator[None]:
    """Show every step of this kernel to `observer`, in this thread and inside the `with`."""
    token = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(token)


def run(
    recurrence: Recurrence,
    x: Tensor,
    input_weight: Tensor | None,
    input_bias: Tensor | None,
    state: tuple[Tensor, ...] | None,
    weights: Weights,
    layout: Layout,
    noise: Noise = SILENCE,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All steps of one layer and direction; shapes and meaning as in `kernels.contract`."""
    alive = _alive(layout, x.device)
    if alive is not None:  # what lies after a row's end must not reach a gradient, not even as 0 * NaN
        x = torch.where(_rows(alive, layout), x, torch.zeros((), dtype=x.dtype, device=x.device))
    xp = x if input_weight is None else functional.linear(x, input_weight)
    if weights.norm_input is not None:
        xp = functional.layer_norm(xp, xp.shape[-1:], weights.norm_input, None, EPSILON)
    xp = xp if input_bias is None else xp + input_bias
    if state is None:
        state = _zeros(recurrence, xp, weights, layout)
    at = _reader(layout)
    observer = None if torch.compiler.is_compiling() else _observer.get()
    seen = None if observer is None else observer.begin(recurrence, weights, layout)
    masks = (noise.zoneout_h, noise.zoneout_c)
    outputs: list[Tensor] = [state[0]] * layout.steps
    for t in reversed(range(layout.steps)) if recurrence.reverse else range(layout.steps):
        xp_t = at(xp, t)
        live = len(xp_t)
        old = tuple(s[:live] for s in state)
        dropout = None if noise.dropout is None else noise.dropout[:live]
        gates = recurrence.cell.gates(xp_t, old, weights, dropout)
        new = tuple(
            _zoneout(s, s_new, None if mask is None else at(mask, t), rate)
            for s, s_new, mask, rate in zip(
                old, recurrence.cell.update(gates, old, weights), masks, recurrence.zoneout, strict=False
            )
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


def _zeros(recurrence: Recurrence, x: Tensor, weights: Weights, layout: Layout) -> tuple[Tensor, ...]:
    gates, width = weights.recurrent.shape
    widths = (width, gates // recurrence.cell.GATES)
    return tuple(x.new_zeros(layout.batch, each) for each in widths[: recurrence.cell.STATES])


def _zoneout(old: Tensor, new: Tensor, mask: Tensor | None, rate: float) -> Tensor:
    if mask is not None:
        return torch.where(mask.bool(), old, new)
    return rate * old + (1 - rate) * new if rate else new


def _alive(layout: Layout, device: torch.device) -> Tensor | None:
    """[T, B, 1], whether a row has not ended; None where every row that is stored is alive."""
    if layout.lengths is None or layout.offsets is not None:
        return None
    return (torch.arange(layout.steps).unsqueeze(1) < layout.lengths).unsqueeze(-1).to(device)


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
