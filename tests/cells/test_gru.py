"""The GRU against its equations, in both forms."""

from __future__ import annotations

import pytest
import torch

from recurra.cells import GRU, Weights

B, H = 2, 3


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("reset_after", [True, False])
def test_the_step_is_the_equation(reset_after, masked):
    xp, h, u, b = torch.randn(B, 3 * H), torch.randn(B, H), torch.randn(3 * H, H), torch.randn(3 * H)
    mask = torch.tensor([[2.0, 0, 2], [0, 2, 2]]) if masked else None
    x_r, x_z, x_n = xp.split(H, dim=1)
    u_r, u_z, u_n = u.split(H)
    b_r, b_z, b_n = b.split(H)
    entering = h if mask is None else h * mask
    r = (x_r + entering @ u_r.T + b_r).sigmoid()
    z = (x_z + entering @ u_z.T + b_z).sigmoid()
    product = r * (entering @ u_n.T + b_n) if reset_after else (r * entering) @ u_n.T + b_n
    n = (x_n + product).tanh()
    (new,) = GRU(reset_after).step(xp, (h,), Weights(u, b), mask)
    torch.testing.assert_close(new, (1 - z) * n + z * h)  # z keeps the whole h, whatever the mask


def test_the_forms_differ_but_not_without_a_product():
    xp, h = torch.randn(B, 3 * H), torch.randn(B, H)
    gates = torch.randn(2 * H, H)
    for u_n, same in ((torch.zeros(H, H), True), (torch.randn(H, H), False)):
        weights = Weights(torch.cat([gates, u_n]))
        (after,), (before,) = GRU().step(xp, (h,), weights), GRU(reset_after=False).step(xp, (h,), weights)
        assert torch.allclose(after, before) == same


def test_layer_norm_is_over_the_three_blocks_together():
    xp, h, u, norm, b = (torch.randn(*shape) for shape in ((B, 3 * H), (B, H), (3 * H, H), (3 * H,), (3 * H,)))
    normed = norm * torch.nn.functional.layer_norm(h @ u.T, (3 * H,)) + b
    (got,) = GRU().step(xp, (h,), Weights(u, b, norm=norm))
    x_r, x_z, x_n = xp.split(H, dim=1)
    u_r, u_z, u_n = normed.split(H, dim=1)
    z = (x_z + u_z).sigmoid()
    torch.testing.assert_close(got, (1 - z) * (x_n + (x_r + u_r).sigmoid() * u_n).tanh() + z * h)
