"""All steps together, for a cell whose recurrence is linear in its state and that has a `scan`.

Whatever the layout, the steps of a row stand in the order of the recurrence while the cell scans, from its own
beginning or end on; what is behind a row's end is computed from zeros and read by nobody.
"""

from __future__ import annotations

import torch
from torch import Tensor

from recurra.cells import Cell
from recurra.kernels.contract import Call, Layout
from recurra.kernels.reference.loop import alive_steps, initial, projected


def has_scan(cell: Cell) -> bool:
    """Whether a cell computes all steps together."""
    return type(cell).scan is not Cell.scan


def can_scan(call: Call) -> bool:
    """Whether nothing but the cell's own step happens at each step, and there is one."""
    masks = call.masks
    return (
        len(call.x) > 0
        and has_scan(call.recurrence.cell)
        and not any(call.recurrence.zoneout)
        and masks.zoneout_h is None
        and masks.zoneout_c is None
    )


def scanned(call: Call) -> tuple[Tensor, tuple[Tensor, ...]]:
    """What `loop` gives, to rounding: outputs [N, R] and the last state."""
    layout, cell = call.layout, call.recurrence.cell
    xp = projected(call, alive_steps(layout, call.x.device))
    start = initial(call, xp)
    if layout.lengths is None:
        steps = xp.view(layout.batch, layout.steps, -1).transpose(0, 1) if layout.batch_first else xp
        found = cell.scan(_turned(steps.reshape(layout.steps, layout.batch, -1), call), start, call.weights)
        assert found is not None
        h = _turned(found[0], call)
        outputs = (h.transpose(0, 1) if layout.batch_first else h).reshape(len(xp), h.shape[-1])
        return outputs, tuple(each[-1] for each in found)
    places, alive = _places(layout, call.recurrence.reverse)
    places, alive = places.to(xp.device), alive.unsqueeze(-1).to(xp.device)
    gathered = xp.index_select(0, places.flatten()).view(layout.steps, layout.batch, -1)
    gathered = torch.where(alive, gathered, torch.zeros((), dtype=xp.dtype, device=xp.device))
    found = cell.scan(gathered, start, call.weights)
    assert found is not None
    h = found[0]
    outputs = h.new_zeros(len(xp), h.shape[-1]).index_copy(0, places[alive[..., 0]], h[alive[..., 0]])
    ends = (layout.lengths - 1).clamp(min=0).to(xp.device)
    rows = torch.arange(layout.batch, device=xp.device)
    there = (layout.lengths > 0).unsqueeze(-1).to(xp.device)
    return outputs, tuple(torch.where(there, each[ends, rows], s) for each, s in zip(found, start, strict=True))


def _turned(steps: Tensor, call: Call) -> Tensor:
    return steps.flip(0) if call.recurrence.reverse else steps


def _places(layout: Layout, reverse: bool) -> tuple[Tensor, Tensor]:
    """[T, B]: at which of the N rows the step stands that a row comes to then; and whether there is one (else 0)."""
    lengths = layout.lengths
    assert lengths is not None
    s, b = torch.arange(layout.steps).unsqueeze(1), torch.arange(layout.batch)
    alive = s < lengths
    t = torch.where(alive, lengths - 1 - s, 0) if reverse else torch.where(alive, s, 0)
    if layout.offsets is not None:
        places = layout.offsets[t] + b
    elif layout.batch_first:
        places = b * layout.steps + t
    else:
        places = t * layout.batch + b
    return torch.where(alive, places, 0), alive
