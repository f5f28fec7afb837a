"""The minGRU against its equations, and its scan against its steps."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recurra.cells import MinGRU, Weights
from recurra.cells.scan import linear_scan
from recurra.errors import InputError

B, H = 2, 3


@pytest.mark.parametrize("candidate", ["g", "identity"])
def test_the_step_is_the_equation(candidate):
    torch.manual_seed(0)
    xp, h = torch.randn(B, 2 * H), torch.randn(B, H)
    z, n = xp[:, :H].sigmoid(), xp[:, H:]
    if candidate == "g":  # of the paper, log g written out again
        n = torch.where(n >= 0, n + 0.5, torch.exp(-torch.nn.functional.softplus(-n)))
    (found,) = MinGRU(candidate).step(xp, (h,), Weights())
    torch.testing.assert_close(found, (1 - z) * h + z * n)


def test_g_keeps_h_positive_and_is_continuous():
    a = torch.linspace(-30, 30, 6001, dtype=torch.float64)
    _, n = MinGRU().activate(torch.stack([a, a], -1), (a,), Weights())
    values = n[..., 0]
    assert (values > 0).all()
    assert (values.diff() > 0).all()
    assert values.diff().max() < 0.011


def by_steps(a, b, h):
    found = []
    for a_t, b_t in zip(a, b, strict=True):
        h = a_t * h + b_t
        found.append(h)
    return torch.stack(found)


@settings(deadline=None)
@given(st.integers(1, 70), st.integers(0, 3), st.integers(0, 100), st.booleans())
def test_the_scan_is_as_exact_as_the_steps_in_float32(steps, rows, seed, tiny):
    draw = torch.Generator().manual_seed(seed)
    a = torch.rand(steps, rows, 5, generator=draw)
    b, h = torch.randn(steps, rows, 5, generator=draw), torch.randn(rows, 5, generator=draw)
    if tiny:  # products that underflow, zeros, and values of very different size
        a[a < 0.5] *= 1e-30
        a[a < 1e-31] = 0
        b *= 10.0 ** torch.randint(-20, 10, b.shape, generator=draw)
    exact = by_steps(a.double(), b.double(), h.double())
    scale = exact.abs().amax(0, keepdim=True).clamp(min=1e-30) if rows else 1
    error = ((linear_scan(a, b, h).double() - exact).abs() / scale).max() if rows else 0
    theirs = ((by_steps(a, b, h).double() - exact).abs() / scale).max() if rows else 0
    assert error <= max(4 * theirs, 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 2, 5, 16, 17])
def test_the_scan_has_the_derivatives_of_the_steps(steps):
    torch.manual_seed(0)
    given_ = [torch.rand(steps, 2, 2), torch.randn(steps, 2, 2), torch.randn(2, 2)]
    given_ = [each.double().requires_grad_() for each in given_]
    torch.autograd.gradcheck(linear_scan, given_)
    torch.autograd.gradgradcheck(linear_scan, given_)
    ours, theirs = (torch.autograd.grad(f(*given_).square().sum(), given_) for f in (linear_scan, by_steps))
    torch.testing.assert_close(ours, theirs)


def test_another_candidate_is_refused():
    with pytest.raises(InputError, match="candidate is 'tanh': expected one of g, identity"):
        MinGRU("tanh")
