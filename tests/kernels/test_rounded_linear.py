"""Products with weights of 8 bits: as the rounded weights give them, the same in every build and in any company."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.kernels.cases import BUILDS, using

import recurra as rc
from recurra.kernels.rounded_linear import RoundedLinear

pytestmark = pytest.mark.skipif(not BUILDS, reason="the engine is not built")


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize(
    ("rows", "outputs", "features"), [(1, 1, 1), (3, 17, 3), (5, 63, 17), (50, 130, 63), (101, 3, 64)]
)
def test_every_build_says_the_same(rows, outputs, features, biased):
    torch.manual_seed(rows)
    weight, bias = torch.randn(outputs, features), torch.randn(outputs) if biased else None
    x = np.random.default_rng(rows).normal(size=(rows, features)).astype(np.float32)
    found = []
    for build in BUILDS:
        with using(build):
            found.append(RoundedLinear(weight, bias)(x))
    for one in found[1:]:
        np.testing.assert_array_equal(one, found[0])
    with rc.backend("reference"):
        slow = RoundedLinear(weight, bias)(x)
    np.testing.assert_allclose(found[0], slow, rtol=1e-3, atol=1e-3)
    assert float(np.abs(found[0] - torch.nn.functional.linear(torch.from_numpy(x), weight, bias).numpy()).max()) < 0.3


@pytest.mark.parametrize("build", BUILDS)
def test_a_row_is_its_own(build):
    x = np.random.default_rng(0).normal(size=(53, 19)).astype(np.float32)
    x[7, 3] = np.nan
    with using(build):
        linear = RoundedLinear(torch.randn(70, 19), torch.randn(70))
        together = linear(x)
        for row in (0, 6, 8, 47, 48, 52):
            np.testing.assert_array_equal(linear(x[row : row + 1])[0], together[row])
    assert np.isnan(together[7]).all()
    assert np.isfinite(np.delete(together, 7, axis=0)).all()


def test_the_weights_are_copied():
    weight, x = torch.randn(5, 4), np.ones((2, 4), np.float32)
    linear = RoundedLinear(weight, None)
    before = linear(x)
    weight.zero_()
    np.testing.assert_array_equal(linear(x), before)
