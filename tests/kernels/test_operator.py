"""The operator for graphs: torch's own checks of it, the results of the kernel, and lengths that do not fit."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from recurra.cells import GRU, LSTM, RNN, Cell, Weights
from recurra.errors import ShapeError
from recurra.kernels import chooser, operator
from recurra.kernels.contract import Call, DropoutMasks, Layout, Recurrence

T, B, F, H = 3, 2, 4, 5
CELLS = [RNN(), RNN("relu"), LSTM(), GRU(), GRU(reset_after=False)]


def question(cell: Cell, state: bool = True, lengths: list[int] | None = None, steps: int = T) -> Any:
    g = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=g).requires_grad_()

    gates = cell.blocks * H
    return (
        Recurrence(cell, zoneout=(0.1, 0.2)), normal(steps * B, F), normal(gates, F), normal(gates),
        tuple(normal(B, H) for _ in cell.states) if state else None, Weights(normal(gates, H), normal(gates)),
        Layout(steps, B, lengths=None if lengths is None else torch.tensor(lengths)), DropoutMasks(),
    )  # fmt: skip


@pytest.mark.parametrize("lengths", [None, [3, 0]])
@pytest.mark.parametrize("state", [True, False])
@pytest.mark.parametrize("cell", CELLS)
def test_it_gives_what_the_kernel_gives(cell, state, lengths):
    asked = question(cell, state, lengths)
    leaves = [asked[1], asked[2], asked[3], *(asked[4] or ()), *asked[5][:2]]
    outputs, last = operator.run(Call(*asked))
    theirs, end = chooser.run(Call(*asked))
    torch.testing.assert_close((outputs, *last), (theirs, *end), rtol=0, atol=0)
    ours = torch.autograd.grad(torch.stack([(s * s).sum() for s in (outputs, *last)]).sum(), leaves)
    other = torch.autograd.grad(torch.stack([(s * s).sum() for s in (theirs, *end)]).sum(), leaves)
    torch.testing.assert_close(ours, other, rtol=0, atol=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("cell", [RNN(), LSTM()])
def test_torch_finds_the_rules_consistent(cell, monkeypatch):
    asked = []
    call = torch.ops.recurra.recurrence

    class Recorded:
        def recurrence(self, *arguments):
            asked.append(arguments)
            return call(*arguments)

    monkeypatch.setattr(torch.ops, "recurra", Recorded())
    operator.run(Call(*question(cell)))
    monkeypatch.undo()
    checks = ("test_schema", "test_autograd_registration", "test_faketensor", "test_aot_dispatch_dynamic")
    torch.library.opcheck(torch.ops.recurra.recurrence, asked[0], test_utils=checks)


def test_only_what_is_asked_gets_a_gradient():
    asked = list(question(GRU()))
    asked[1] = asked[1].detach()
    asked[4] = (asked[4][0].detach(),)
    outputs, _ = operator.run(Call(*asked))
    outputs.sum().backward()
    assert asked[1].grad is None
    assert asked[4][0].grad is None
    assert asked[5].recurrent.grad is not None


@pytest.mark.parametrize("lengths", [[4, 1], [-1, 1]])
def test_lengths_out_of_range_are_refused(lengths):
    with pytest.raises(ShapeError, match="at most the number of steps of input, 3"):
        operator.run(Call(*question(GRU(), lengths=lengths)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])  # the engine's, and the reference's
def test_without_steps_a_gradient_comes_back(dtype):
    recurrence, x, weight, bias, state, inner, layout, masks = question(LSTM(), lengths=[0, 0], steps=0)
    weights = [part.detach().to(dtype).requires_grad_() for part in (weight, bias)]
    assert state is not None
    assert inner.bias is not None
    state = tuple(part.to(dtype) for part in state)
    inner = Weights(inner.recurrent.to(dtype), inner.bias.to(dtype))
    outputs, last = operator.run(Call(recurrence, x.to(dtype), weights[0], weights[1], state, inner, layout, masks))
    (outputs.sum() + last[0].sum()).backward()
    assert not weights[0].grad.any()


def test_without_steps_the_state_comes_back():
    asked = question(LSTM(), lengths=[0, 0], steps=0)
    outputs, last = operator.run(Call(*asked))
    assert outputs.shape == (0, H)
    torch.testing.assert_close(last, asked[4], rtol=0, atol=0)
