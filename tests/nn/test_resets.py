"""Rows that begin anew equal a step at a time with the state set to zero: outputs, last state, all gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import recurra as rc
from recurra.errors import InputError, ShapeError
from recurra.nn.resets import run_with_resets

LAYERS = {"lstm": rc.nn.LSTM, "gru": rc.nn.GRU, "rnn": rc.nn.RNN}


def one_by_one(layer, x: Tensor, begins: Tensor, hx):
    outputs = []
    for x_t, begin in zip(x, begins, strict=True):
        kept = (~begin).to(x.dtype).view(1, -1, 1)
        if hx is not None:
            hx = tuple(state * kept for state in hx) if isinstance(hx, tuple) else hx * kept
        y, hx = layer(x_t.unsqueeze(0), hx)
        outputs.append(y[0])
    return torch.stack(outputs), hx


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(("steps", "rows", "share"), [(1, 1, 0.0), (17, 3, 0.2), (63, 5, 0.05), (9, 4, 1.0)])
@pytest.mark.parametrize("given", [False, True])
def test_it_equals_a_step_at_a_time(name: str, steps: int, rows: int, share: float, given: bool) -> None:
    torch.manual_seed(steps)
    layer = LAYERS[name](3, 5, num_layers=2).double()
    x = torch.randn(steps, rows, 3, dtype=torch.float64, requires_grad=True)
    begins = torch.rand(steps, rows) < share
    hx = None
    if given:
        states = [torch.randn(2, rows, 5, dtype=torch.float64, requires_grad=True) for _ in range(2)]
        hx = tuple(states) if name == "lstm" else states[0]
    leaves = [x, *layer.parameters(), *([] if hx is None else hx if isinstance(hx, tuple) else [hx])]
    found = []
    for run in (run_with_resets, one_by_one):
        outputs, last = run(layer, x, begins, hx)
        every = [outputs, *(last if isinstance(last, tuple) else [last])]
        loss = sum((part * torch.linspace(1, 2, part.numel(), dtype=part.dtype).view_as(part)).sum() for part in every)
        assert isinstance(loss, Tensor)
        gradients = torch.autograd.grad(loss, leaves, allow_unused=True)
        found.append([*every, *(torch.zeros(1) if g is None else g for g in gradients)])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs.to(ours.dtype).expand_as(ours), rtol=1e-9, atol=1e-9)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"begins has shape \(3, 2\): expected \(4, 2\)"):
        run_with_resets(rc.nn.GRU(3, 5), torch.zeros(4, 2, 3), torch.zeros(3, 2, dtype=torch.bool))
    with pytest.raises(InputError, match="bidirectional"):
        run_with_resets(rc.nn.GRU(3, 5, bidirectional=True), torch.zeros(4, 2, 3), torch.zeros(4, 2, dtype=torch.bool))
