"""torch's own forward with lengths, which it has not, against the loop over the cell's step."""

from __future__ import annotations

import pytest
import torch
from tests.nn.pairs import NAMES, Ran, flat, pair, states

import recurra as rc
from recurra.errors import ShapeError


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("given_state", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("lengths", [[3, 6, 1], [0, 2, 0], [0, 0, 0], [6, 6, 6]])
def test_lengths(name, lengths, batch_first, given_state):
    ours, _ = pair(name, 4, 5, 2, batch_first=batch_first, bidirectional=True)
    x = torch.randn(3, 6, 4, dtype=torch.float64)
    for row, length in enumerate(lengths):
        x[row, length:] = torch.nan
    x = x if batch_first else x.transpose(0, 1)
    hx = states(ours, 3) if given_state else None
    with rc.backend("torch"), Ran() as ran:
        found = flat(ours(x, hx, lengths=lengths))
    assert ran.counts == {"torch": 1}
    with rc.backend("reference"):
        expected = flat(ours(x, hx, lengths=lengths))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    gradients = torch.autograd.grad(torch.stack([t.sum() for t in found]).sum(), list(ours.parameters()))
    assert all(torch.isfinite(gradient).all() for gradient in gradients)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("given_state", [False, True])
def test_lengths_of_nothing(name, given_state):
    ours, _ = pair(name, 4, 5, 2, bidirectional=True)
    for steps, batch in ((0, 2), (3, 0)):
        x = torch.randn(steps, batch, 4, dtype=torch.float64)
        hx = states(ours, batch) if given_state else None
        with rc.backend("torch"):
            found = flat(ours(x, hx, lengths=[0] * batch))
        with rc.backend("reference"):
            expected = flat(ours(x, hx, lengths=[0] * batch))
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize("bias", [True, False])
def test_a_parameter_of_another_shape_is_refused_before_torch_reads_past_its_end(bias: bool) -> None:
    layer = rc.nn.GRU(19, 2, 2, bias=bias, bidirectional=True)
    short = getattr(layer, "weight_hh_l1_reverse")[:-1].detach()  # noqa: B009  # torch gives it no type
    layer.weight_hh_l1_reverse = torch.nn.Parameter(short)
    with (
        rc.backend("torch"),
        pytest.raises(ShapeError, match=r"weight_hh_l1_reverse has shape \(5, 2\): expected \(6, 2\)"),
    ):
        layer(torch.randn(3, 2, 19))
