"""The loop over each cell's step against torch's own layers, and the laws of lengths, direction and layout."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from recurra import cells
from recurra.cells import GRU, LSTM, RNN, Weights
from recurra.kernels import reference
from recurra.kernels.contract import Call, DropoutMasks, Layout, Recurrence

CELLS = {name: cells.get(name) for name in ("rnn", "gru", "lstm")}
TORCH = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
SIZES = [(1, 1, 1), (3, 17, 3), (17, 3, 63)]


def layer(cell: str, inputs: int, hidden: int) -> Any:
    torch.manual_seed(0)
    return TORCH[cell](inputs, hidden).double()


def zeros(cell: str, batch: int, hidden: int) -> tuple[torch.Tensor, ...]:
    return tuple(torch.zeros(batch, hidden, dtype=torch.float64) for _ in range(len(CELLS[cell].states)))


def by_reference(cell, module, x, state=None, lengths=None, reverse=False):
    """x [T, B, F] -> outputs [T, B, H], last state."""
    steps, batch, features = x.shape
    outputs, last = reference.run(Call(
        Recurrence(CELLS[cell](), reverse),
        x.reshape(steps * batch, features),
        module.weight_ih_l0,
        module.bias_ih_l0,
        state or zeros(cell, batch, module.hidden_size),
        Weights(module.weight_hh_l0, module.bias_hh_l0),
        Layout(steps, batch, lengths=lengths),
    ))  # fmt: skip
    return outputs.reshape(steps, batch, module.hidden_size), last


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("steps", "rows", "hidden"), SIZES)
def test_the_loop_gives_what_torch_gives_with_all_gradients(cell, steps, rows, hidden):
    module = layer(cell, 5, hidden)
    x = torch.randn(steps, rows, 5, dtype=torch.float64, requires_grad=True)
    weights = list(module.parameters())
    outputs, state = by_reference(cell, module, x)
    theirs, last = module(x)
    last = last if isinstance(last, tuple) else (last,)
    torch.testing.assert_close(outputs, theirs, rtol=0, atol=1e-12)
    for ours, other in zip(state, last, strict=True):
        torch.testing.assert_close(ours, other[0], rtol=0, atol=1e-12)
    seed = torch.randn_like(outputs)
    for ours, other in zip(
        torch.autograd.grad((outputs * seed).sum(), [x, *weights]),
        torch.autograd.grad((theirs * seed).sum(), [x, *weights]),
        strict=True,
    ):
        torch.testing.assert_close(ours, other, rtol=0, atol=1e-10)


@pytest.mark.parametrize("cell", CELLS)
def test_two_calls_are_one(cell):
    module = layer(cell, 2, 3)
    x = torch.randn(7, 4, 2, dtype=torch.float64)
    whole, last = by_reference(cell, module, x)
    first, state = by_reference(cell, module, x[:3])
    second, end = by_reference(cell, module, x[3:], state)
    torch.testing.assert_close(torch.cat([first, second]), whole, rtol=0, atol=1e-15)
    for a, b in zip(end, last, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-15)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_a_row_that_has_ended_is_as_if_the_rest_were_not_there(cell, reverse):
    module = layer(cell, 2, 3)
    x = torch.randn(6, 3, 2, dtype=torch.float64)
    lengths = torch.tensor([6, 2, 0])
    x[2:, 1] = torch.nan  # padding must not be read
    x[:, 2] = torch.nan
    outputs, state = by_reference(cell, module, x, lengths=lengths, reverse=reverse)
    alone, end = by_reference(cell, module, x[:2, 1:2], reverse=reverse)
    torch.testing.assert_close(outputs[:2, 1:2], alone, rtol=0, atol=1e-15)
    torch.testing.assert_close(state[0][1:2], end[0], rtol=0, atol=1e-15)
    assert (outputs[2:, 1] == 0).all()
    assert (outputs[:, 2] == 0).all()
    assert (state[0][2] == 0).all()


@pytest.mark.parametrize("cell", CELLS)
def test_padding_reaches_no_gradient(cell):
    module = layer(cell, 2, 3)
    x = torch.randn(4, 2, 2, dtype=torch.float64)
    x[1:, 0] = torch.nan
    x.requires_grad_()
    outputs, state = by_reference(cell, module, x, lengths=torch.tensor([1, 4]))
    gradients = torch.autograd.grad(outputs.sum() + sum(s.sum() for s in state), [x, *module.parameters()])
    assert all(torch.isfinite(gradient).all() for gradient in gradients)
    assert (gradients[0][1:, 0] == 0).all()


@pytest.mark.parametrize("cell", CELLS)
def test_reverse_is_the_reversed_sequence(cell):
    module = layer(cell, 2, 3)
    x = torch.randn(5, 2, 2, dtype=torch.float64)
    outputs, _ = by_reference(cell, module, x, reverse=True)
    flipped, _ = by_reference(cell, module, x.flip(0))
    torch.testing.assert_close(outputs, flipped.flip(0), rtol=0, atol=0)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_every_layout_holds_the_same_rows(cell, reverse):
    module = layer(cell, 2, 3)
    steps, batch = 5, 4
    x = torch.randn(steps, batch, 2, dtype=torch.float64)
    lengths = torch.tensor([5, 3, 3, 1])
    keep = torch.randint(0, 2, (steps, batch, 3), dtype=torch.uint8)
    recurrence = Recurrence(CELLS[cell](), reverse)
    weights = Weights(module.weight_hh_l0, module.bias_hh_l0)

    def run(x, layout, keep):
        return reference.run(Call(
            recurrence, x, module.weight_ih_l0, module.bias_ih_l0, zeros(cell, batch, 3), weights, layout,
            DropoutMasks(zoneout_h=keep),
        ))  # fmt: skip

    outputs, state = run(x.flatten(0, 1), Layout(steps, batch, lengths=lengths), keep.flatten(0, 1))
    rows_first = x.transpose(0, 1).flatten(0, 1), keep.transpose(0, 1).flatten(0, 1)
    other, last = run(rows_first[0], Layout(steps, batch, batch_first=True, lengths=lengths), rows_first[1])
    torch.testing.assert_close(other.view(batch, steps, 3).transpose(0, 1), outputs.view(steps, batch, 3))
    torch.testing.assert_close(last, state)
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths)
    masks = nn.utils.rnn.pack_padded_sequence(keep, lengths)
    offsets = packed.batch_sizes.cumsum(0) - packed.batch_sizes
    other, last = run(packed.data, Layout(steps, batch, lengths=lengths, offsets=offsets), masks.data)
    torch.testing.assert_close(
        other, nn.utils.rnn.pack_padded_sequence(outputs.view(steps, batch, 3), lengths).data, rtol=0, atol=1e-15
    )
    torch.testing.assert_close(last, state, rtol=0, atol=1e-15)


@pytest.mark.parametrize("cell", CELLS)
def test_zoneout_keeps_the_old_state_where_the_mask_is_one(cell):
    module = layer(cell, 2, 3)
    x = torch.randn(2, 4, 2, dtype=torch.float64)
    old = tuple(torch.randn(4, 3, dtype=torch.float64) for _ in range(len(CELLS[cell].states)))
    weights = Weights(module.weight_hh_l0, module.bias_hh_l0)
    keep = torch.randint(0, 2, (4, 3), dtype=torch.uint8)

    def run(recurrence, masks):
        return reference.run(
            Call(recurrence, x[0], module.weight_ih_l0, module.bias_ih_l0, old, weights, Layout(1, 4), masks)
        )[1]

    plain = run(Recurrence(CELLS[cell]()), DropoutMasks())
    zoned = run(Recurrence(CELLS[cell](), zoneout=(0.5, 0.5)), DropoutMasks(zoneout_h=keep, zoneout_c=1 - keep))
    expected = run(Recurrence(CELLS[cell](), zoneout=(0.25, 0.5)), DropoutMasks())
    masks = (keep.bool(), ~keep.bool())
    for before, new, ours, mean, mask, rate in zip(old, plain, zoned, expected, masks, (0.25, 0.5), strict=False):
        torch.testing.assert_close(ours, torch.where(mask, before, new), rtol=0, atol=0)
        torch.testing.assert_close(mean, rate * before + (1 - rate) * new, rtol=0, atol=0)


def test_no_steps_leave_the_state():
    module = layer("lstm", 2, 3)
    outputs, state = by_reference("lstm", module, torch.zeros(0, 4, 2, dtype=torch.float64))
    assert outputs.shape == (0, 4, 3)
    assert (state[0] == 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("cell", "options"),
    [
        (RNN("tanh"), set()),
        (RNN(torch.sigmoid), {"norm"}),
        (GRU(), {"norm"}),
        (GRU(reset_after=False), set()),
        (LSTM(), {"norm", "norm_cell", "peephole", "projection"}),
    ],
)
def test_second_derivatives_are_right(cell, options, packed):
    torch.manual_seed(0)
    steps, batch, features, hidden = 5, 2, 2, 3
    width = 2 if "projection" in options else hidden
    blocks = cell.blocks * hidden
    shapes = {
        "recurrent": (blocks, width), "bias": (blocks,), "projection": (width, hidden), "peephole": (3, hidden),
        "norm": (blocks,), "norm_cell": (2, hidden),
    }  # fmt: skip
    names = [name for name in shapes if name in {"recurrent", "bias"} | options]
    lengths = torch.tensor([5, 3])
    offsets = torch.tensor([0, 2, 4, 6, 7]) if packed else None
    layout = Layout(steps, batch, lengths=lengths if packed else None, offsets=offsets)
    tensors = [torch.randn(8 if packed else steps * batch, features), torch.randn(blocks, features)]
    tensors += [torch.randn(batch, width), torch.randn(batch, hidden)][: len(cell.states)]
    tensors += [torch.randn(shapes[name]) for name in names]
    tensors = [tensor.double().requires_grad_() for tensor in tensors]

    def function(x, weight, *rest):
        state, weights = rest[: len(cell.states)], rest[len(cell.states) :]
        given = Weights(**dict(zip(names, weights, strict=True)))
        outputs, last = reference.run(Call(Recurrence(cell), x, weight, None, state, given, layout))
        return outputs, *last

    torch.autograd.gradcheck(function, tensors, fast_mode=True)
    torch.autograd.gradgradcheck(function, tensors, fast_mode=True)
