"""The LSTM against its equations, with each variant alone."""

from __future__ import annotations

import torch
from torch import nn

from recurra.cells import LSTM, Weights

B, H = 2, 3
CELL = LSTM()


def drawn() -> tuple[torch.Tensor, ...]:
    g = torch.Generator().manual_seed(0)
    return tuple(torch.randn(*shape, generator=g) for shape in ((B, 4 * H), (B, H), (B, H), (4 * H, H), (4 * H,)))


def test_the_step_is_the_equation():
    xp, h, c, u, b = drawn()
    i, f, g, o = (xp + h @ u.T + b).split(H, dim=1)
    new_c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    new_h, got_c = CELL.step(xp, (h, c), Weights(u, b))
    torch.testing.assert_close(got_c, new_c)
    torch.testing.assert_close(new_h, o.sigmoid() * new_c.tanh())


def test_peepholes_see_the_old_cell_and_the_output_gate_the_new_one():
    xp, h, c, u, b = drawn()
    p = torch.randn(3, H)
    i, f, g, o = (xp + h @ u.T + b).split(H, dim=1)
    new_c = (f + p[1] * c).sigmoid() * c + (i + p[0] * c).sigmoid() * g.tanh()
    new_h, got_c = CELL.step(xp, (h, c), Weights(u, b, peephole=p))
    torch.testing.assert_close(got_c, new_c)
    torch.testing.assert_close(new_h, (o + p[2] * new_c).sigmoid() * new_c.tanh())


def test_layer_norm_is_over_the_product_without_its_bias_and_over_the_cell():
    xp, h, c, u, b = drawn()
    norm, norm_cell = torch.randn(4 * H), torch.randn(2, H)
    i, f, g, o = (xp + norm * nn.functional.layer_norm(h @ u.T, (4 * H,)) + b).split(H, dim=1)
    new_c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    new_h, got_c = CELL.step(xp, (h, c), Weights(u, b, norm=norm, norm_cell=norm_cell))
    torch.testing.assert_close(got_c, new_c)
    normed = norm_cell[0] * nn.functional.layer_norm(new_c, (H,)) + norm_cell[1]
    torch.testing.assert_close(new_h, o.sigmoid() * normed.tanh())


def test_a_projection_is_the_last_thing():
    xp, h, c, u, b = drawn()
    projection = torch.randn(2, H)
    plain, _ = CELL.step(xp, (h, c), Weights(u, b))
    got, _ = CELL.step(xp, (h, c), Weights(u, b, projection=projection))
    torch.testing.assert_close(got, plain @ projection.T)
