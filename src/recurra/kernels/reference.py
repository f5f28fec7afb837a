"""A plain loop over the cell's step: slow and obviously right, the oracle for every faster kernel."""

from __future__ import annotations

import torch
from torch import Tensor

from recurra.cells import CELLS


def run(
    cell: str,
    projected_input: Tensor,
    state: tuple[Tensor, ...],
    weights: tuple[Tensor, Tensor | None],
    lengths: Tensor | None = None,
    reverse: bool = False,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All steps of one layer and direction.

    Shapes: `projected_input` [T, B, G*H], each `state` [B, H], weights (U [G*H, H], b_U [G*H] or None),
    `lengths` [B] -> outputs [T, B, H] and the last state. A row that has ended gives zeros and keeps its state;
    with `reverse` every row starts at its own end.
    """
    steps = len(projected_input)
    outputs: list[Tensor] = [projected_input.new_empty(0)] * steps
    for t in reversed(range(steps)) if reverse else range(steps):
        new = CELLS[cell].step(projected_input[t], state, weights)
        if lengths is None:
            state, outputs[t] = new, new[0]
        else:
            alive = (t < lengths).unsqueeze(-1)
            state = tuple(torch.where(alive, a, b) for a, b in zip(new, state, strict=True))
            outputs[t] = torch.where(alive, new[0], torch.zeros_like(new[0]))
    return (torch.stack(outputs) if steps else projected_input.new_empty(0, *state[0].shape)), state
